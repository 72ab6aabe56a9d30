package hubspot

import (
	"testing"

	"lumo/shared/fault"
)

// HubSpot takes an event once: known ones are no failure, and do not keep others of their batch from being added.
func TestAddAppEvents(t *testing.T) {
	t.Parallel()
	e := func(name string) AppEvent {
		return AppEvent{Type: "lumo_line_message_sent", ID: name, Contact: "501", At: 1_796_000_000_123, Properties: map[string]string{"account": "Shop"}}
	}
	known := answer{status: 409, body: `{"category":"CONFLICT","message":"exists"}`}
	f := newFake(t, answer{status: 200, body: `{}`})
	if err := f.portal().AddAppEvents(t.Context(), []AppEvent{e("a"), e("b")}); err != nil || len(f.seen()) != 1 {
		t.Fatalf("%v, %d calls", err, len(f.seen()))
	}
	in, _ := f.seen()[0].json(t)["inputs"].([]any)
	first, _ := in[0].(map[string]any)
	if len(in) != 2 || first["id"] != "a" || first["objectId"] != "501" || first["eventTypeName"] != "lumo_line_message_sent" || first["timestamp"] != "2026-11-30T00:53:20.123Z" {
		t.Errorf("%v", first)
	}
	f = newFake(t, known, known, answer{status: 201, body: `{}`})
	if err := f.portal().AddAppEvents(t.Context(), []AppEvent{e("a"), e("b")}); err != nil || len(f.seen()) != 3 {
		t.Errorf("%v, %d calls", err, len(f.seen()))
	}
	f = newFake(t, answer{status: 403, body: `{"category":"MISSING_SCOPES"}`})
	if err := f.portal().AddAppEvents(t.Context(), []AppEvent{e("a"), e("b")}); !fault.Is(err, fault.Permission) {
		t.Errorf("%v", err)
	}
}
