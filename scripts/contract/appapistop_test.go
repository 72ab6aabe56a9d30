package contract

import (
	"testing"
	"time"
)

// TestAPIDisconnectTakesBroadcastsBack: who disconnects is told of scheduled broadcasts first, and none of them is sent later (P-158).
func TestAPIDisconnectTakesBroadcastsBack(t *testing.T) {
	t.Parallel()
	w := newAPIWorld(t)
	ann := w.install(customer)
	w.connect(ann, "Taro", "Hana")
	cast := into[castJSON](t, ann.ok("POST", "/broadcasts", body{
		"slot": 1, "name": "Later", "audience": body{"kind": "all"}, "bubbles": []body{{"kind": "text", "text": "Hi"}},
	}))
	ann.ok("POST", "/broadcasts/1/"+cast.ID+"/confirm", body{"sendAt": w.clock.Now().Add(time.Hour).UnixMilli()})
	w.work()
	farewell := into[struct{ Broadcasts []castJSON }](t, ann.ok("GET", "/disconnect", nil))
	if len(farewell.Broadcasts) != 1 || farewell.Broadcasts[0].Name != "Later" || farewell.Broadcasts[0].Status != "scheduled" {
		t.Errorf("broadcasts that disconnecting takes back: %+v", farewell)
	}
	ann.ok("POST", "/disconnect", body{"confirm": true})
	if b := into[castJSON](t, ann.ok("GET", "/broadcasts/1/"+cast.ID, nil)); b.Status != "draft" {
		t.Errorf("the broadcast is %s", b.Status)
	}
	if next, err := w.app.Casts().Look(t.Context(), customer); err != nil || !next.IsZero() {
		t.Errorf("something is left to be sent at %s, %v", next, err)
	}
}
