package friend

import (
	"testing"

	"pgregory.net/rapid"
)

// A text that was taken back never shows, whatever order the two events come in and however often; else the latest text shows.
func TestSaidInAnyOrder(t *testing.T) {
	t.Parallel()
	type event struct {
		id    string
		at    int64
		taken bool
	}
	all := []event{{"1", 10, false}, {"2", 20, false}, {"2", 0, true}}
	rapid.Check(t, func(t *rapid.T) {
		var s Said
		for _, e := range rapid.Permutation(append(all, all...)).Draw(t, "order") {
			if e.taken {
				s.TakenBack(e.id)
			} else {
				s.Heard(e.id, e.at, "text "+e.id)
			}
		}
		if s.ID != "2" || s.Text != "" {
			t.Fatalf("%+v", s)
		}
		s.Heard("3", 30, "text 3")
		if s.Text != "text 3" {
			t.Fatalf("%+v", s)
		}
	})
}
