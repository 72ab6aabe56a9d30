package dynamo

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/changelog"
	"lumo/shared/clock"
	"lumo/shared/id"
)

// ChangeLog implements changelog.Log. Items hold the records of about a hundred contacts, compressed, at
// P#<portal>#LOG#<day>#<shard> / <ms>#<name>#<piece>.
type ChangeLog struct {
	Table *Table
	Clock clock.Clock
}

var _ changelog.Log = ChangeLog{}

const (
	// What one item holds at most, before compression. DynamoDB's items end at 400 KB.
	recordsPerItem = 1000
	bytesPerItem   = 256 << 10
	logDays        = 90 // P-74
)

type logItem struct {
	Records []byte `dynamodbav:"r"` // gzip of JSON lines
	Count   int    `dynamodbav:"c"`
	TTL     int64  `dynamodbav:"ttl"`
}

func dayOf(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.DateOnly) }

// Append implements changelog.Log. The first record's time names the item, not the clock's, so that a repeated step overwrites what it
// wrote before instead of adding to it.
func (s ChangeLog) Append(ctx context.Context, p id.PortalID, name string, at int64, rs []changelog.Record) error {
	for i := 0; len(rs) > 0; i++ {
		b, n, err := packRecords(rs)
		if err != nil {
			return err
		}
		t := rs[0].At
		if t == 0 {
			t = at
		}
		rs = rs[n:]
		sk := fmt.Sprintf("%013d#%s#%03d", t, name, i)
		it := logItem{b, n, t/1000 + logDays*24*3600}
		if err := s.part(p, dayOf(t), logShardOf(sk)).put(ctx, sk, it, nil); err != nil {
			return err
		}
	}
	return nil
}

// packers are few because each takes most of a megabyte, and they are kept because of that, too.
var packers = func() chan *gzip.Writer {
	all := make(chan *gzip.Writer, 2)
	for range cap(all) {
		all <- nil
	}
	return all
}()

// packLevel compresses these records as well as the best, at a third of its time.
const packLevel = 3

// packRecords compresses the first records, as many as fit an item, and returns how many.
func packRecords(rs []changelog.Record) ([]byte, int, error) {
	z := <-packers
	if z == nil {
		z, _ = gzip.NewWriterLevel(nil, packLevel) // the level exists
	}
	defer func() { packers <- z }()
	var out bytes.Buffer
	z.Reset(&out)
	packed, size := 0, 0
	for _, r := range rs[:min(len(rs), recordsPerItem)] {
		line, err := json.Marshal(r)
		if err != nil {
			return nil, 0, err
		}
		if size += len(line) + 1; size > bytesPerItem && packed > 0 {
			break
		}
		if _, err := z.Write(append(line, '\n')); err != nil {
			return nil, 0, err
		}
		packed++
	}
	err := z.Close()
	return out.Bytes(), packed, err
}

func unpackRecords(b []byte) ([]changelog.Record, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var out []changelog.Record
	for dec := json.NewDecoder(z); ; {
		var r changelog.Record
		if err := dec.Decode(&r); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
}

// Read implements changelog.Log: day by day backwards from today, or from the cursor "<day>|<sort key>|<offset>".
func (s ChangeLog) Read(ctx context.Context, p id.PortalID, f changelog.Filter, after string, limit int) ([]changelog.Record, string, error) {
	day, sk, skip, err := parseLogCursor(after, s.Clock.Now())
	if err != nil {
		return nil, "", err
	}
	var out []changelog.Record
	seen := map[string]bool{}
	for oldest := s.oldest(); day >= oldest; day, sk, skip = dayBefore(day), "", 0 {
		items := s.day(p, day, sk)
		for {
			m, err := items.next(ctx)
			if err != nil {
				return nil, "", err
			}
			if m == nil {
				break
			}
			got, n, err := s.match(m, f, skip, limit-len(out), seen)
			if err != nil {
				return nil, "", err
			}
			out, skip = append(out, got...), 0
			if len(out) >= limit {
				return out, day + "|" + text(m[attrSK]) + "|" + strconv.Itoa(n), nil
			}
		}
	}
	return out, "", nil
}

func (s ChangeLog) oldest() string { return dayOf(s.Clock.Now().AddDate(0, 0, -logDays).UnixMilli()) }

// match unpacks an item, newest record first, from offset skip; n is the offset behind the last record looked at.
func (s ChangeLog) match(m map[string]types.AttributeValue, f changelog.Filter, skip, want int, seen map[string]bool) (out []changelog.Record, n int, err error) {
	var it logItem
	if err := attributevalue.UnmarshalMap(m, &it); err != nil {
		return nil, 0, err
	}
	rs, err := unpackRecords(it.Records)
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(rs, func(a, b changelog.Record) int { return int(b.At - a.At) })
	for n = skip; n < len(rs) && len(out) < want; n++ {
		if r := rs[n]; f.Match(r) && !seen[r.Key()] {
			seen[r.Key()] = true
			out = append(out, r)
		}
	}
	return out, n, nil
}

func parseLogCursor(after string, now time.Time) (day, sk string, skip int, err error) {
	if after == "" {
		return dayOf(now.AddDate(0, 0, 1).UnixMilli()), "", 0, nil
	}
	parts := strings.Split(after, "|")
	if len(parts) != 3 {
		return "", "", 0, errCursor
	}
	if _, err := time.Parse(time.DateOnly, parts[0]); err != nil {
		return "", "", 0, errCursor
	}
	skip, err = strconv.Atoi(parts[2])
	if err != nil || skip < 0 {
		return "", "", 0, errCursor
	}
	return parts[0], parts[1], skip, nil
}

func dayBefore(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, -1).Format(time.DateOnly)
}
