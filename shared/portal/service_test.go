package portal_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/check"
	"lumo/shared/fault"
	"lumo/shared/portal"
)

func TestInstallMakesATenantWithDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got, err := w.Install(t.Context(), "c0", "https://app.example/oauth/callback")
	if err != nil {
		t.Fatal(err)
	}
	p := got.Portal
	if got.Restored || p.State != portal.Connected || p.Name != "acme.example" || p.TimeZone != "Asia/Tokyo" || p.InstalledBy.UserID != 3 {
		t.Fatalf("portal %+v", p)
	}
	if s := p.Settings; s.ContactPolicy != portal.WhenLinked || !s.MethodC || s.TagsTwoWay || s.SyncIntervalMinutes != 15 {
		t.Fatalf("settings %+v", s)
	}
	if tok := w.store.tokens[7]; !strings.HasPrefix(tok.Access, "sealed:") || !strings.HasPrefix(tok.Refresh, "sealed:") {
		t.Fatal("tokens are stored unsealed")
	}
	if !check.OK(p.Checks()) || w.watch.started != 1 {
		t.Fatalf("checks %+v, started %d", p.Checks(), w.watch.started)
	}
}

func TestInstallingAgainRestores(t *testing.T) {
	t.Parallel()
	w := installed(t)
	zone := "Asia/Jakarta"
	if _, err := w.ChangeSettings(t.Context(), 7, portal.Actor{UserID: 3}, portal.Patch{TimeZone: &zone}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	w.hub.alive = false
	if err := w.Uninstalled(t.Context(), 7, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if p := w.store.portals[7]; p.State != portal.Removed || p.Reason != portal.ReasonUninstalled || len(w.store.tokens) != 0 || w.watch.stopped != 1 {
		t.Fatalf("after uninstall: %+v", p)
	}
	w.clock.Advance(time.Hour)
	got, err := w.Install(t.Context(), "c1", "")
	if err != nil {
		t.Fatal(err)
	}
	p := got.Portal
	if !got.Restored || p.Settings.TimeZone != zone || !p.FirstInstalledAt.Equal(start) || !p.RemovedAt.IsZero() || p.State != portal.Connected {
		t.Fatalf("restored: %+v", p)
	}
	if w.watch.started != 2 {
		t.Fatalf("started %d times", w.watch.started)
	}
}

func TestDetailsThatCannotBeReadNowAreReadLater(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.hub.details = problem(fault.Unavailable)
	got, err := w.Install(t.Context(), "c0", "")
	if err != nil || got.Portal.State != portal.Pending || len(w.store.tokens) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.hub.details = nil
	p, err := w.Complete(t.Context(), 7)
	if err != nil || p.State != portal.Connected || p.UIDomain != "app.hubspot.com" {
		t.Fatalf("%+v, %v", p, err)
	}
}

func TestDisconnectSaysGoodbyeInOrder(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.hub.calls = nil
	if err := w.Disconnect(t.Context(), 7, portal.Actor{UserID: 3}); err != nil {
		t.Fatal(err)
	}
	want := []string{"uninstall", "revoke refresh-c0", "unsubscribe"}
	if !slices.Equal(w.hub.calls, want) {
		t.Fatalf("calls %q, want %q", w.hub.calls, want)
	}
	if p := w.store.portals[7]; p.State != portal.Removed || p.Reason != portal.ReasonDisconnected || len(w.store.tokens) != 0 {
		t.Fatalf("portal %+v", p)
	}
	if err := w.Disconnect(t.Context(), 7, portal.Actor{UserID: 3}); err != nil || !slices.Equal(w.hub.calls, want) {
		t.Fatalf("again: %v, %q", err, w.hub.calls)
	}
}

func TestDisconnectStopsAtOnceAndFinishesLater(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.hub.uninstall = problem(fault.Unavailable)
	if err := w.Disconnect(t.Context(), 7, portal.Actor{}); !errors.Is(err, portal.ErrUnfinished) {
		t.Fatalf("got %v", err)
	}
	if w.store.portals[7].State != portal.Removed || w.watch.stopped != 1 || len(w.store.tokens) != 1 {
		t.Fatal("it must be stopped although HubSpot does not answer")
	}
	w.hub.uninstall = problem(fault.Revoked) // it was gone all along
	if err := w.FinishRemoval(t.Context(), 7); err != nil || len(w.store.tokens) != 0 {
		t.Fatalf("%v", err)
	}
}

func TestAnOldUninstallEventChangesNothing(t *testing.T) {
	t.Parallel()
	w := installed(t)
	w.hub.alive = false
	if err := w.Uninstalled(t.Context(), 7, start.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.hub.alive = true // HubSpot says that the grant lives: the app was installed again
	if err := w.Uninstalled(t.Context(), 7, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := w.Uninstalled(t.Context(), 99, start); err != nil {
		t.Fatalf("unknown portal: %v", err)
	}
	if w.store.portals[7].State != portal.Connected {
		t.Fatalf("state %s", w.store.portals[7].State)
	}
}

func TestSettingsAreCheckedAndLogged(t *testing.T) {
	t.Parallel()
	w := installed(t)
	ann := portal.Actor{UserID: 3, Email: "ann@acme.example"}
	minutes, policy := 30, portal.Always
	p, err := w.ChangeSettings(t.Context(), 7, ann, portal.Patch{SyncIntervalMinutes: &minutes, ContactPolicy: &policy})
	if err != nil || p.Settings.SyncIntervalMinutes != 30 {
		t.Fatalf("%+v, %v", p.Settings, err)
	}
	last := w.store.log[len(w.store.log)-1]
	want := []portal.Change{{Field: "contactPolicy", Old: "when_linked", New: "always"}, {Field: "syncIntervalMinutes", Old: "15", New: "30"}}
	if last.Actor != ann || last.Action != portal.SettingsChanged || !last.At.Equal(start) || !slices.Equal(last.Changes, want) {
		t.Fatalf("log entry %+v", last)
	}
	lines := len(w.store.log)
	if _, err := w.ChangeSettings(t.Context(), 7, ann, portal.Patch{SyncIntervalMinutes: &minutes}); err != nil || len(w.store.log) != lines {
		t.Fatalf("no change, no line: %v", err)
	}
}

func TestSettingsThatMakeNoSenseAreRefusedByField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field string
		patch portal.Patch
	}{
		{"contactPolicy", portal.Patch{ContactPolicy: ptr(portal.ContactPolicy("sometimes"))}},
		{"syncIntervalMinutes", portal.Patch{SyncIntervalMinutes: ptr(4)}},
		{"syncIntervalMinutes", portal.Patch{SyncIntervalMinutes: ptr(1441)}},
		{"timeZone", portal.Patch{TimeZone: ptr("Asia/Nowhere")}},
		{"timeZone", portal.Patch{TimeZone: ptr("Local")}},
		{"timeZone", portal.Patch{TimeZone: ptr("../etc/passwd")}},
		{"alertEmails", portal.Patch{AlertEmails: &[]string{"Ann <ann@acme.example>"}}},
		{"alertEmails", portal.Patch{AlertEmails: ptr(make([]string, 11))}},
		{"language", portal.Patch{Language: ptr("fr")}},
	} {
		_, err := portal.Defaults().Apply(c.patch)
		var s *portal.SettingError
		if !errors.As(err, &s) || s.Field != c.field || !errors.Is(err, portal.ErrSetting) {
			t.Errorf("%s: got %v", c.field, err)
		}
	}
}

func TestDiffTellsExactlyWhatAPatchChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) portal.Patch {
			return portal.Patch{
				ContactPolicy:       rapid.Ptr(rapid.SampledFrom([]portal.ContactPolicy{portal.WhenLinked, portal.WhenMessaged, portal.Always}), true).Draw(t, name+" policy"),
				TagsTwoWay:          rapid.Ptr(rapid.Bool(), true).Draw(t, name+" tags"),
				MethodC:             rapid.Ptr(rapid.Bool(), true).Draw(t, name+" method c"),
				SyncIntervalMinutes: rapid.Ptr(rapid.IntRange(5, 1440), true).Draw(t, name+" interval"),
				TimeZone:            rapid.Ptr(rapid.SampledFrom([]string{"", "Asia/Tokyo", "UTC"}), true).Draw(t, name+" zone"),
			}
		}
		before, err := portal.Defaults().Apply(draw("before"))
		if err != nil {
			t.Fatal(err)
		}
		after, err := before.Apply(draw("after"))
		if err != nil {
			t.Fatal(err)
		}
		back := portal.Diff(after, before)
		for i, c := range portal.Diff(before, after) {
			if c.Old == c.New || back[i].Field != c.Field || back[i].Old != c.New || back[i].New != c.Old {
				t.Fatalf("change %+v, back %+v", c, back[i])
			}
		}
		if len(portal.Diff(after, after)) != 0 {
			t.Fatal("a patch that changes nothing differs")
		}
	})
}

func TestChecksNameMissingScopes(t *testing.T) {
	t.Parallel()
	p := portal.Portal{State: portal.Connected, Scopes: portal.RequiredScopes[1:]}
	lines := p.Checks()
	if check.OK(lines) || lines[1].Detail != portal.RequiredScopes[0] {
		t.Fatalf("lines %+v", lines)
	}
	for _, l := range lines {
		if w := portal.CheckWords[l.Code]; w.Title.In("ja") == "" || w.Hint.In("en") == "" {
			t.Errorf("%s has no words", l.Code)
		}
	}
}

func ptr[T any](v T) *T { return &v }
