package handle

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/queue"
	"lumo/shared/tracking"
)

var now = time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC)

type targets struct{ err error }

func (t targets) Targets(context.Context, id.PortalID, id.Slot, string) (tracking.Targets, error) {
	return tracking.Targets{Links: []string{"https://shop.example/"}}, t.err
}

func get(t *testing.T, d Deps, method, path string) (entry.Response, error) {
	t.Helper()
	return New(d).HTTP(t.Context(), entry.Request{Method: method, Path: path, Header: http.Header{"User-Agent": {"Line/15.12.1"}}})
}

func TestTapsGoOnWhateverHappensToTheCount(t *testing.T) {
	t.Parallel()
	sent := &queue.Recorder{}
	signer := tracking.Signer{Key: []byte("key")}
	d := Deps{Desk: tracking.Desk{Signer: signer, Targets: targets{}, Clock: clock.NewVirtual(now)}, Queue: sent, Log: logging.Discard()}
	who := uint32(9)
	path := strings.TrimPrefix(tracking.Links{Signer: signer, Origin: "https://t.example"}.Link(7, 1, "b", 0, &who, now), "https://t.example")
	res, err := get(t, d, "GET", path)
	if err != nil || res.Status != http.StatusFound || res.Header["Location"] != "https://shop.example/" || res.Header["Cache-Control"] != "no-store" {
		t.Fatalf("%+v %v", res, err)
	}
	ms := sent.Take(queue.Taps)
	var e tracking.Event
	if len(ms) != 1 || json.Unmarshal(ms[0].Body, &e) != nil || e.Kind != tracking.Click || e.Ordinal != 9 || e.Portal != 7 {
		t.Errorf("queued %s", ms)
	}
	sent.Fail = func(queue.Queue, []queue.Message) error { return errors.New("down") }
	if res, err := get(t, d, "GET", path); err != nil || res.Status != http.StatusFound {
		t.Errorf("without the queue %d %v", res.Status, err)
	}
	if res, _ := get(t, d, "POST", path); res.Status != http.StatusMethodNotAllowed {
		t.Errorf("a POST answered %d", res.Status)
	}
	if res, _ := get(t, d, "GET", path+"x"); res.Status != http.StatusNotFound || res.Header["Location"] != "" {
		t.Errorf("a changed link answered %d", res.Status)
	}
	d.Desk.Targets = targets{errors.New("the table is down")}
	if _, err := get(t, d, "GET", path); err == nil {
		t.Error("a table that is down answered")
	}
}

// FuzzAddresses: whatever somebody asks for under the paths of tracked links and pictures, it leads to the stored target or nowhere.
func FuzzAddresses(f *testing.F) {
	signer := tracking.Signer{Key: []byte("key")}
	d := Deps{Desk: tracking.Desk{Signer: signer, Targets: targets{}, Clock: clock.NewVirtual(now)}, Queue: &queue.Recorder{}, Log: logging.Discard()}
	who := uint32(9)
	good := strings.TrimPrefix(tracking.Links{Signer: signer, Origin: "https://t.example"}.Link(7, 1, "b", 0, &who, now), "https://t.example")
	picture := strings.TrimPrefix(tracking.Links{Signer: signer, Origin: "https://t.example"}.Picture(7, 1, "b", 0, who, now), "https://t.example")
	foreign := tracking.Signer{Key: []byte("another")}.Sign(tracking.Token{Portal: 7, Slot: 1, Broadcast: "b", Expires: 1 << 30})
	old := signer.Sign(tracking.Token{Portal: 7, Slot: 1, Broadcast: "b", Expires: 1})
	for _, s := range []string{good[3:], good[3:] + "/", "/" + good[3:], picture[3:] + "/1040", picture[3:] + "/../x", foreign, old, "https://evil.example", "//evil.example", "%2f%2fevil.example", "..", "", good[3:] + "?to=https://evil.example", "\r\nLocation: https://evil.example"} {
		f.Add("/l/"+s, "GET")
		f.Add("/p/"+s, "HEAD")
	}
	f.Fuzz(func(t *testing.T, path, method string) {
		if !strings.HasPrefix(path, "/l/") && !strings.HasPrefix(path, "/p/") {
			return
		}
		res, err := New(d).HTTP(t.Context(), entry.Request{Method: method, Path: path, Header: http.Header{"User-Agent": {"Line/15.12.1"}}})
		to := res.Header["Location"]
		switch {
		case err != nil, to == "" && (res.Status < 400 || res.Status > 499):
			t.Fatalf("%q answered %d %v", path, res.Status, err)
		case to != "" && (to != "https://shop.example/" || strings.TrimSuffix(path, "/") != good):
			t.Fatalf("%q leads to %s", path, to)
		}
	})
}
