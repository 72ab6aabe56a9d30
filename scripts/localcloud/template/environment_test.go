package template_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"lumo/scripts/localcloud/template"
	"lumo/shared/config"
	"lumo/shared/queue"
)

// read by the Go runtime itself.
var byRuntime = []string{"GOMEMLIMIT"}

// Every variable that the code reads is declared for every function, and nothing is declared that no code reads.
func TestEnvironmentsFitTheCode(t *testing.T) {
	t.Parallel()
	// What has no default is given at deployment.
	given := map[string]string{"HubspotClientId": "id", "HubspotAppId": "7", "HubspotClientSecret": "s", "HubspotClientSecretPrevious": "p", "LinkSigningKey": "k"}
	s, err := template.Read("../../../template.yaml", template.Local{Stack: "lumo", SQS: local.SQS, Parameters: given})
	if err != nil {
		t.Fatal(err)
	}
	dead := map[string]bool{}
	for _, q := range queue.All() {
		dead[q.DeadEnv()] = true
	}
	for _, f := range s.Functions {
		read := map[string]bool{}
		getenv := func(name string) string {
			read[name] = true
			return f.Environment[name]
		}
		if _, err := config.Load(t.Context(), getenv, nil); err != nil {
			t.Errorf("template.yaml, %s: %v", f.ID, err)
		}
		consumer := strings.HasPrefix(f.ID, "DeadLetters")
		for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
			if !read[name] && !slices.Contains(byRuntime, name) {
				t.Errorf("template.yaml, %s: %s is declared, and nothing reads it", f.ID, name)
			}
			if dead[name] && !consumer {
				t.Errorf("template.yaml, %s: %s is for the consumer of dead letters only", f.ID, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(read)) {
			if _, ok := f.Environment[name]; !ok && dead[name] == consumer {
				t.Errorf("template.yaml, %s: %s is read, and not declared", f.ID, name)
			}
		}
	}
}
