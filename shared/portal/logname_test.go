package portal

import (
	"strings"
	"testing"
)

func TestALogNameTellsNobodyWithoutTheKey(t *testing.T) {
	t.Parallel()
	a, again := Portal{ID: 7, LogKey: "k-1"}.LogName(), Portal{ID: 7, LogKey: "k-1", Name: "other"}.LogName()
	if a != again || len(a) != 20 || strings.Contains(a, "7") && a == "7" {
		t.Errorf("%s and %s", a, again)
	}
	for what, p := range map[string]Portal{"another portal": {ID: 8, LogKey: "k-1"}, "another key": {ID: 7, LogKey: "k-2"}, "no key": {ID: 7}} {
		if p.LogName() == a {
			t.Errorf("%s has the same name", what)
		}
	}
	if got := (Portal{ID: 7}).LogName(); got != Unnamed {
		t.Errorf("without a key it is %s", got)
	}
}
