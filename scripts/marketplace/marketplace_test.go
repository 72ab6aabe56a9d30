package marketplace_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"lumo/scripts/marketplace"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "docs/marketplace", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// HubSpot compares the table with the scopes; a reader compares it with what Lumo writes.
func TestTheSharedDataTableIsThatOfTheApp(t *testing.T) {
	t.Parallel()
	want, err := marketplace.SharedData(root)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, "shared-data.md"); got != want {
		t.Error("docs/marketplace/shared-data.md is not what the app shares: make listing")
	}
}

func TestAScopeNeedsAReason(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "hubspot-app/src/app/app-hsmeta.json")
	b, err := os.ReadFile(filepath.Join(root, "hubspot-app/src/app/app-hsmeta.json"))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	for from, c := range map[string]struct{ to, says string }{
		`"crm.lists.read"`:                   {`"crm.lists.read", "tickets"`, "the scope tickets, which"},
		`        "crm.objects.owners.read",`: {"", "crm.objects.owners.read, which app-hsmeta.json does not ask for"},
	} {
		broken := strings.Replace(string(b), from, c.to, 1)
		if err := os.WriteFile(file, []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := marketplace.SharedData(dir); broken == string(b) || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", from, err)
		}
	}
}

var (
	section = regexp.MustCompile(`(?m)^## (.+) \(at most (\d+)\)\n\n((?s:.*?))\n(?:\n##|\z)`)
	picture = regexp.MustCompile(`\]\((\.\./[^)#]+)\)`)
)

// The form refuses what is too long.
func TestTheListingFitsItsForm(t *testing.T) {
	t.Parallel()
	var counts []int
	for _, name := range []string{"listing.en.md", "listing.ja.md"} {
		text := read(t, name)
		n := 0
		for rest := text; ; n++ {
			at := section.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			heading, body := rest[at[2]:at[3]], rest[at[6]:at[7]]
			most := 0
			for _, r := range rest[at[4]:at[5]] {
				most = most*10 + int(r-'0')
			}
			if l := utf8.RuneCountInString(strings.TrimSpace(body)); l == 0 || l > most {
				t.Errorf("%s, %s: %d characters, at most %d", name, heading, l, most)
			}
			rest = rest[at[7]:]
		}
		counts = append(counts, n)
		if strings.Contains(strings.ToLower(strings.SplitN(text, "\n", 2)[0]), "hub") {
			t.Errorf("%s: HubSpot refuses names with Hub", name)
		}
	}
	if counts[0] < 4 || counts[0] != counts[1] {
		t.Errorf("sections with a limit: %v in English and Japanese", counts)
	}
}

func TestPicturesOfTheListingExist(t *testing.T) {
	t.Parallel()
	all, err := filepath.Glob(filepath.Join(root, "docs/marketplace/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range all {
		for _, m := range picture.FindAllStringSubmatch(read(t, filepath.Base(f)), -1) {
			found++
			if _, err := os.Stat(filepath.Join(root, "docs/marketplace", m[1])); err != nil {
				t.Errorf("%s: %v", filepath.Base(f), err)
			}
		}
	}
	if found < 8 {
		t.Errorf("%d pictures and links", found)
	}
}
