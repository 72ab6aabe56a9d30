package hubspotsandbox

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func (b *bench) fault(f Fault) {
	b.t.Helper()
	if _, err := b.s.AddFault(f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) broken(method, path, body string) error {
	b.t.Helper()
	res, err := b.s.Transport().RoundTrip(mustRequest(method, path, b.token, body))
	if err == nil {
		b.t.Fatalf("%s %s answered %d", method, path, res.StatusCode)
	}
	return err
}

func TestStatusFaults(t *testing.T) {
	b := newBench(t)
	b.fault(Fault{Path: "/batch/read$", Kind: FaultStatus, Status: 503, Count: 1, Skip: 1})
	read := m{"inputs": []m{{"id": "1"}}, "properties": []string{}, "propertiesWithHistory": []string{}}
	b.want(207, b.call("POST", contactsPath+"/batch/read", read))
	b.want(503, b.call("POST", contactsPath+"/batch/read", read))
	b.want(207, b.call("POST", contactsPath+"/batch/read", read))
	b.fault(Fault{Method: "POST", Path: "/search$", Kind: FaultStatus, Status: 429, RetryAfter: "3", Portal: portalA, Until: start.Add(time.Minute).UnixMilli()})
	if a := b.want(429, b.call("POST", searchPath, m{})); a.at("policyName") != "SECONDLY" || a.header.Get("Retry-After") != "3" {
		t.Error(a.text)
	}
	b.clock.Advance(2 * time.Minute)
	b.want(200, b.call("POST", searchPath, m{}))
	if f := b.s.Faults(); f[0].Hits != 1 || f[1].Hits != 1 {
		t.Errorf("%+v", f)
	}
	if _, err := b.s.AddFault(Fault{Kind: "explode"}); err == nil {
		t.Error("an unknown kind is accepted")
	}
}

func TestCutConnections(t *testing.T) {
	b := newBench(t)
	const body = `{"properties":{"email":"%"}}`
	create := func(name string) error {
		return b.broken("POST", contactsPath, strings.Replace(body, "%", name+"@example.com", 1))
	}
	for kind, happens := range map[string]bool{FaultCutBefore: false, FaultCutAfter: true, FaultHang: false, FaultHangAfter: true} {
		b.s.RemoveFault(0)
		b.fault(Fault{Kind: kind, Count: 1})
		before := b.s.Stats(portalA).Total
		n := len(b.s.Writes(portalA, 0))
		err := create(strings.ReplaceAll(kind, "_", ""))
		var late net.Error
		if errors.As(err, &late) && late.Timeout() != strings.HasPrefix(kind, "hang") {
			t.Errorf("%s: %v", kind, err)
		}
		if got := len(b.s.Writes(portalA, 0)) > n; got != happens {
			t.Errorf("%s: written = %v", kind, got)
		}
		if b.s.Stats(portalA).Total != before+1 {
			t.Errorf("%s: not counted", kind)
		}
	}
}

func TestCutConnectionsOverTheNetwork(t *testing.T) {
	b := newBench(t)
	server := httptest.NewServer(b.s)
	defer server.Close()
	b.fault(Fault{Kind: FaultCutAfter, Count: 1})
	req, err := http.NewRequest("POST", server.URL+contactsPath, bytes.NewBufferString(`{"properties":{"email":"a@example.com"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.GetBody = nil
	if res, err := server.Client().Do(req); err == nil {
		t.Fatal(res.Status)
	}
	if len(b.s.Writes(portalA, 0)) != 1 {
		t.Error("it should have happened")
	}
}

func TestSlowAndLatency(t *testing.T) {
	b := newBench(t)
	b.s.SetLatency(Latency{Millis: 200})
	b.fault(Fault{Kind: FaultSlow, Millis: 3000, Count: 1})
	b.want(200, b.call("GET", contactsPath, nil))
	if got := b.clock.Now().Sub(start); got != 3200*time.Millisecond {
		t.Error(got)
	}
}

func TestClockSkew(t *testing.T) {
	b := newBench(t)
	b.s.SetSkew(-90 * time.Second)
	id := b.contact("email", "a@example.com")
	if a := b.want(200, b.call("GET", contactsPath+"/"+id, nil)); a.at("createdAt") != "2026-11-01T08:58:30Z" {
		t.Error(a.text)
	}
}
