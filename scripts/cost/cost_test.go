package cost

import (
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestCountsArePriced(t *testing.T) {
	t.Parallel()
	p, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		count Count
		want  float64
	}{
		"nothing":            {Count{}, 0},
		"a million requests": {Count{LambdaRequests: 1e6}, 0.20},
		"writes and reads":   {Count{WriteUnits: 2e6, ReadUnits: 1e6}, 2*0.715 + 0.1425},
		"an HTTP request":    {Count{APIRequests: 1e6}, 1.29 + 1.20},
		"compute":            {Count{GBSeconds: 75_000}, 1.000005},
		"a gigabyte of log":  {Count{LogBytes: 1e9}, 0.76},
		"scaled":             {Count{KeyCalls: 10}.Times(1e5), 3},
		"the difference":     {Count{Mails: 15}.Minus(Count{Mails: 5}).Times(1e3), 1},
		"the sum":            {Count{QueueCalls: 1e6}.Plus(Count{FIFOCalls: 1e6}), 0.90},
	} {
		if got := p.Of(c.count); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s costs %v, want %v", name, got, c.want)
		}
	}
	monthly, polling := p.Fixed(10, 3, 1, 1)
	if math.Abs(monthly-(1+0.9+3+1)) > 1e-9 || math.Abs(polling-648_000*0.90/1e6) > 1e-9 {
		t.Errorf("fixed: %v and %v", monthly, polling)
	}
}

// A sheet made from another price table is out of date.
func TestTheSheetIsOfThisTable(t *testing.T) {
	t.Parallel()
	p, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), p.Region+", "+p.Currency+", as of "+p.AsOf) {
		t.Error("docs/cost.md is not of scripts/cost/prices.json: make cost")
	}
	if !regexp.MustCompile(`^20[0-9]{2}-[01][0-9]$`).MatchString(p.AsOf) {
		t.Errorf("the table's date is %q", p.AsOf)
	}
}
