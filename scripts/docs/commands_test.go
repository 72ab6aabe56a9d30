package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// tried tells for the beginnings of commands what executes them: tests by their names, or one of the words below with a reason.
var tried = []struct{ command, by string }{
	{"make test", ci}, {"make check", ci}, {"make smoke", ci},
	{"make run", "TestTheReadersPath"},
	{"make help", "TestWhatTakesSecondsIsTyped"}, {"make sim", "TestWhatTakesSecondsIsTyped"}, {"go run ./scripts/cmd/sim -seeds", "TestWhatTakesSecondsIsTyped"},
	{"go run ./scripts/cmd/channel", "TestTheChannelIsMadeOnce"}, {"make sbom", "TestWhatTakesSecondsIsTyped"}, {"go run ./scripts/cmd/deploy check", "TestWhatTakesSecondsIsTyped"},
	{"go run ./scripts/cmd/deploy secret", "TestTheClientSecretIsRotated"},
	{"go run ./scripts/cmd/sim -plant", "TestPlantedBugsAreFound"},
	{"make crash", "TestKilledAtSomePoints"}, {"make bench", "TestEveryMeasurementComputes"}, {"make soak", "TestOnePartThatFailsFailsTheWhole"},
	{"go test -run TestI2Conversations ./scripts/contract", "TestI2ConversationsKilledAtRandom"}, {"go test ./shared/hubspotlist -run xxx -bench Snapshot", "BenchmarkSnapshot"},
	{"make listing", "TestTheSharedDataTableIsThatOfTheApp"},
	{"make diagram", "TestThePictureIsThatOfTheTemplate"},
	{"make build", "TestTheBuildIsTheOneThatIsTried"},
	{"make deploy", "TestAStageIsBroughtUp"}, {"make rollback", "TestAReleaseIsTakenBack"}, {"make destroy", "TestAStageIsTakenDown"},
	{"go run ./scripts/cmd/operate -environment stage.json doctor", "TestTheDoctorFindsAWellStage"},
	{"go run ./scripts/cmd/operate -environment stage.json redrive", "TestAnOperatorTriesAgain"},
	{"go run ./scripts/cmd/operate -environment stage.json resync", "TestAnOperatorTriesAgain"},
	{"go run ./scripts/cmd/operate -environment stage.json logname", "TestTheLogKeepsNoPortalsNumber"},
	{"go run ./scripts/cmd/operate -environment stage.json export", "TestAPortalIsExportedAndPurged"},
	{"go run ./scripts/cmd/operate -environment stage.json purge", "TestAPortalIsExportedAndPurged"},
	{"go run ./scripts/cmd/operate -environment stage.json rotate-key", "TestRotationUnderLoadLosesNothing"},
	{"npm ci", ci}, {"npm test", ci}, {"npm run typecheck", ci}, {"npm run validate", ci},
	{"npm run types", byHand + ": writes the generated types; tools/types.test.mjs compares them"},
	{"make preview", byHand + ": the server of preview/lib/server.test.ts, until it is stopped"},
	{"make screenshots", byHand + ": writes the pictures of the docs"}, {"make screentest", byHand + ": is a test, of 15 minutes"},
	{"make cost", byHand + ": 6 minutes; docs/cost.md is what it wrote"}, {"make audit", byHand + ": asks databases in the network"},
	{"aws ", account}, {"hs ", account}, {"npx @hubspot/cli ", account},
}

const (
	ci      = ".ci/run"
	byHand  = "by hand"
	account = "with an account" // docs/verify-live.md
)

var (
	span    = regexp.MustCompile("`([^`\n]+)`")
	program = regexp.MustCompile(`^(make|go|npm|npx|node|aws|hs|sam|curl) [a-z@./-]`)
	comment = regexp.MustCompile(`\s{2,}#.*$`)
	block   = regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```")
	tests   = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)[A-Za-z0-9_]+)\(`)
)

// commands of a page: lines of its blocks and what stands in its text between backticks.
func commands(page string) []string {
	var out []string
	add := func(line string) {
		for _, c := range strings.Split(comment.ReplaceAllString(line, ""), " && ") {
			if c = strings.TrimSpace(c); program.MatchString(c) {
				out = append(out, c)
			}
		}
	}
	for _, b := range block.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(b[1]) {
			add(strings.TrimRight(line, "\n"))
		}
	}
	for _, m := range span.FindAllStringSubmatch(block.ReplaceAllString(page, ""), -1) {
		add(m[1])
	}
	return out
}

// Whoever follows a page types only what was executed before, or what the table above owns up to.
func TestEveryCommandOfTheDocsIsTried(t *testing.T) {
	t.Parallel()
	pages, exist := map[string]string{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && (d.Name() == "node_modules" || d.Name() == "build" || path != root && strings.HasPrefix(d.Name(), ".")) {
				return filepath.SkipDir
			}
			return err
		}
		switch {
		case strings.HasSuffix(path, ".md") && d.Name() != "CHANGELOG.md":
			b, err := os.ReadFile(path)
			pages[path] = string(b)
			return err
		case strings.HasSuffix(path, "_test.go"):
			b, err := os.ReadFile(path)
			for _, m := range tests.FindAllSubmatch(b, -1) {
				exist[string(m[1])] = true
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	used, count := map[string]bool{}, 0
	for path, page := range pages {
		for _, c := range commands(page) {
			count++
			best := ""
			for _, x := range tried {
				if strings.HasPrefix(c+" ", strings.TrimSuffix(x.command, " ")+" ") && len(x.command) > len(best) {
					best = x.command
				}
			}
			used[best] = true
			if best == "" {
				t.Errorf("%s: nothing executes %q", path, c)
			}
			if strings.HasPrefix(c, "make ") {
				if out, err := exec.Command("make", append([]string{"-n", "-C", root}, strings.Fields(c)[1:]...)...).CombinedOutput(); err != nil {
					t.Errorf("%s: %s: %s", path, c, out)
				}
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d commands read", count)
	}
	for _, x := range tried {
		if !used[x.command] {
			t.Errorf("no page tells to type %q", x.command)
		}
		if x.by != ci && x.by != account && !strings.HasPrefix(x.by, byHand+": ") && !exist[x.by] {
			t.Errorf("%q: there is no test %s", x.command, x.by)
		}
	}
}

// make build and the local cloud build the same, but for the processor.
func TestTheBuildIsTheOneThatIsTried(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(root + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	runner, err := os.ReadFile(root + "/scripts/localcloud/runner/functions.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"lambda.norpc", "-trimpath", "-s -w", "CGO_ENABLED=0"} {
		if !strings.Contains(string(makefile), flag) || !strings.Contains(string(runner), flag) {
			t.Errorf("only one of them builds with %s", flag)
		}
	}
	out, err := exec.Command("make", "-s", "-n", "-C", root, "build").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "GOARCH=arm64") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCommandsAreFound(t *testing.T) {
	t.Parallel()
	page := "Type `make run`, not `made`, or `make a && make b`.\n\n```\ngo run ./x -y   # a word\nmake z\nfields @timestamp\n```\n   ```\n   aws s3 ls\n   ```\n"
	if got, want := commands(page), []string{"go run ./x -y", "make z", "aws s3 ls", "make run", "make a", "make b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
