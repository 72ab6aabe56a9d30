package infra_test

import (
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
