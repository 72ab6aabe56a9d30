package sandboxes_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"lumo/scripts/localcloud/child"
	"lumo/scripts/localcloud/sandboxes"
	"lumo/scripts/localcloud/template"
)

func config(t *testing.T, environment map[string]string) sandboxes.Config {
	t.Helper()
	address := func() string {
		port, err := child.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		return "127.0.0.1:" + strconv.Itoa(port)
	}
	return sandboxes.Config{
		Root: "../../..", State: t.TempDir(), Hubspot: address(), Line: address(), Getenv: func(name string) string { return environment[name] },
		Status: func(string, string) {}, Out: func(string) io.Writer { return io.Discard },
	}
}

// The sandboxes start with the flags given to them, answer, and the template knows every parameter.
func TestBothStart(t *testing.T) {
	t.Parallel()
	c := config(t, nil)
	s, err := sandboxes.Start(t.Context(), c, "http://127.0.0.1:3000")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := template.Read("../../../template.yaml", template.Local{Stack: "x", Parameters: s.Parameters}); err != nil {
		t.Error(err)
	}
	for _, url := range []string{s.Parameters["HubspotApiUrl"] + "/ui", s.Parameters["LineApiUrl"] + "/_sandbox/"} {
		res, err := http.Get(url)
		if err != nil {
			t.Error(err)
			continue
		}
		if res.Body.Close(); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", url, res.Status)
		}
	}
	if s.Parameters["HubspotClientSecret"] == "" {
		t.Error("the app has no secret")
	}
}

func TestTheEnvironmentReplacesThem(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"HUBSPOT_API_URL": "http://h", "HUBSPOT_APP_URL": "http://a", "HUBSPOT_CLIENT_ID": "id", "APP_EVENTS": "on",
		"LINE_API_URL": "http://l", "LINE_DATA_API_URL": "http://d", "LINE_ACCESS_URL": "http://c",
	}
	s, err := sandboxes.Start(t.Context(), config(t, all), "")
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s.Parameters["HubspotApiUrl"] != "http://h" || s.Parameters["HubspotClientId"] != "id" || s.Parameters["LineDataApiUrl"] != "http://d" || s.Parameters["AppEvents"] != "on" {
		t.Errorf("%v", s.Parameters)
	}
	delete(all, "LINE_ACCESS_URL")
	if _, err := sandboxes.Start(t.Context(), config(t, all), ""); err == nil || !strings.Contains(err.Error(), "LINE_ACCESS_URL must be set") {
		t.Errorf("half an environment: %v", err)
	}
}
