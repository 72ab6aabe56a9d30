package shared_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// adapters are the packages at the edge: they import the domain, the domain never imports them. compose joins everything.
var adapters = []string{"hubspot", "line", "dynamo", "crm", "compose", "queue/sqs", "seal/kms", "blob/s3", "blob/presign", "mail/ses", "config/secretsmanager", "internal/dynamotest"}

func TestDependenciesPointInwards(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if slices.Contains(adapters, pkg) {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			to := strings.Trim(i.Path.Value, `"`)
			inner, ours := strings.CutPrefix(to, "lumo/shared/")
			if ours && slices.Contains(adapters, inner) {
				t.Errorf("%s imports the adapter %s", path, inner)
			}
			if strings.HasPrefix(to, "github.com/aws/") || strings.HasPrefix(to, "github.com/line/") || strings.HasPrefix(to, "github.com/clarkmcc/") {
				t.Errorf("%s imports %s: only adapters may", path, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
