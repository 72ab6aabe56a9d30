package hubspotsandbox

import (
	"testing"
	"time"
)

func TestPaceIsARollingWindow(t *testing.T) {
	b := newBench(t)
	for i := range 110 {
		b.clock.Advance(50 * time.Millisecond)
		a := b.want(200, b.call("GET", contactsPath+"?limit=1", nil))
		if i == 0 && (a.header.Get("X-HubSpot-RateLimit-Max") != "110" || a.header.Get("X-HubSpot-RateLimit-Remaining") != "109" || a.header.Get("X-HubSpot-RateLimit-Interval-Milliseconds") != "10000") {
			t.Error(a.header)
		}
	}
	a := b.want(429, b.call("GET", contactsPath+"?limit=1", nil))
	if a.at("policyName") != "TEN_SECONDLY_ROLLING" || a.at("errorType") != "RATE_LIMIT" {
		t.Error(a.text)
	}
	b.clock.Advance(4600 * time.Millisecond) // 10.05 s after the first
	b.want(200, b.call("GET", contactsPath+"?limit=1", nil))
	b.want(200, b.call("GET", contactsPath+"?limit=1", nil))
	b.want(429, b.call("GET", contactsPath+"?limit=1", nil))
	other, err := b.s.Install(portalB)
	if err != nil {
		t.Fatal(err)
	}
	b.want(200, b.callAs(other.Access, "GET", contactsPath, nil))
	st := b.s.Stats(portalA)
	if st.Peak10s != 112 || st.Limited != 2 || st.Endpoints["GET /crm/objects/{v}/{type}"] != 114 {
		t.Errorf("%+v", st)
	}
}

func TestSearchHasItsOwnPace(t *testing.T) {
	b := newBench(t)
	for range 5 {
		if a := b.want(200, b.call("POST", searchPath, m{})); a.header.Get("X-HubSpot-RateLimit-Max") != "" {
			t.Error("search has no rate headers")
		}
	}
	a := b.want(429, b.call("POST", searchPath, m{}))
	if a.at("message") != "You have reached your secondly limit." || a.at("policyName") != "SECONDLY" {
		t.Error(a.text)
	}
	b.clock.Advance(time.Second)
	b.want(200, b.call("POST", searchPath, m{}))
	if st := b.s.Stats(portalA); st.PeakSearch1s != 6 || st.Peak10s != 0 {
		t.Errorf("%+v", st)
	}
	if err := b.s.SetLimits(portalA, Limits{General: 110, Search: 5, SearchByOther: 4}); err != nil {
		t.Fatal(err)
	}
	b.want(429, b.call("POST", searchPath, m{}))
}
