package alert_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/shared/alert"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/mail"
)

type memory struct{ standing []alert.Alert }

func (m *memory) Load(context.Context, id.PortalID) ([]alert.Alert, error) { return m.standing, nil }
func (m *memory) Save(_ context.Context, _ id.PortalID, as []alert.Alert) error {
	m.standing = as
	return nil
}

func TestJudge(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		in   alert.Health
		want []alert.Code
	}{
		{"all well", alert.Health{ItemsRead: 100}, nil},
		{"one failed run is no alert", alert.Health{FailedInARow: 1}, nil},
		{"two are", alert.Health{FailedInARow: 2}, []alert.Code{alert.RunsFail}},
		{"one in a hundred is not yet more than one percent", alert.Health{ItemsRead: 100, ItemsFailed: 1}, nil},
		{"two in a hundred are", alert.Health{ItemsRead: 100, ItemsFailed: 2}, []alert.Code{alert.ItemsFail}},
		{"an hour of syncing", alert.Health{BusyMillis: 3_600_001}, []alert.Code{alert.NotNormal}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := alert.Judge(c.in); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestOneMailPerAlertInThePortalsLanguage(t *testing.T) {
	t.Parallel()
	var out mail.Recorder
	store := &memory{}
	s := &alert.Service{Store: store, Mail: &out, Clock: clock.NewVirtual(time.UnixMilli(5)), Dashboard: func(id.PortalID) string { return "https://lumo.example/dashboard" },
		Who: func(context.Context, id.PortalID) (alert.Recipient, error) {
			return alert.Recipient{Emails: []string{"a@example.com", "b@example.com"}, Language: "ja", Name: "sakura.example"}, nil
		}}
	bad := alert.Health{FailedInARow: 2}
	for range 3 {
		if err := s.Update(t.Context(), 7, bad); err != nil {
			t.Fatal(err)
		}
	}
	sent := out.Sent()
	if len(sent) != 2 || !strings.Contains(sent[0].Text, "sakura.example") || !strings.Contains(sent[0].Subject, "失敗") {
		t.Fatalf("sent %+v", sent)
	}
	if err := s.Update(t.Context(), 7, alert.Health{}); err != nil || len(store.standing) != 0 {
		t.Fatalf("the alert stands on: %+v, %v", store.standing, err)
	}
	if err := s.Update(t.Context(), 7, bad); err != nil || len(out.Sent()) != 4 {
		t.Errorf("a new alert was not mailed: %d, %v", len(out.Sent()), err)
	}
}
