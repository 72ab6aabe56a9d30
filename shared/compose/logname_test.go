package compose

import (
	"context"
	"errors"
	"testing"

	"lumo/shared/id"
	"lumo/shared/portal"
)

type rows map[id.PortalID]portal.Portal

func (r rows) Load(_ context.Context, p id.PortalID) (portal.Portal, error) {
	row, ok := r[p]
	if !ok {
		return row, errors.New("away")
	}
	return row, nil
}

func TestPortalsAreNotLoggedByTheirNumber(t *testing.T) {
	t.Parallel()
	r := rows{7: {ID: 7, LogKey: "k"}, 8: {ID: 8}}
	name := logNames(func() portalRows { return r })
	want := r[7].LogName()
	for p, expected := range map[id.PortalID]string{7: want, 8: portal.Unnamed, 9: portal.Unnamed, 0: "none"} {
		if got := name(p); got != expected {
			t.Errorf("portal %s is logged as %s, want %s", p, got, expected)
		}
	}
	r[9] = portal.Portal{ID: 9, LogKey: "k"} // a failure is not remembered
	delete(r, 7)                             // a name is: the row is read once
	if name(9) != r[9].LogName() || name(7) != want {
		t.Errorf("%s, %s", name(9), name(7))
	}
}
