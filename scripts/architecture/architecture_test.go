package architecture_test

import (
	"os"
	"strings"
	"testing"

	"lumo/scripts/architecture"
)

const root = "../.."

func TestThePictureIsThatOfTheTemplate(t *testing.T) {
	t.Parallel()
	want, err := architecture.Page(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(root + "/docs/architecture.md")
	if err != nil || string(got) != want {
		t.Errorf("docs/architecture.md is not what template.yaml says: make diagram (%v)", err)
	}
	for _, line := range []string{"  HubspotEvents --> fContactSync\n", "  fHubspotWebhooks -.-> HubspotEvents\n", "  api --> fOauth\n", "--> fListSync\n", "| [DeadLetters](../functions/dead-letters) | dead letters of each queue |"} {
		if !strings.Contains(want, line) {
			t.Errorf("the page lacks %q", line)
		}
	}
}
