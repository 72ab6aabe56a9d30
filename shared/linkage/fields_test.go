package linkage_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"lumo/shared/friend"
	"lumo/shared/linkage"
)

var (
	city  = linkage.Field{Property: "city", Type: linkage.TextField, LabelEn: "City", LabelJa: "市区町村", Required: true}
	phone = linkage.Field{Property: "phone", Type: linkage.PhoneField, LabelJa: "電話番号"}
	size  = linkage.Field{Property: "size", Type: linkage.ChoiceField, LabelEn: "Size", Options: []linkage.Option{{Value: "s", Label: "Small"}, {Value: "l", Label: "Large"}}}
)

func TestAnswersAreCheckedByTheirType(t *testing.T) {
	t.Parallel()
	mail := linkage.Field{Property: "work_email", Type: linkage.EmailField, LabelEn: "Work"}
	for _, c := range []struct {
		f         linkage.Field
		typed, to string
		good      bool
	}{
		{city, " 渋谷区 ", "渋谷区", true}, {city, "  ", "", false}, {city, "a\nb", "", false}, {city, strings.Repeat("あ", linkage.MaxAnswer), strings.Repeat("あ", linkage.MaxAnswer), true},
		{city, strings.Repeat("a", linkage.MaxAnswer+1), "", false}, {city, "\xff", "", false},
		{phone, "", "", true}, {phone, "０９０ー１２３４－５６７８", "090-1234-5678", true}, {phone, "+81 (0)90 1234", "+81 (0)90 1234", true}, {phone, "12345", "", false},
		{phone, "call me", "", false}, {phone, "1234567890123456", "", false},
		{size, "s", "s", true}, {size, "Small", "", false}, {size, "", "", true},
		{mail, "a@b.example", "a@b.example", true}, {mail, "A <a@b.example>", "", false}, {mail, "a", "", false},
	} {
		v, good := c.f.Read(c.typed)
		if good != c.good || good && v != c.to {
			t.Errorf("%s %q: %q %t", c.f.Property, c.typed, v, good)
		}
	}
	if city.Label("ja") != "市区町村" || city.Label("en") != "City" || phone.Label("en") != "電話番号" || size.Label("ja") != "Size" {
		t.Error("labels")
	}
}

func TestAFormIsCheckedBeforeItIsKept(t *testing.T) {
	t.Parallel()
	if err := linkage.CheckFields([]linkage.Field{city, phone, size}); err != nil {
		t.Error(err)
	}
	with := func(change func(f *linkage.Field)) linkage.Field {
		f := city
		change(&f)
		return f
	}
	many := make([]linkage.Field, linkage.MaxFields+1)
	for name, fs := range map[string][]linkage.Field{
		"twice": {city, city}, "the address": {with(func(f *linkage.Field) { f.Property = "email" })}, "a type": {with(func(f *linkage.Field) { f.Type = "date" })},
		"no label": {with(func(f *linkage.Field) { f.LabelEn, f.LabelJa = " ", "" })}, "a long label": {with(func(f *linkage.Field) { f.LabelEn = strings.Repeat("a", linkage.MaxLabel+1) })},
		"no options": {with(func(f *linkage.Field) { f.Type = linkage.ChoiceField })}, "too many options": {with(func(f *linkage.Field) { f.Options = make([]linkage.Option, linkage.MaxOptions+1) })},
		"too many": many,
	} {
		var e *linkage.FieldError
		if err := linkage.CheckFields(fs); !errors.As(err, &e) || !errors.Is(err, linkage.ErrField) || e.Reason == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (w *world) fill(session, email string, answers map[string]string) linkage.View {
	w.t.Helper()
	v, err := w.desk.Email(w.t.Context(), session, linkage.Typed{Email: email, Answers: answers}, "10.0.0.1", "en")
	w.must(err)
	return v
}

func TestAnswersGoAlongWithTheProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fields = []linkage.Field{city, phone, size}
	session, o := w.filling(t)
	page, err := w.desk.Finish(t.Context(), session, false)
	if err != nil || o != linkage.AskEmail || len(page.Asks) != 3 {
		t.Fatalf("%s %+v %v", o, page, err)
	}
	v := w.fill(session, "ichiro@example.com", map[string]string{"phone": "x", "size": "s"})
	if v.Outcome != linkage.BadAnswers || v.Typed != "ichiro@example.com" || !v.Asks[0].Bad || !v.Asks[1].Bad || v.Asks[2].Bad || v.Asks[2].Value != "s" {
		t.Fatalf("wrong answers: %+v", v)
	}
	if v := w.fill(session, "x", map[string]string{"city": "渋谷区"}); v.Outcome != linkage.BadEmail || v.Asks[0].Value != "渋谷区" {
		t.Errorf("a wrong address loses what was typed: %+v", v)
	}
	if v := w.fill(session, "ichiro@example.com", nil); v.Outcome != linkage.BadAnswers {
		t.Errorf("required answers left out: %+v", v)
	}
	if len(w.mail.Sent()) != 0 {
		t.Fatal("a code before the answers were good")
	}
	if v := w.fill(session, "ichiro@example.com", map[string]string{"city": " 渋谷区 ", "size": "l", "hubspot_owner_id": "1"}); v.Outcome != linkage.AskCode || v.Asks != nil {
		t.Fatalf("%+v", v)
	}
	// Another code, for which nothing is asked again.
	if v := w.fill(session, "ichiro@example.com", nil); v.Outcome != linkage.AskCode {
		t.Fatalf("%+v", v)
	}
	if o := w.code(session, w.mailed()); o != linkage.Linked {
		t.Fatal(o)
	}
	ns := w.notes()
	if len(ns) != 1 || !maps.Equal(ns[0].Answers, map[string]string{"city": "渋谷区", "size": "l"}) {
		t.Errorf("notes %+v", ns)
	}
	for _, a := range w.attempts {
		if a.Answers != nil {
			t.Errorf("still kept: %+v", a.Answers)
		}
	}
}

func TestWhoLINEKnowsIsAskedForTheRestOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fields = []linkage.Field{city}
	w.account.Login.Email = true
	w.forge = func(claims map[string]any) { claims["email"] = "ichiro@example.com" }
	session, o := w.filling(t)
	if o != linkage.AskDetails || len(w.notes()) != 0 {
		t.Fatal(o)
	}
	details := func(city string) linkage.View {
		t.Helper()
		v, err := w.desk.Details(t.Context(), session, map[string]string{"city": city})
		w.must(err)
		return v
	}
	if v := w.fill(session, "other@example.com", nil); v.Outcome != linkage.AskDetails || len(w.mail.Sent()) != 0 {
		t.Errorf("an address instead: %+v", v)
	}
	if v := details(""); v.Outcome != linkage.AskDetails || !v.Asks[0].Bad {
		t.Errorf("nothing: %+v", v)
	}
	if v := details("渋谷区"); v.Outcome != linkage.Linked {
		t.Fatalf("%+v", v)
	}
	ns := w.notes()
	if len(ns) != 1 || ns[0].Contact != contact || ns[0].Proof.Method != friend.AutoMatch || ns[0].Answers["city"] != "渋谷区" {
		t.Errorf("notes %+v", ns)
	}
	if v := details("新宿区"); v.Outcome != linkage.Linked || len(w.notes()) != 0 {
		t.Errorf("pressed twice: %+v", v)
	}
}

func TestDetailsNeedALoginThatProvedSomething(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fields = []linkage.Field{city}
	session, _ := w.filling(t)
	v, err := w.desk.Details(t.Context(), session, map[string]string{"city": "渋谷区"})
	if err != nil || v.Outcome != linkage.AskEmail || len(w.notes()) != 0 {
		t.Errorf("%+v %v", v, err)
	}
}
