package register_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lumo/shared/register"
)

func lower(s string) string { return strings.ToLower(s) }

func edits(label string) *rapid.Generator[register.Edit] {
	return rapid.Custom(func(t *rapid.T) register.Edit {
		return register.Edit{
			Value:   rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, label+" value"),
			At:      rapid.Int64Range(0, 6).Draw(t, label+" at") * 1000,
			Inexact: rapid.Bool().Draw(t, label+" inexact"),
			AsOf:    rapid.Int64Range(0, 6).Draw(t, label+" asof") * 1000,
		}
	})
}

func registers() *rapid.Generator[register.Register] {
	return rapid.Custom(func(t *rapid.T) register.Register {
		return register.Register{
			Lumo: edits("lumo").Draw(t, "lumo"), HubSpot: edits("hubspot").Draw(t, "hubspot"),
			Held: register.Held{Known: rapid.Bool().Draw(t, "known"), Value: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "held"), AsOf: rapid.Int64Range(0, 6).Draw(t, "held asof")},
			Why:  register.Why{New: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "why"), At: rapid.Int64Range(0, 3).Draw(t, "why at")},
		}
	})
}

func TestMergeIsCommutativeAssociativeIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := registers().Draw(t, "a"), registers().Draw(t, "b"), registers().Draw(t, "c")
		// Inexactness is part of the order only where times differ; two edits equal in all but that are one edit.
		if x, y := norm(a.Merge(b)), norm(b.Merge(a)); x != y {
			t.Fatalf("not commutative: %s", cmp.Diff(x, y))
		}
		if x, y := norm(a.Merge(b).Merge(c)), norm(a.Merge(b.Merge(c))); x != y {
			t.Fatalf("not associative: %s", cmp.Diff(x, y))
		}
		if x := norm(a.Merge(a)); x != norm(a) {
			t.Fatalf("not idempotent: %s", cmp.Diff(x, norm(a)))
		}
	})
}

func norm(r register.Register) register.Register {
	r.Lumo.Inexact = false
	if r.HubSpot.None() {
		r.HubSpot.Inexact = false
	}
	return r
}

func TestDecideByTheNewestWinsRule(t *testing.T) {
	t.Parallel()
	type r = register.Register
	lumo := func(v string, at int64) register.Edit { return register.Edit{Value: v, At: at, AsOf: at} }
	hub := lumo
	cases := []struct {
		name   string
		in     r
		winner register.Side
		value  string
		reason register.Reason
		write  bool
		needs  bool
	}{
		{name: "nothing known", in: r{}},
		{name: "only HubSpot", in: r{HubSpot: hub("h", 10)}, winner: register.HubSpot, value: "h", reason: register.OnlyHubSpot},
		{name: "only Lumo, HubSpot never set", in: r{Lumo: lumo("l", 10)}, winner: register.Lumo, value: "l", reason: register.OnlyLumo, write: true},
		{name: "HubSpot newer", in: r{Lumo: lumo("l", 10), HubSpot: hub("h", 20)}, winner: register.HubSpot, value: "h", reason: register.NewerInHubSpot},
		{name: "two seconds are a tie", in: r{Lumo: lumo("l", 2010), HubSpot: hub("h", 10)}, winner: register.HubSpot, value: "h", reason: register.TieHubSpot},
		{name: "a millisecond more is not", in: r{Lumo: lumo("l", 2011), HubSpot: hub("h", 10)}, winner: register.Lumo, value: "l", reason: register.NewerInLumo, write: true},
		{name: "an explicit clear that is newer wins", in: r{Lumo: lumo("l", 10), HubSpot: hub("", 9000), Held: register.Held{Known: true}}, winner: register.HubSpot, reason: register.NewerInHubSpot},
		{name: "our older write over a user's newer edit is taken back", in: r{Lumo: lumo("l", 10), HubSpot: hub("h", 20), Held: register.Held{Known: true, Value: "l", AsOf: 30}}, winner: register.HubSpot, value: "h", reason: register.NewerInHubSpot, write: true},
		{name: "same value in another form is no write", in: r{Lumo: lumo("X", 9000), HubSpot: hub("y", 20), Held: register.Held{Known: true, Value: "x"}}, winner: register.Lumo, value: "X", reason: register.NewerInLumo},
		{name: "an inexact bound before the edit decides", in: r{Lumo: lumo("l", 9000), HubSpot: register.Edit{Value: "h", At: 100, Inexact: true}}, winner: register.Lumo, value: "l", reason: register.NewerInLumo, write: true},
		{name: "an inexact bound after the edit does not", in: r{Lumo: lumo("l", 9000), HubSpot: register.Edit{Value: "h", At: 8000, Inexact: true}}, needs: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := register.Outcome{Winner: c.winner, Value: c.value, Reason: c.reason, WriteHubSpot: c.write, NeedHistory: c.needs}
			if d := cmp.Diff(want, c.in.Decide(register.NewestWins, lower)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecideByTheOtherRules(t *testing.T) {
	t.Parallel()
	held := func(v string) register.Held { return register.Held{Known: true, Value: v, AsOf: 50} }
	e := func(v string, at int64) register.Edit { return register.Edit{Value: v, At: at, AsOf: at} }
	cases := []struct {
		name string
		rule register.Rule
		in   register.Register
		want register.Outcome
	}{
		{"HubSpot always, even when older", register.HubSpotAlways, register.Register{Lumo: e("l", 90_000), HubSpot: e("h", 10), Held: held("h")}, register.Outcome{Winner: register.HubSpot, Value: "h", Reason: register.ByRule}},
		{"HubSpot always, blank there changes nothing here", register.HubSpotAlways, register.Register{Lumo: e("l", 90_000)}, register.Outcome{Winner: register.Lumo, Value: "l", Reason: register.OnlyLumo}},
		{"HubSpot always, cleared there is cleared here", register.HubSpotAlways, register.Register{Lumo: e("l", 10), HubSpot: e("", 20), Held: held("")}, register.Outcome{Winner: register.HubSpot, Reason: register.ByRule}},
		{"Lumo always has no edit, and a write of ours that is nobody's stands over HubSpot's", register.LumoAlways, register.Register{HubSpot: e("h", 10), Held: held("l")}, register.Outcome{Winner: register.HubSpot, Value: "h", Reason: register.OnlyHubSpot, WriteHubSpot: true}},
		{"Lumo always reverts a HubSpot edit", register.LumoAlways, register.Register{Lumo: e("l", 10), HubSpot: e("h", 90_000), Held: held("h")}, register.Outcome{Winner: register.Lumo, Value: "l", Reason: register.ByRule, WriteHubSpot: true}},
		{"fill if empty fills", register.HubSpotElseLumo, register.Register{Lumo: e("l", 10), Held: held("")}, register.Outcome{Winner: register.Lumo, Value: "l", Reason: register.FilledEmpty, WriteHubSpot: true}},
		{"fill if empty leaves a value", register.HubSpotElseLumo, register.Register{Lumo: e("l", 90_000), HubSpot: e("h", 10), Held: held("h")}, register.Outcome{Winner: register.HubSpot, Value: "h", Reason: register.ByRule}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, c.in.Decide(c.rule, lower)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestObserving(t *testing.T) {
	t.Parallel()
	s := func(v string) *string { return &v }
	t.Run("never set stays nothing", func(t *testing.T) {
		t.Parallel()
		r, needs := register.Register{}.ObserveValue(nil, 10, lower)
		if r != (register.Register{}) || needs {
			t.Fatalf("got %+v, %v", r, needs)
		}
	})
	t.Run("the same record twice changes nothing", func(t *testing.T) {
		t.Parallel()
		r, _ := register.Register{}.ObserveValue(s("a"), 10, lower)
		again, needs := r.ObserveValue(s("A"), 99, lower)
		if again != r || needs {
			t.Fatalf("got %+v, want %+v", again, r)
		}
	})
	t.Run("a blank where a value was known asks for the history", func(t *testing.T) {
		t.Parallel()
		r, _ := register.Register{}.ObserveValue(s("a"), 10, lower)
		if _, needs := r.ObserveValue(nil, 20, lower); !needs {
			t.Fatal("a blank was taken without proof")
		}
		cleared := r.ObserveHistory([]register.Entry{{Value: "", At: 15}, {Value: "a", At: 5}}, 20)
		if o := cleared.Decide(register.NewestWins, lower); o.Winner != register.HubSpot || o.Value != "" {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("a stale search answer does not undo what is known", func(t *testing.T) {
		t.Parallel()
		r := register.Register{}.EditInLumo("new", 50).Written("new", 60)
		if got, needs := r.ObserveValue(s("old"), 40, lower); got != r || needs {
			t.Fatalf("got %+v", got)
		}
	})
	t.Run("our write over a user's edit that we had not seen does not hide it", func(t *testing.T) {
		t.Parallel()
		r := register.Register{}.EditInLumo("lumo", 1000).Written("lumo", 9000)
		r = r.ObserveHistory([]register.Entry{{Value: "lumo", At: 9000, Ours: true}, {Value: "user", At: 5000}}, 9000)
		o := r.Decide(register.NewestWins, lower)
		if o.Winner != register.HubSpot || o.Value != "user" || !o.WriteHubSpot {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("our own write coming back is no edit", func(t *testing.T) {
		t.Parallel()
		r := register.Register{}.EditInLumo("lumo", 1000)
		r = r.ObserveHistory([]register.Entry{{Value: "lumo", At: 9000, Ours: true}}, 9000).EditInLumo("next", 1500)
		if o := r.Decide(register.NewestWins, lower); o.Value != "next" || !o.WriteHubSpot {
			t.Fatalf("the second edit lost against the echo of the first: %+v", o)
		}
	})
}

// Any order and any repetition of the same snapshots and edits ends in the same state.
func TestDeliveriesConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type delivery func(register.Register) register.Register
		var all []delivery
		for range rapid.IntRange(1, 4).Draw(t, "lumo edits") {
			v, at := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "v"), rapid.Int64Range(1, 20000).Draw(t, "at")
			all = append(all, func(r register.Register) register.Register { return r.EditInLumo(v, at) })
		}
		var history []register.Entry
		at := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "hubspot edits") {
			at += rapid.Int64Range(1, 5000).Draw(t, "step")
			history = append(history, register.Entry{Value: rapid.SampledFrom([]string{"x", "y", ""}).Draw(t, "x"), At: at})
			snapshot := append([]register.Entry(nil), history...)
			asOf := at
			all = append(all, func(r register.Register) register.Register { return r.ObserveHistory(snapshot, asOf) })
		}
		var first register.Register
		for _, d := range all {
			first = d(first)
		}
		var second register.Register
		for _, i := range rapid.Permutation(indexes(len(all))).Draw(t, "order") {
			second = all[i](second)
			if rapid.Bool().Draw(t, "again") {
				second = all[i](second)
			}
		}
		if first != second {
			t.Fatalf("order matters: %s", cmp.Diff(first, second))
		}
	})
}

func indexes(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
