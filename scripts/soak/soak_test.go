package soak_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"lumo/scripts/soak"
)

func TestOnePartThatFailsFailsTheWhole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ok, err := soak.Run(t.Context(), t.TempDir(), []soak.Part{
		{Name: "good", Command: []string{"sh", "-c", `echo begun; echo '{"n":1}'; echo '{"n":2}'; echo done`}},
		{Name: "bad", Command: []string{"sh", "-c", `echo '{"n":3}'; exit 3`}},
		{Name: "after", Command: []string{"true"}},
	}, &out, io.Discard)
	if ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	var got []soak.Outcome
	for line := range strings.Lines(out.String()) {
		var o soak.Outcome
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	if len(got) != 4 || !got[0].OK || string(got[0].Last) != `{"n":2}` || got[1].OK || !strings.Contains(got[1].Error, "exit status 3") || !got[2].OK || got[3].OK || got[3].Part != "soak" {
		t.Errorf("%s", out.String())
	}
}
