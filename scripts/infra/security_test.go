package infra_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// files are what is committed, or would be.
func files(t *testing.T) []string {
	t.Helper()
	if out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output(); err == nil {
		return strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	}
	var all []string // not a clone: an archive
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || path != root && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			rel, err := filepath.Rel(root, path)
			all = append(all, rel)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var (
	named    = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	declared = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
)

// A defence without a test is a hope.
func TestEveryThreatIsTestedByTestsThatExist(t *testing.T) {
	t.Parallel()
	exist := map[string]bool{}
	for _, f := range files(t) {
		if strings.HasSuffix(f, "_test.go") {
			if b, err := os.ReadFile(filepath.Join(root, f)); err == nil {
				for _, m := range declared.FindAllSubmatch(b, -1) {
					exist[string(m[1])] = true
				}
			}
		}
	}
	threats := 0
	for i, line := range strings.Split(read(t, "docs/security.md"), "\n") {
		if !regexp.MustCompile(`^\| [0-9]+ \|`).MatchString(line) {
			continue
		}
		threats++
		tests := named.FindAllStringSubmatch(line, -1)
		if len(tests) == 0 {
			t.Errorf("docs/security.md, line %d: no test is named", i+1)
		}
		for _, m := range tests {
			if !exist[m[1]] {
				t.Errorf("docs/security.md, line %d: there is no test %s", i+1, m[1])
			}
		}
	}
	if threats < 10 {
		t.Errorf("%d threats read", threats)
	}
}

// secrets look like this. A test that needs one makes it, or writes it in two parts.
var secrets = map[string]*regexp.Regexp{
	"an AWS access key":         regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`),
	"a private key":             regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	"a HubSpot token":           regexp.MustCompile(`\bpat-(na|eu|ap)[0-9]-[0-9a-f]{8}-[0-9a-f-]{20,}`),
	"a HubSpot access token":    regexp.MustCompile(`\bC[A-Za-z0-9_-]{150,}\b`),
	"a GitHub token":            regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})`),
	"an npm token":              regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b|_authToken=\S{20,}`),
	"an address with passwords": regexp.MustCompile(`https?://[^/\s:@"']{3,}:[^/\s:@"'$}]{6,}@[a-z]`),
}

func TestNoSecretIsCommitted(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		b, err := os.ReadFile(filepath.Join(root, f))
		if err != nil || bytes.IndexByte(b[:min(len(b), 1000)], 0) >= 0 { // deleted, or a picture
			continue
		}
		for what, re := range secrets {
			if at := re.FindIndex(b); at != nil {
				t.Errorf("%s, line %d: looks like %s", f, 1+bytes.Count(b[:at[0]], []byte("\n")), what)
			}
		}
	}
}

// Ensure that the search finds what it is for.
func TestSecretsAreRecognised(t *testing.T) {
	t.Parallel()
	for what, text := range map[string]string{
		"an AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP", "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----", "a HubSpot token": "pat-" + "na1-01234567-89ab-cdef-0123-456789abcdef",
		"a HubSpot access token": "C" + strings.Repeat("Ab1_", 40), "a GitHub token": "ghp_" + strings.Repeat("a", 36), "an npm token": "npm_" + strings.Repeat("a", 36),
		"an address with passwords": "https://someone:" + "password@example.com",
	} {
		if !secrets[what].MatchString("x = \"" + text + "\"") {
			t.Errorf("%s is not recognised", what)
		}
	}
}
