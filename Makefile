# Every target works on a clean clone: what it needs, it installs under the repository.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

MODULES := shared functions scripts
PACKAGES := $(MODULES:%=./%/...)
GO_MIN := 1.26

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: setup
setup: go-version scripts/node_modules/.installed ## what the other targets need (they call it themselves)

.PHONY: go-version
go-version:
	@command -v go >/dev/null || { echo "Go is missing: install Go $(GO_MIN) or newer from https://go.dev/dl/" >&2; exit 1; }
	@have=$$(go env GOVERSION); have=$${have#go}; have=$${have%% *}; \
	[ "$$(printf '%s\n' $(GO_MIN) "$$have" | sort -V | head -n 1)" = $(GO_MIN) ] || { echo "Go $$have is too old: install Go $(GO_MIN) or newer from https://go.dev/dl/" >&2; exit 1; }

# npm is only the courier of the DynamoDB stand-in; whoever brings an own binary needs neither Node nor npm.
scripts/node_modules/.installed: scripts/package.json scripts/package-lock.json
	@if [ -n "$${DYNAMODB_LOCAL_BIN:-}" ]; then exit 0; fi; \
	command -v npm >/dev/null || { echo "npm is missing: install Node 20 or newer, or set DYNAMODB_LOCAL_BIN to a dynoxide binary" >&2; exit 1; }; \
	cd scripts && npm ci --no-audit --no-fund && mkdir -p node_modules && touch node_modules/.installed

# The packages of the HubSpot app. Without them, or without Node, everything but its screens works.
hubspot-app/node_modules/.installed: hubspot-app/package.json hubspot-app/package-lock.json hubspot-app/src/app/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node 20.19 or newer" >&2; exit 1; }; \
	cd hubspot-app && npm ci --no-audit --no-fund --loglevel=error && npm ci --prefix src/app --no-audit --no-fund --loglevel=error && touch node_modules/.installed

SCREENS := $(if $(findstring -no-screens,$(ARGS)),,screens)

.PHONY: screens
screens:
	@$(MAKE) --no-print-directory hubspot-app/node_modules/.installed || echo "The HubSpot screens are left out." >&2

.PHONY: run
run: setup $(SCREENS) ## the whole system on this machine; ARGS="-chaos" and others: see ARGS="-help"
	go run ./scripts/cmd/local $(ARGS)

.PHONY: preview
preview: hubspot-app/node_modules/.installed ## the HubSpot screens beside a `make run` that is running with ARGS="-no-screens"; PREVIEW="--help"
	@cd hubspot-app && node preview/server.mjs $(PREVIEW)

.PHONY: screenshots
screenshots: setup hubspot-app/node_modules/.installed ## pictures of the HubSpot screens in both languages, into docs/images
	@cd hubspot-app && node tools/screenshots.mjs

.PHONY: reset
reset: go-version ## forget what `make run` kept (.local)
	go run ./scripts/cmd/local -reset

.PHONY: test
test: setup hubspot-app/node_modules/.installed ## all tests: the three Go modules and the HubSpot app
	go test -count=1 -timeout 15m $(PACKAGES)
	cd hubspot-app && npm test --silent

.PHONY: screentest
screentest: setup hubspot-app/node_modules/.installed ## the HubSpot screens in Chromium on the whole system
	cd hubspot-app && npm run --silent test:live

.PHONY: smoke
smoke: setup ## the first run without a person; the last line is JSON, exit 0 only if both sides agree field by field
	@go run ./scripts/cmd/smoke $(ARGS)

SEEDS ?= 50
SEED_BASE ?= 1
SIZE ?= 100000
ONLY ?=

.PHONY: sim
sim: go-version ## seeded simulation in virtual time: SEEDS=50 SEED_BASE=1; a JSON line per seed, a last one with the sum
	@go run ./scripts/cmd/sim -seeds $(SEEDS) -base $(SEED_BASE)

.PHONY: soak
soak: setup ## the acceptance at its full sizes, some 45 minutes; one JSON line per part; ARGS="-only inbox"
	@go run ./scripts/cmd/soak $(ARGS)

.PHONY: crash
crash: setup ## kill -9 at every point of an initial sync, messages and broadcasts, each twice: ARGS="-only REGEX"; JSON lines, exit 0 only if nothing is lost or doubled
	@go run ./scripts/cmd/crash $(ARGS)

.PHONY: bench
bench: setup ## the figures against their bars, about 40 minutes alone on two cores; SIZE=100000 ONLY=import: see docs/bench.md
	@go run ./scripts/cmd/bench -size $(SIZE) -only "$(ONLY)"

.PHONY: check
check: setup hubspot-app/node_modules/.installed ## formatting, vet, staticcheck, the template; types, lint, metafiles and bundles of the HubSpot app
	@bad=$$(gofmt -l $(MODULES)); [ -z "$$bad" ] || { printf 'not gofmt-clean:\n%s\n' "$$bad" >&2; exit 1; }
	go vet $(PACKAGES)
	go tool staticcheck $(PACKAGES)
	go test -count=1 ./scripts/localcloud/template ./scripts/infra ./scripts/iam ./scripts/architecture ./scripts/deploy ./scripts/marketplace ./scripts/sbom
	cd hubspot-app && for step in validate typecheck lint format:check build; do npm run --silent $$step; done

.PHONY: listing
listing: go-version ## the shared-data table of the marketplace listing, out of the app's scopes and properties
	@go run ./scripts/cmd/marketplace

.PHONY: diagram
diagram: go-version ## docs/architecture.md, out of template.yaml
	@go run ./scripts/cmd/architecture

.PHONY: cost
cost: setup ## what scenarios ask of AWS, counted in the local cloud and priced, into docs/cost.md; about 8 minutes
	@go run ./scripts/cmd/cost

GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: audit
audit: go-version hubspot-app/node_modules/.installed ## known vulnerabilities of what is used; asks the vulnerability databases, so it is no part of CI
	go run $(GOVULNCHECK) $(PACKAGES)
	cd hubspot-app && npm audit && npm audit --prefix src/app

.PHONY: sbom
sbom: go-version ## what is shipped, as a CycloneDX bill of materials
	@go run ./scripts/cmd/sbom

STAGE ?=

.PHONY: deploy
deploy: build ## STAGE=prod: bring the stage infra/prod.json into AWS; see docs/deploy.md
	@go run ./scripts/cmd/deploy up "$(STAGE)"

.PHONY: rollback
rollback: go-version ## STAGE=prod: every function back to the version before
	@go run ./scripts/cmd/deploy back "$(STAGE)"

.PHONY: destroy
destroy: go-version ## STAGE=prod: delete the stack; table, bucket and key stay
	@go run ./scripts/cmd/deploy down "$(STAGE)"

.PHONY: build
build: go-version ## the function binaries as they are deployed, in build/
	@for main in functions/*/main.go; do \
		name=$$(basename "$$(dirname "$$main")"); echo "build/$$name/bootstrap"; \
		CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -tags lambda.norpc -trimpath -ldflags '-s -w' -o "build/$$name/bootstrap" "./functions/$$name"; \
	done
