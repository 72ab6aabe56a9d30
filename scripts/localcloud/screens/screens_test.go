package screens_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lumo/scripts/localcloud/child"
	"lumo/scripts/localcloud/screens"
)

// project is a repository whose preview is the given program.
func project(t *testing.T, program string) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"node_modules/vite", "src/app/node_modules/@hubspot/ui-extensions", "preview"} {
		if err := os.MkdirAll(filepath.Join(root, "hubspot-app", folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "hubspot-app/preview/server.mjs"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestItServesUntilItIsClosed(t *testing.T) {
	t.Parallel()
	port, err := child.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	root := project(t, `
import http from 'node:http';
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
http.createServer((q, a) => a.end(process.argv.slice(2).join(' ') + ' ' + process.env.HUBSPOT_CLIENT_SECRET)).listen(port, '127.0.0.1', () => console.log('preview listens'));
`)
	s, err := screens.Start(screens.Config{
		Root: root, Address: "127.0.0.1:" + strconv.Itoa(port), Front: "http://f", PublicURL: "https://p", HubSpot: "http://h", Line: "http://l", AppID: "7", Secret: "canary", Out: io.Discard,
	})
	if errors.Is(err, screens.ErrNotInstalled) {
		t.Skip("there is no Node")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	want := "--front http://f --public https://p --sandbox http://h --line http://l --app-id 7 canary"
	if !strings.HasSuffix(string(body), want) {
		t.Errorf("it was started with %s, want %s", body, want)
	}
	s.Close()
	if res, err := http.Get(s.URL); err == nil {
		res.Body.Close()
		t.Error("it still answers")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	front := httptest.NewServer(http.NotFoundHandler())
	defer front.Close()
	if _, err := screens.Start(screens.Config{Root: t.TempDir(), Address: "127.0.0.1:0", Front: front.URL, Out: io.Discard}); !errors.Is(err, screens.ErrNotInstalled) {
		t.Errorf("without packages: %v", err)
	}
	for _, address := range []string{"0.0.0.0:3004", "nonsense"} {
		_, err := screens.Start(screens.Config{Root: project(t, ""), Address: address, Out: io.Discard})
		if err == nil {
			t.Errorf("%s was accepted", address)
		}
	}
	if _, err := screens.Start(screens.Config{Root: project(t, "console.error('preview: no'); process.exit(1)"), Address: "127.0.0.1:0", Out: io.Discard}); err == nil {
		t.Error("a preview that ends at once was accepted")
	}
}
