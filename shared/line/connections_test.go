package line

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lumo/shared/id"
)

// Pushes of a broadcast go out many at once, wave after wave: they share their connections.
func TestManyPushesShareConnections(t *testing.T) {
	t.Parallel()
	const atOnce, waves = 32, 4
	var opened atomic.Int64
	var arrived sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasSuffix(r.URL.Path, "/token") {
			_, _ = io.WriteString(w, `{"token_type":"Bearer","access_token":"t","expires_in":900}`)
			return
		}
		arrived.Done()
		arrived.Wait() // all of a wave are under way together
		_, _ = io.WriteString(w, `{"sentMessages":[]}`)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := New(Config{APIURL: server.URL}).Channel(Channel{ID: "1", Secret: "s"})
	if err := c.CheckCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	for wave := range waves {
		arrived.Add(atOnce)
		var done sync.WaitGroup
		for i := range atOnce {
			done.Go(func() {
				u := id.LineUserID(fmt.Sprintf("U%032x", i))
				key := fmt.Sprintf("00000000-0000-4000-8000-%012x", wave*atOnce+i)
				if _, err := c.BulkPush(context.Background(), key, u, Outgoing{Messages: []json.RawMessage{Text("x")}}); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
	}
	if n := opened.Load(); n > 2*atOnce {
		t.Errorf("%d connections for %d pushes, %d at once", n, atOnce*waves, atOnce)
	}
}
