package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/harness"
	"lumo/scripts/hubspotsandbox"
	"lumo/shared/syncrun"
)

// route says how far a scenario goes beyond the initial sync.
type route string

const (
	// firstSync: install, map phone and company name, connect the LINE account, and everything that follows by itself.
	firstSync route = "first sync"
	// friends: then the account's friends are imported.
	friends route = "import of friends"
	// daily: then people edit in HubSpot, in Lumo and on LINE.
	daily route = "edits"
	// talking: then people write to friends from the card.
	talking route = "messages"
	// casting: then somebody broadcasts, to everybody the same and to each their own.
	casting route = "broadcasts"
	// enrolling: then a HubSpot workflow sends to everybody.
	enrolling route = "workflows"
)

// Worlds larger than the small one: a crowd is read page by page and written in several batches; many are read from both ends, and a
// person confirms what they change in HubSpot.
const (
	crowd = "crowd"
	many  = "both ends"
)

var sizes = map[string]demo.Size{
	"":    {Contacts: 60, Companies: 6, Lists: 3, Friends: 50, Linked: 40},
	crowd: {Contacts: 420, Lists: 3, Friends: 300, Linked: 260},
	many:  {Contacts: 1500, Lists: 3, Friends: 1300, Linked: 1300},
}

const portal = 1001

// scenario is one world with one shot in it.
type scenario struct {
	Options
	route   route
	size    demo.Size
	shot    *shot // nil: undisturbed
	fault   *planted
	folder  string
	outside *harness.Outside
	world   *demo.World
	tap     *tap
	cloud   *cloud
	account demo.Account
	linked  map[int64]string // contact -> LINE User ID
	said    []said
	casts   []cast // that are out
	flows   []flow // that everybody is in
	fail    context.CancelCauseFunc
}

// ran is what a scenario cost.
type ran struct {
	calls map[string]int // that HubSpot received, by endpoint
	kills int
	took  time.Duration
}

// run goes through the whole scenario and checks the outcome from outside.
func (s *scenario) run(ctx context.Context) (out ran, err error) {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, s.patience(), fmt.Errorf("not done within %s", s.patience()))
	defer cancel()
	ctx, s.fail = context.WithCancelCause(ctx)
	defer s.fail(nil)
	defer s.close()
	if err = s.open(ctx); err == nil {
		err = s.walk(ctx)
	}
	if err == nil {
		// What a retried action set in motion may still be under way; what is wrong for good stays wrong.
		err = insist(ctx, "both sides", func() error {
			if err := s.settled(ctx); err != nil {
				return err
			}
			return s.verify(ctx)
		})
	}
	if s.shot != nil {
		s.shot.mu.Lock()
		out.kills = s.shot.kills
		s.shot.mu.Unlock()
		if err == nil && out.kills < killsPerPoint {
			err = fmt.Errorf("the point was reached %d times only", out.kills)
		}
	}
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	if s.outside != nil {
		out.calls = s.calls()
	}
	out.took = time.Since(began)
	return out, err
}

func (s *scenario) patience() time.Duration {
	d := 3 * time.Minute
	d += time.Duration(s.size.Contacts) * time.Second / 2
	if s.shot != nil && s.shot.slow {
		d += 4 * time.Minute
	}
	return d
}

// open starts the sandboxes, the tap and the local cloud.
func (s *scenario) open(ctx context.Context) error {
	front, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	if s.outside, err = harness.Start(s.Root, "http://"+front); err != nil {
		return err
	}
	// A webhook that meets a killed function comes again soon, not after HubSpot's minutes.
	s.outside.HubSpot.SetWebhooks(hubspotsandbox.WebhookSettings{DelayMs: 20, RetryMs: []int64{500, 500, 1000, 2000, 5000}})
	s.world = s.outside.World(portal)
	s.tap, err = newTap(s.shot, func() error { return s.restart(ctx) }, s.fail)
	if err != nil {
		return err
	}
	s.tap.fault = s.fault
	parameters := s.outside.Parameters()
	parameters["HubspotApiUrl"] = s.tap.through("hubspot", s.outside.HubSpotURL)
	for _, name := range []string{"LineApiUrl", "LineDataApiUrl", "LineAccessUrl"} {
		parameters[name] = s.tap.through("line", s.outside.LineURL)
	}
	log, err := os.Create(filepath.Join(s.folder, "cloud.log"))
	if err != nil {
		return err
	}
	s.cloud = &cloud{log: log, process: process{Root: s.Root, State: filepath.Join(s.folder, "state"), Built: s.built, Front: front, Tap: s.tap.url, Parameters: parameters}}
	return s.cloud.start(ctx)
}

// restart kills the local cloud and starts it again beside the caller, who is in the middle of a call.
func (s *scenario) restart(ctx context.Context) error {
	if err := s.cloud.kill9(ctx); err != nil {
		return err
	}
	go func() {
		if err := s.cloud.start(ctx); err != nil {
			s.fail(err)
			return
		}
		s.shot.up()
	}()
	return nil
}

func (s *scenario) close() {
	if s.cloud != nil {
		s.cloud.close()
		s.cloud.log.Close()
	}
	if s.tap != nil {
		s.tap.close()
	}
	if s.outside != nil {
		s.outside.Close()
	}
}

// insist does what a person does when a page fails: the same again. When time is up, it tells what was wrong before.
func insist(ctx context.Context, what string, try func() error) error {
	var last error
	for {
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil && last != nil {
			err = last
		}
		last = err
		if pause(ctx, 500*time.Millisecond) != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// walk is what people do, in order; the minute tick goes on beside it, every two seconds.
func (s *scenario) walk(ctx context.Context) error {
	if err := s.seed(ctx); err != nil {
		return err
	}
	ticking, stop := context.WithCancel(ctx)
	defer stop()
	go s.tick(ticking)
	b := demo.NewBrowser()
	if err := insist(ctx, "install", func() error { return s.world.Install(ctx, b) }); err != nil {
		return err
	}
	for _, property := range []string{"phone", "company_name"} {
		if err := insist(ctx, "map "+property, func() error { return s.mapProperty(ctx, property) }); err != nil {
			return err
		}
	}
	if err := insist(ctx, "map fields", func() error { return s.mapped(ctx) }); err != nil {
		return err
	}
	began := time.Now()
	if err := insist(ctx, "connect", func() error { return s.world.Connect(ctx, b, s.account) }); err != nil {
		return err
	}
	if err := s.synced(ctx, began.Add(-time.Second)); err != nil {
		return err
	}
	if s.size.Linked > syncrun.PreviewAbove {
		if err := s.confirm(ctx); err != nil {
			return err
		}
	}
	if s.route == friends {
		if err := s.importFriends(ctx); err != nil {
			return err
		}
	}
	if s.route == daily {
		if err := s.edits(ctx); err != nil {
			return err
		}
	}
	if s.route == casting {
		if err := s.broadcasts(ctx); err != nil {
			return err
		}
	}
	if s.route == enrolling {
		if err := s.workflows(ctx); err != nil {
			return err
		}
	}
	if s.route == talking {
		if err := s.talk(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *scenario) seed(ctx context.Context) (err error) {
	if s.account, err = s.world.Seed(ctx, s.size); err != nil {
		return err
	}
	rs, err := s.outside.HubSpot.Records(portal, "contacts")
	if err != nil {
		return err
	}
	s.linked = map[int64]string{}
	for _, r := range rs {
		if u := r.Value("line_user_id"); u != "" {
			s.linked[r.ID] = u
		}
	}
	return nil
}

// tick fires the minute tick more often than every minute; while the cloud is dead nobody does.
func (s *scenario) tick(ctx context.Context) {
	for pause(ctx, 2*time.Second) == nil {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cloud.endpoint()+"/_local/tick?name=Tick", http.NoBody)
		if err != nil {
			return
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
}

func (s *scenario) mapProperty(ctx context.Context, property string) error {
	err := s.world.API(ctx, "POST", "/api/v1/mappings", map[string]string{"property": property}, nil)
	var refusal *demo.APIError
	if errors.As(err, &refusal) && refusal.Code == "ALREADY_MAPPED" {
		return nil
	}
	return err
}

// calls counts what HubSpot received for the portal and for the app. Polls of the journal go with the clock, not with the work, and the
// tick runs thirty times too often here.
func (s *scenario) calls() map[string]int {
	out := maps.Clone(s.outside.HubSpot.Stats(portal).Endpoints)
	for endpoint, n := range s.outside.HubSpot.Stats(0).Endpoints {
		if !strings.Contains(endpoint, "/webhooks-journal/journal/") && endpoint != "GET journal file" {
			out[endpoint] += n
		}
	}
	return out
}
