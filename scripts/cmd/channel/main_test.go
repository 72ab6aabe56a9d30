package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/hubspotsandbox/contract"
)

// However often it is run, the app has one channel, and it is what the last run said.
func TestTheChannelIsMadeOnce(t *testing.T) {
	t.Parallel()
	hub := hubspotsandbox.New(hubspotsandbox.Config{AppID: 77, DeveloperKey: "developer-key"})
	server := httptest.NewServer(contract.Wrap(t, hub))
	defer server.Close()
	o := options{app: 77, public: "https://old.example", api: server.URL, key: "developer-key"}
	first, err := run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.public = "https://lumo.example/"
	second, err := run(t.Context(), o)
	if err != nil || second != first || len(hub.Channels()) != 1 {
		t.Fatalf("%s, then %s of %v: %v", first, second, hub.Channels(), err)
	}
	hub.AddPortal(1, hubspotsandbox.PortalOptions{})
	to, err := hub.BeginConnection(1, hub.Channels()[0], 4001, 1)
	if err != nil || !strings.HasPrefix(to, "https://lumo.example/setup/inbox?") {
		t.Errorf("%s, %v", to, err)
	}
	for name, wrong := range map[string]options{
		"no key":    {app: 77, public: "https://lumo.example", api: server.URL},
		"wrong key": {app: 77, public: "https://lumo.example", api: server.URL, key: "x"},
		"a path":    {app: 77, public: "https://lumo.example/app", api: server.URL, key: "developer-key"},
		"no app":    {public: "https://lumo.example", api: server.URL, key: "developer-key"},
	} {
		if _, err := run(t.Context(), wrong); err == nil || strings.Contains(err.Error(), "developer-key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
