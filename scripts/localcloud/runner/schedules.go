package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/schedule"
	"lumo/scripts/localcloud/template"
)

// scheduled is one schedule of one function.
type scheduled struct {
	function string // logical id
	event    template.Schedule
	when     schedule.Schedule

	mu   sync.Mutex
	next time.Time
}

func (c *Cloud) startSchedules(context.Context) error {
	ctx, stop := context.WithCancel(context.Background())
	c.onClose(stop)
	for _, f := range c.system.Functions {
		for _, e := range f.Schedules {
			when, err := schedule.Parse(e.Expression, e.TimeZone)
			if err != nil {
				return fmt.Errorf("template.yaml, Resources.%s, event %s: %w", f.ID, e.Event, err)
			}
			s := &scheduled{function: f.ID, event: e, when: when}
			c.schedules = append(c.schedules, s)
			c.say.Status("schedule", f.ID+"."+e.Event+" "+e.Expression)
			if !c.config.NoSchedules {
				go c.follow(ctx, s)
			}
		}
	}
	return nil
}

// follow fires s at its times. A time that passed while the machine slept is fired once, late.
func (c *Cloud) follow(ctx context.Context, s *scheduled) {
	now := c.clock.Now()
	for {
		next, ok := s.when.Next(now)
		if !ok {
			return
		}
		s.mu.Lock()
		s.next = next
		s.mu.Unlock()
		if c.clock.Sleep(ctx, next.Sub(c.clock.Now())) != nil {
			return
		}
		go c.fire(ctx, s, next)
		if now = next; c.clock.Now().Sub(now) > time.Minute {
			now = c.clock.Now()
		}
	}
}

// attempts of an asynchronous invocation: Lambda repeats a failed one twice.
const attempts = 3

func (c *Cloud) fire(ctx context.Context, s *scheduled, at time.Time) {
	for n := range attempts {
		r, err := c.run(ctx, s, at)
		if err == nil && r.ErrorType == "" || ctx.Err() != nil || errors.Is(err, lambdahost.ErrClosed) {
			return
		}
		if c.clock.Sleep(ctx, time.Duration(n+1)*10*time.Second) != nil { // Lambda waits minutes
			return
		}
	}
}

func (c *Cloud) run(ctx context.Context, s *scheduled, at time.Time) (lambdahost.Result, error) {
	payload := []byte(s.event.Input)
	if len(payload) == 0 {
		var err error
		payload, err = json.Marshal(map[string]any{
			"version": "0", "id": fmt.Sprintf("%s-%d", s.event.Event, at.UnixMilli()), "detail-type": "Scheduled Event", "source": "aws.events",
			"account": awslocal.Account, "region": awslocal.Region, "time": at.UTC().Format(time.RFC3339), "detail": map[string]any{},
			"resources": []string{"arn:aws:events:" + awslocal.Region + ":" + awslocal.Account + ":rule/" + s.function + s.event.Event},
		})
		if err != nil {
			return lambdahost.Result{}, err
		}
	}
	return c.invoke(ctx, s.function, payload)
}

// Tick fires a schedule now and waits for its end. The name is that of the event, or function.event.
func (c *Cloud) Tick(ctx context.Context, name string) (lambdahost.Result, error) {
	var found *scheduled
	for _, s := range c.schedules {
		if s.event.Event == name || s.function+"."+s.event.Event == name {
			if found != nil {
				return lambdahost.Result{}, fmt.Errorf("several schedules are called %s: say function.%s", name, name)
			}
			found = s
		}
	}
	if found == nil {
		return lambdahost.Result{}, fmt.Errorf("the template has no schedule %s", name)
	}
	return c.run(ctx, found, c.clock.Now())
}
