package sbom_test

import (
	"slices"
	"strings"
	"testing"

	"lumo/scripts/sbom"
)

func TestTheBillOfMaterialsNamesWhatIsShipped(t *testing.T) {
	t.Parallel()
	b, err := sbom.Make(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	has := func(prefix string) bool {
		return slices.ContainsFunc(b.Components, func(c sbom.Component) bool { return strings.HasPrefix(c.PURL, prefix) })
	}
	for _, want := range []string{"pkg:golang/github.com/aws/aws-lambda-go@v1.", "pkg:golang/github.com/line/line-bot-sdk-go/v8@v8.22.0", "pkg:npm/react@"} {
		if !has(want) {
			t.Errorf("%s is shipped and not listed", want)
		}
	}
	for _, not := range []string{"pkg:golang/honnef.co/go/tools", "pkg:golang/lumo", "pkg:npm/eslint@", "pkg:golang/pgregory.net/rapid"} {
		if has(not) {
			t.Errorf("%s is listed and not shipped", not)
		}
	}
	for _, c := range b.Components {
		if c.Version == "" || c.Name == "" {
			t.Errorf("incomplete: %+v", c)
		}
	}
}
