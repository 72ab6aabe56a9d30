package dynamo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/broadcast"
	"lumo/shared/id"
	"lumo/shared/tracking"
)

// Tracking implements tracking.Store: marks at P#<portal>#TAPS#<broadcast> / m#<name>#<block>, one bit for each
// friend, and counters at P#<portal>#TAPS#<broadcast> / counters.
type Tracking struct{ Table *Table }

var (
	_ tracking.Store       = Tracking{}
	_ tracking.TargetStore = Tracking{}
	_ tracking.Switch      = Tracking{}
)

type marksItem struct {
	Bits    []byte `dynamodbav:"b"`
	Version int64  `dynamodbav:"v"`
}

// marksPrefix begins the sort keys of marks.
const marksPrefix = "m#"

func (s Tracking) part(p id.PortalID, name string) partition {
	return s.Table.Portal(p).in("TAPS", name)
}

// Mark implements tracking.Store.
func (s Tracking) Mark(ctx context.Context, p id.PortalID, name, mark string, block uint32, m tracking.Marks) (int, error) {
	part, sk := s.part(p, name), fmt.Sprintf("%s%s#%d", marksPrefix, mark, block)
	for range 20 {
		var it marksItem
		if _, err := part.get(ctx, sk, &it); err != nil {
			return 0, err
		}
		var had tracking.Marks
		copy(had[:], it.Bits)
		before := had.Count()
		for i := range had {
			had[i] |= m[i]
		}
		fresh := had.Count() - before
		if fresh == 0 {
			return 0, nil
		}
		err := part.put(ctx, sk, marksItem{had[:], it.Version + 1}, versioned(it.Version))
		if !errors.Is(err, ErrChanged) {
			return fresh, err
		}
	}
	return 0, ErrChanged
}

// Add implements tracking.Store.
func (s Tracking) Add(ctx context.Context, p id.PortalID, name string, counts map[string]int) error {
	var up expression.UpdateBuilder
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		// Names of counters hold dots, which mean a path elsewhere.
		up = up.Add(expression.NameNoDotSplit("c:"+k), expression.Value(counts[k]))
	}
	return s.part(p, name).update(ctx, "counters", up, nil, nil)
}

// Marked implements tracking.Store.
func (s Tracking) Marked(ctx context.Context, p id.PortalID, name string, visit func(string, uint32, tracking.Marks)) error {
	for q := (query{prefix: marksPrefix}); ; {
		pg, err := s.part(p, name).query(ctx, q)
		if err != nil {
			return err
		}
		for _, m := range pg.Items {
			var it marksItem
			if err := attributevalue.UnmarshalMap(m, &it); err != nil {
				return err
			}
			parts := strings.Split(text(m[attrSK]), "#")
			block, err := strconv.ParseUint(parts[len(parts)-1], 10, 32)
			if err != nil || len(parts) != 3 {
				return fmt.Errorf("marks %.60q cannot be read", text(m[attrSK]))
			}
			var bits tracking.Marks
			copy(bits[:], it.Bits)
			visit(parts[1], uint32(block), bits)
		}
		if q.after = pg.Next; q.after == nil {
			return nil
		}
	}
}

// Counters implements tracking.Store.
func (s Tracking) Counters(ctx context.Context, p id.PortalID, name string) (map[string]int, error) {
	var all map[string]any
	if _, err := s.part(p, name).get(ctx, "counters", &all); err != nil {
		return nil, err
	}
	out := map[string]int{}
	for k, v := range all {
		if k, ours := strings.CutPrefix(k, "c:"); ours {
			n, _ := v.(float64)
			out[k] = int(n)
		}
	}
	return out, nil
}

// Targets implements tracking.TargetStore.
func (s Tracking) Targets(ctx context.Context, p id.PortalID, slot id.Slot, name string) (tracking.Targets, error) {
	b, err := Broadcasts(s).Get(ctx, p, slot, name)
	if errors.Is(err, broadcast.ErrUnknown) {
		return tracking.Targets{}, tracking.ErrNoTarget
	}
	return tracking.Targets{Links: b.Links, Pictures: b.Pictures}, err
}

// Tracks implements tracking.Switch.
func (s Tracking) Tracks(ctx context.Context, p id.PortalID, slot id.Slot) (bool, error) {
	v, err := Broadcasts(s).Settings(ctx, p, slot)
	return v.Tracking, err
}
