package e2e_test

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/runner"
)

func TestFirst(t *testing.T) {
	var hs *hubspotsandbox.Server
	subs, err := os.ReadFile("../../hubspot-app/src/app/webhooks/webhooks-hsmeta.json")
	if err != nil {
		t.Fatal(err)
	}
	_ = subs
	front := "http://127.0.0.1:38080"
	hsrv := httptest.NewUnstartedServer(nil)
	hs = hubspotsandbox.New(hubspotsandbox.Config{PublicURL: "http://" + hsrv.Listener.Addr().String(), ClientID: "client", ClientSecret: "secret-secret-secret", AppID: 7654321, RedirectURLs: []string{front + "/oauth/callback"}, InstallURL: front + "/oauth/callback", WebhookTarget: front + "/hubspot/webhooks"})
	hsrv.Config.Handler = hs
	hsrv.Start()
	defer hsrv.Close()
	lsrv := httptest.NewUnstartedServer(nil)
	ls := linesandbox.New(linesandbox.Config{PublicURL: "http://" + lsrv.Listener.Addr().String()})
	lsrv.Config.Handler = ls
	lsrv.Start()
	defer lsrv.Close()
	c, err := runner.Start(t.Context(), runner.Config{
		Root: "../..", State: t.TempDir(), Front: "127.0.0.1:38080", Control: "127.0.0.1:0", Out: os.Stderr, TableInMemory: true,
		Parameters: map[string]string{"HubspotApiUrl": hsrv.URL, "HubspotAppUrl": hsrv.URL, "LineApiUrl": lsrv.URL, "LineDataApiUrl": lsrv.URL, "LineAccessUrl": lsrv.URL,
			"HubspotClientId": "client", "HubspotAppId": "7654321", "HubspotClientSecret": "secret-secret-secret"},
		Getenv: func(name string) string {
			if strings.HasPrefix(name, "AWS_") {
				return ""
			}
			return os.Getenv(name)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := &demo.World{Front: front, HubSpot: hsrv.URL, Line: lsrv.URL, Portal: 1001, AppID: 7654321, Secret: "secret-secret-secret", Say: t.Logf}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	a, err := w.Seed(ctx, demo.Size{Contacts: 200, Companies: 20, Lists: 5, Friends: 40, Linked: 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", a)
	b := demo.NewBrowser()
	if err := w.Install(ctx, b); err != nil {
		t.Log(b.Page())
		t.Fatal(err)
	}
	if err := w.Connect(ctx, b, a); err != nil {
		t.Log(b.Page())
		t.Fatal(err)
	}
	t.Log(b.Page())
	time.Sleep(15 * time.Second)
	t.Logf("%+v", hs.Stats(1001))
}
