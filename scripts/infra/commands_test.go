package infra_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var (
	makeTarget = regexp.MustCompile(`(?m)^([a-z]+):`)
	asked      = regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)\\b")
	operated   = regexp.MustCompile(`(?m)^go run \./scripts/cmd/operate (?:-environment \S+ )?(.+)$`)
)

// A command that a page tells to type must exist, and a test must have typed it.
func TestCommandsOfTheDocsAreTried(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	tried := read(t, "scripts/e2e/operate_test.go") + read(t, "scripts/e2e/logname_test.go") + read(t, "scripts/e2e/rotation_test.go")
	commands := 0
	for _, f := range files(t) {
		if !strings.HasSuffix(f, ".md") {
			continue
		}
		text := read(t, f)
		for _, m := range asked.FindAllStringSubmatch(text, -1) {
			if !targets[m[1]] {
				t.Errorf("%s: there is no make %s", f, m[1])
			}
		}
		for _, m := range operated.FindAllStringSubmatch(text, -1) {
			commands++
			words := strings.Fields(m[1])
			call := regexp.MustCompile(`[(] ?"` + words[0] + `"|, "` + words[0] + `"`)
			for _, w := range words[1:] {
				if strings.HasPrefix(w, "-") && !strings.Contains(tried, `"`+w+`"`) {
					t.Errorf("%s: no test of scripts/e2e tries %s of operate", f, w)
				}
			}
			if !call.MatchString(tried) {
				t.Errorf("%s: no test of scripts/e2e tries operate %s", f, words[0])
			}
		}
	}
	if commands < 5 {
		t.Errorf("%d commands of operate read", commands)
	}
}

// make check is all that can be known without an account: the steps that name what is broken in template, permissions, scopes and metafiles
// (TestABrokenTemplateIsNamed, TestWhatDoesNotFitIsNamed, hubspot-app/tools/validate.test.mjs) must be among its own.
func TestCheckRunsEveryValidation(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("make", "-s", "-n", "-C", root, "check").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, step := range []string{
		"gofmt -l", "go vet", "staticcheck", "./scripts/localcloud/template", "./scripts/infra", "./scripts/iam", "./scripts/architecture", "./scripts/deploy", "./scripts/marketplace",
		"./scripts/sbom", "typecheck", "lint", "format:check", "validate", "build",
	} {
		if !strings.Contains(string(out), step) {
			t.Errorf("make check leaves out %s", step)
		}
	}
}
