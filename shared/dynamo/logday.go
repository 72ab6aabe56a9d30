package dynamo

import (
	"context"
	"hash/fnv"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/id"
)

// logShards is over how many partitions a day of the change log is spread: a first import of long values writes up to a thousand units a
// second. Every reading asks all of them, so they are fewer than those of friends.
const logShards = 4

func logShardOf(sk string) int {
	h := fnv.New32a()
	h.Write([]byte(sk))
	return int(h.Sum32() % logShards)
}

func (s ChangeLog) part(p id.PortalID, day string, shard int) partition {
	return s.Table.Portal(p).in("LOG", day, strconv.Itoa(shard))
}

// logDay goes through the items of one day, newest first, over all shards.
type logDay struct {
	shards [logShards]logStretch
}

// logStretch is what was read of one shard and not yet given out.
type logStretch struct {
	part  partition
	query query
	items []map[string]types.AttributeValue
	done  bool
}

// day begins at a sort key, which is included; "" begins at the day's end.
func (s ChangeLog) day(p id.PortalID, day, from string) *logDay {
	d := &logDay{}
	for i := range d.shards {
		d.shards[i] = logStretch{part: s.part(p, day, i), query: query{descending: true, limit: 25}}
		if from != "" {
			d.shards[i].query.from, d.shards[i].query.to = "0", from
		}
	}
	return d
}

// next returns nil at the end.
func (d *logDay) next(ctx context.Context) (map[string]types.AttributeValue, error) {
	var newest *logStretch
	for i := range d.shards {
		s := &d.shards[i]
		if err := s.fill(ctx); err != nil {
			return nil, err
		}
		if len(s.items) > 0 && (newest == nil || text(s.items[0][attrSK]) > text(newest.items[0][attrSK])) {
			newest = s
		}
	}
	if newest == nil {
		return nil, nil
	}
	m := newest.items[0]
	newest.items = newest.items[1:]
	return m, nil
}

func (s *logStretch) fill(ctx context.Context) error {
	for len(s.items) == 0 && !s.done {
		pg, err := s.part.query(ctx, s.query)
		if err != nil {
			return err
		}
		s.items, s.query.after, s.done = pg.Items, pg.Next, pg.Next == nil
	}
	return nil
}
