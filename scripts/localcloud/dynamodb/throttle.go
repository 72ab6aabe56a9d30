package dynamodb

import (
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// keyLimit is what DynamoDB takes of one partition key, in write units a second. The stand-in would take anything.
const keyLimit = 1000

// Throttle refuses writes to a partition key that takes too much, as DynamoDB does, so that a hot key shows here and not in production.
// Partition keys of the global indexes count as well.
type Throttle struct {
	now func() time.Time

	mu      sync.Mutex
	second  int64
	used    map[string]int // in this second
	peak    Hottest
	refused int
}

// Hottest is the most that any partition key took within a second.
type Hottest struct {
	Kind  string `json:"kind"` // what the key is of: its part behind the portal
	Units int    `json:"units"`
}

// NewThrottle counts by the given clock.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, used: map[string]int{}}
}

// Take counts the write units of a request and tells whether every key may take them.
func (t *Throttle) Take(operation string, body []byte) bool {
	units := unitsOf(operation, body)
	if len(units) == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.now().Unix(); s != t.second {
		t.second = s
		clear(t.used)
	}
	for key := range units {
		if t.used[key] >= keyLimit { // the last write may go over, as a bucket with a rest in it does
			t.refused++
			return false
		}
	}
	for key, n := range units {
		if t.used[key] += n; t.used[key] > t.peak.Units {
			t.peak = Hottest{kindOf(key), t.used[key]}
		}
	}
	return true
}

// Hottest is the most that any key took within a second, and how many requests were refused.
func (t *Throttle) Hottest() (Hottest, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peak, t.refused
}

// item is what a partition needs of one written item.
type item struct {
	PK, CK, OK struct{ S string }
	Due        *json.RawMessage
}

type write struct {
	Item json.RawMessage
	Key  json.RawMessage
}

// unitsOf weighs a request by its text, which is a little more than DynamoDB would count. An update weighs as little as it can: its item
// is not in the request.
func unitsOf(operation string, body []byte) map[string]int {
	var in struct {
		write
		TransactItems []map[string]write
	}
	transacted := operation == "TransactWriteItems"
	switch operation {
	case "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems":
	default:
		return nil
	}
	if json.Unmarshal(body, &in) != nil {
		return nil // the stand-in says what is wrong with it
	}
	units := map[string]int{}
	if !transacted {
		in.weigh(units, 1)
		return units
	}
	for _, x := range in.TransactItems {
		for _, w := range x {
			w.weigh(units, 2)
		}
	}
	return units
}

func (w write) weigh(units map[string]int, times int) {
	text := w.Item
	if len(text) == 0 {
		text = w.Key
	}
	var it item
	if json.Unmarshal(text, &it) != nil || it.PK.S == "" {
		return
	}
	n := (len(text) + 1023) / 1024
	if it.Due != nil {
		n++ // the local index lies in the same partition
	}
	units[it.PK.S] += n * times
	for _, key := range []string{it.CK.S, it.OK.S} {
		if key != "" {
			units["index "+key] += times
		}
	}
}

// kindOf drops who it is of: "P#1001#F#1#7" becomes "F".
func kindOf(key string) string {
	parts := strings.Split(strings.TrimPrefix(key, "index "), "#")
	if len(parts) < 3 || parts[0] != "P" {
		return parts[0]
	}
	if strings.HasPrefix(key, "index ") {
		return "index " + parts[2]
	}
	return parts[2]
}
