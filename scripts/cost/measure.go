package cost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lumo/scripts/demo"
	"lumo/scripts/harness"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/runner"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/logging"
)

// friends of the measured account; the sheet scales them up.
const friends = 200

// ticks and looks are how often these are done; the sheet scales them up, too.
const (
	ticks = 10
	looks = 3
)

// stage is the measured system.
type stage struct {
	*demo.World
	out     io.Writer
	outside *harness.Outside
	cloud   *runner.Cloud
	meter   *meter
	account demo.Account
}

// Measure does the scenarios and returns the sheet.
func Measure(ctx context.Context, root string, out io.Writer) (string, error) {
	p, err := Table()
	if err != nil {
		return "", err
	}
	s, stop, err := start(ctx, root, out)
	if err != nil {
		return "", err
	}
	defer stop()
	var lines []Line
	for _, x := range []struct {
		what string
		do   func(context.Context) error
		size float64
	}{
		{"first sync of 10,000 friends, all linked (once)", s.first, 10_000. / friends},
		{"10,000 edits of contacts in HubSpot", s.edits, 10_000. / friends},
		{"10,000 friends block or come back in LINE", s.blocks, 10_000. / friends},
		{"100,000 broadcast messages to linked friends", s.broadcast, 100_000. / friends},
		{"a nightly comparison of 10,000 linked friends, nothing to change", s.night, 10_000. / friends},
		{"an idle account, a month: looked at every hour", s.looks, 30 * 24. / looks},
		{"the same with HubSpot lists: looked at every 15 minutes", nil, 4},
		{"a stage's minute ticks, a month, nobody due", s.ticks, 30 * 24 * 60. / ticks},
	} {
		if x.do == nil { // a multiple of the line before
			lines = append(lines, Line{x.what, lines[len(lines)-1].Count.Times(x.size)})
			continue
		}
		began, before := time.Now(), s.counted()
		if err := x.do(ctx); err != nil {
			return "", fmt.Errorf("%s: %w", x.what, err)
		}
		lines = append(lines, Line{x.what, s.counted().Minus(before).Times(x.size)})
		fmt.Fprintf(out, "%s: measured in %.0f s\n", x.what, time.Since(began).Seconds())
	}
	month := lines[1].Count.Plus(lines[2].Count.Times(0.1)).Plus(lines[3].Count.Times(0.4)).Plus(lines[4].Count.Times(30)).Plus(lines[6].Count)
	lines = append(lines, Line{"**10,000 friends a month**: 10,000 edits, 1,000 blocks, 40,000 broadcast messages, 30 nightly comparisons, a look every 15 minutes", month})
	monthly, polling := s.fixed(p)
	measured := fmt.Sprintf("Measured with %d friends, %d looks and %d ticks on %s.", friends, looks, ticks, time.Now().UTC().Format(time.DateOnly))
	return Sheet(p, measured, lines, monthly, polling), nil
}

func start(ctx context.Context, root string, out io.Writer) (*stage, func(), error) {
	state, err := os.MkdirTemp("", "lumo-cost")
	if err != nil {
		return nil, nil, err
	}
	clean := func() { os.RemoveAll(state) }
	front, err := harness.FreeAddress()
	if err != nil {
		clean()
		return nil, nil, err
	}
	outside, err := harness.Start(root, "http://"+front)
	if err != nil {
		clean()
		return nil, nil, err
	}
	m := &meter{}
	cloud, err := runner.Start(ctx, runner.Config{
		Root: root, State: filepath.Join(state, "cloud"), Front: front, Control: "127.0.0.1:0", Out: m, TableInMemory: true, NoSchedules: true,
		Parameters: outside.Parameters(), Getenv: func(string) string { return "" }, Tap: m.tap,
	})
	if err != nil {
		outside.Close()
		clean()
		return nil, nil, err
	}
	s := &stage{World: outside.World(demo.Portal), out: out, outside: outside, cloud: cloud, meter: m}
	return s, func() { cloud.Close(); outside.Close(); m.close(); clean() }, nil
}

// counted adds what the local cloud knows of Lambda.
func (s *stage) counted() Count {
	c := s.meter.now()
	memory := map[string]int{}
	for _, f := range s.cloud.System().Functions {
		memory[f.ID] = f.Memory
	}
	for id, f := range s.cloud.Status().Functions {
		c.LambdaRequests += float64(f.Invocations)
		c.GBSeconds += float64(f.BusyMillis) / 1000 * float64(memory[id]) / 1024
	}
	return c
}

func (s *stage) fixed(p Prices) (monthly, polling float64) {
	alarms, standard, fifo := 0, 0, 0
	for _, o := range s.cloud.System().Others {
		if o.Type == "AWS::CloudWatch::Alarm" {
			alarms++
		}
	}
	for _, f := range s.cloud.System().Functions {
		for _, src := range f.Sources {
			if strings.HasSuffix(src.Queue, ".fifo") {
				fifo++
			} else {
				standard++
			}
		}
	}
	own := len([]string{logging.Ticks, logging.DeadLetters, logging.RefreshFailures})
	return p.Fixed(alarms, own, standard, fifo)
}

func (s *stage) first(ctx context.Context) error {
	a, _, err := s.FirstRun(ctx, demo.Size{Contacts: friends, Lists: 1, Friends: friends, Linked: friends})
	s.account = a
	return err
}

func (s *stage) linked(ctx context.Context, do func(contact int64, user string) error) error {
	rs, err := s.outside.HubSpot.Records(s.Portal, "contacts")
	if err != nil {
		return err
	}
	for _, r := range rs {
		if u := r.Value("line_user_id"); u != "" {
			if err := do(r.ID, u); err != nil {
				return err
			}
		}
	}
	return s.quiet(ctx)
}

func (s *stage) edits(ctx context.Context) error {
	return s.linked(ctx, func(contact int64, _ string) error {
		return s.outside.HubSpot.Edit(s.Portal, "contacts", contact, map[string]string{"firstname": fmt.Sprintf("Edited%d", contact)}, hubspotsandbox.By{})
	})
}

func (s *stage) blocks(ctx context.Context) error {
	half := 0
	return s.linked(ctx, func(_ int64, user string) error {
		half++
		if half%2 == 0 {
			return nil
		}
		return errors.Join(s.outside.Line.Block(s.account.ID, user), s.outside.Line.Unblock(s.account.ID, user))
	})
}

func (s *stage) broadcast(ctx context.Context) error {
	var cast struct{ ID, Status string }
	err := s.API(ctx, "POST", "/api/v1/broadcasts", map[string]any{
		"slot": 1, "name": "Cost", "audience": map[string]string{"kind": "all"},
		"bubbles": []map[string]string{{"kind": "text", "text": "Autumn is here"}},
	}, &cast)
	if err != nil {
		return err
	}
	at := "/api/v1/broadcasts/1/" + cast.ID
	if err := s.API(ctx, "POST", at+"/confirm", map[string]string{"requestId": "confirm-cost"}, nil); err != nil {
		return err
	}
	for end := time.Now().Add(2 * time.Minute); cast.Status != "sent"; {
		if time.Now().After(end) {
			return fmt.Errorf("the broadcast is %s", cast.Status)
		}
		if err := s.API(ctx, "GET", at, nil, &cast); err != nil {
			return err
		}
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
	return s.quiet(ctx)
}

func (s *stage) night(ctx context.Context) error {
	if err := s.API(ctx, "POST", "/api/v1/sync", map[string]any{"extent": "all"}, nil); err != nil {
		return err
	}
	return s.quiet(ctx)
}

// looks makes the tick find the account due, as it does when its time has come, and waits for the run that this begins. The table is
// written past the meter.
func (s *stage) looks(ctx context.Context) error {
	table := dynamo.New(dynamodb.NewFromConfig(awslocal.Config(s.cloud.Endpoint("dynamodb"))), *s.cloud.System().Tables[0].Create.TableName)
	schedules, p := dynamo.Schedules{Table: table}, id.PortalID(s.Portal)
	for range looks {
		began := time.Now()
		sch, err := schedules.Load(ctx, p)
		if err != nil {
			return err
		}
		sch.LastRun, sch.ActiveUntil, sch.Quiet = began.Add(-2*time.Hour).UnixMilli(), 0, 8
		if err := errors.Join(schedules.Save(ctx, p, sch), table.Directory().BringForward(ctx, p, began)); err != nil {
			return err
		}
		if _, err := s.cloud.Tick(ctx, "Tick"); err != nil {
			return err
		}
		for end := began.Add(time.Minute); sch.LastRun < began.UnixMilli(); {
			if time.Now().After(end) {
				return errors.New("the look began no run")
			}
			if err := wait(ctx, 200*time.Millisecond); err != nil {
				return err
			}
			if sch, err = schedules.Load(ctx, p); err != nil {
				return err
			}
		}
	}
	return s.quiet(ctx)
}

func (s *stage) ticks(ctx context.Context) error {
	for range ticks {
		if _, err := s.cloud.Tick(ctx, "Tick"); err != nil {
			return err
		}
	}
	return s.quiet(ctx)
}

// quiet waits until nothing was invoked for a while longer than contacts wait for further changes (30 s), or wakeups wait.
func (s *stage) quiet(ctx context.Context) error {
	last, since := -1., time.Now()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		if n := s.counted().LambdaRequests; n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) > 35*time.Second {
			return nil
		}
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
