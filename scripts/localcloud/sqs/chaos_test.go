package sqs_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lumo/scripts/localcloud/sqs"
	"lumo/shared/clock"
)

func TestChaosSparesFIFOAndLosesNothing(t *testing.T) {
	b := newBench(t)
	b.server.SetChaos(sqs.Chaos{Duplicate: 0.5, DuplicateWithin: time.Second, Reorder: true, Short: 0.5})
	u, f := b.queue("q", nil), b.fifo("f", nil)
	var want []string
	for i := range 60 {
		body := fmt.Sprintf("%02d", i)
		want = append(want, body)
		b.send(u, body)
		b.send(f, body, group("g"))
	}
	var got, ordered []string
	drain := func(url string, into *[]string) {
		for range 200 {
			ms := b.receive(url, 10)
			for _, m := range ms {
				*into = append(*into, *m.Body)
				b.delete(url, m)
			}
			b.clock.Advance(100 * time.Millisecond)
		}
	}
	drain(u, &got)
	drain(f, &ordered)
	if !slices.Equal(ordered, want) {
		t.Errorf("FIFO: %v", ordered)
	}
	if len(got) <= len(want) || slices.IsSorted(got) {
		t.Errorf("the standard queue was calm: %v", got)
	}
	slices.SortFunc(got, cmp.Compare[string])
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("lost: %v", got)
	}
}

func TestTheSameSeedGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	trace := func() string {
		c := clock.NewVirtual(start)
		s, err := sqs.New(sqs.Config{Clock: c, Rand: rand.New(rand.NewPCG(7, 7))})
		if err != nil {
			t.Fatal(err)
		}
		s.SetChaos(sqs.Rough)
		b := &bench{t, s, c, inProcess(s)}
		u := b.queue("q", nil)
		var out []any
		for i := range 40 {
			b.send(u, fmt.Sprint(i))
			if i%5 == 4 {
				out = append(out, b.receive(u, 10))
			}
			c.Advance(3 * time.Second)
		}
		j, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(j)
	}
	first, second := trace(), trace()
	if first != second {
		t.Error("two runs with one seed differ")
	}
}
