package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/harness"
	"lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/runner"
)

const (
	// chatters of each portal; together customers * chatters conversations go on at the same time.
	chatters = 4
	// firstInbox is the one that every portal of the sandbox has.
	firstInbox = 4001
	// watching is how often the inbox is looked at: so exact is the time of an answer.
	watching = 5 * time.Millisecond
)

// chatter is a person with a conversation in a portal's inbox.
type chatter struct {
	portal  int64
	channel string
	user    string
	thread  int64
}

// cloudInbox is the local cloud with the real functions, and the sandboxes in this process.
type cloudInbox struct {
	run     *run
	outside *harness.Outside
	people  []chatter
	portals []int64

	mu    sync.Mutex
	began map[string]time.Time // by what was written
	took  map[string]time.Duration
}

// measureConversations has friends write and agents answer through the real functions and their queues: LINE's webhook is sent until HubSpot shows the
// message, and the agent has written until LINE has the answer and HubSpot its status. The bare calls are those of measureInbox.
func measureConversations(ctx context.Context, r *run) ([]Figure, error) {
	n := max(min(r.Size/400, 250), 20)
	x := &cloudInbox{run: r, began: map[string]time.Time{}, took: map[string]time.Duration{}}
	stop, err := x.start(ctx)
	if err != nil {
		return nil, err
	}
	_, _, err = x.talk(ctx, 0, len(x.people)) // environments start, tokens are fetched
	var in, out []time.Duration
	if err == nil {
		in, out, err = x.talk(ctx, len(x.people), n)
	}
	stop()
	if err != nil {
		return nil, err
	}
	s, err := r.sending(ctx, n+customers)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	bare := &relaying{sending: s}
	if err := bare.connect(ctx); err != nil {
		return nil, err
	}
	if _, _, err := bare.talk(ctx, 0, customers, bare.bare); err != nil { // connections of the network
		return nil, err
	}
	bareIn, bareOut, err := bare.talk(ctx, customers, n, bare.bare)
	if err != nil {
		return nil, err
	}
	return r.compared("conversations", in, out, bareIn, bareOut), nil
}

// compared makes figures of both ways.
func (r *run) compared(name string, in, out, bareIn, bareOut []time.Duration) (figures []Figure) {
	for _, way := range []struct {
		name       string
		took, bare []time.Duration
	}{{"in", in, bareIn}, {"back", out, bareOut}} {
		for _, part := range []int{50, 99} {
			ours, bare := percentile(way.took, part), percentile(way.bare, part)
			figures = append(figures, info(fmt.Sprintf("%s_%s_p%d", name, way.name, part), float64(ours)/float64(bare), "of the sandboxes' own round trip"))
			r.say("%s %s p%d: %.1f ms, the sandboxes alone %.1f ms", name, way.name, part, ours.Seconds()*1000, bare.Seconds()*1000)
		}
	}
	return figures
}

// start runs the cloud and connects every portal's inbox, as its people do.
func (x *cloudInbox) start(ctx context.Context) (stop func(), err error) {
	if err := x.run.buildAll(ctx); err != nil {
		return nil, err
	}
	front, err := harness.FreeAddress()
	if err != nil {
		return nil, err
	}
	if x.outside, err = harness.Start(x.run.Root, "http://"+front); err != nil {
		return nil, err
	}
	cloud, err := runner.Start(ctx, runner.Config{
		Root: x.run.Root, State: filepath.Join(x.run.temp, "cloud-inbox"), Front: front, Control: "127.0.0.1:0", Out: io.Discard, TableInMemory: true, NoSchedules: true,
		Built: filepath.Join(x.run.temp, "bin"), Parameters: x.outside.Parameters(), Getenv: func(string) string { return "" },
	})
	if err != nil {
		x.outside.Close()
		return nil, err
	}
	stop = func() { cloud.Close(); x.outside.Close() }
	for i := range customers {
		if err := x.customer(ctx, int64(3001+i)); err != nil {
			stop()
			return nil, err
		}
	}
	if err := x.greet(ctx); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// customer is one portal from nothing to a connected inbox.
func (x *cloudInbox) customer(ctx context.Context, portal int64) error {
	w, b := x.outside.World(portal), demo.NewBrowser()
	account, err := w.Seed(ctx, demo.Size{Contacts: 1, Friends: chatters})
	if err != nil {
		return err
	}
	if err := w.Install(ctx, b); err != nil {
		return err
	}
	if err := w.Connect(ctx, b, account); err != nil {
		return err
	}
	// A machine that is too busy to answer LINE in time would lose messages otherwise, as it would at LINE.
	again := true
	if _, err := x.outside.Line.ConfigureChannel(account.ID, linesandbox.ChannelChange{Redelivery: &again}); err != nil {
		return err
	}
	if err := w.ConnectInbox(ctx, demo.NewBrowser(), x.outside.HubSpot.Channels()[0], firstInbox, 1); err != nil {
		return err
	}
	friends, err := w.People(ctx, account)
	if err != nil {
		return err
	}
	for user := range friends {
		x.people = append(x.people, chatter{portal: portal, channel: account.ID, user: user})
	}
	x.portals = append(x.portals, portal)
	return nil
}

// greet opens every conversation; an inbox that HubSpot has just connected may miss the first words.
func (x *cloudInbox) greet(ctx context.Context) error {
	const tries, pause = 20, time.Second
	for range tries {
		missing := 0
		for i := range x.people {
			p := &x.people[i]
			if p.thread != 0 {
				continue
			}
			missing++
			if _, err := x.outside.Line.SendText(p.channel, p.user, "Hello"); err != nil {
				return err
			}
		}
		if missing == 0 {
			return nil
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		for _, portal := range x.portals {
			threads, err := x.outside.HubSpot.Threads(portal)
			if err != nil {
				return err
			}
			for i := range x.people {
				for _, t := range threads {
					if p := &x.people[i]; p.portal == portal && p.user == t.Visitor {
						p.thread = t.ID
					}
				}
			}
		}
	}
	return errors.New("not every conversation came to HubSpot's inbox")
}

// talk begins n questions and n answers at their rate, the first one being number first, and waits for all so far.
func (x *cloudInbox) talk(ctx context.Context, first, n int) (in, out []time.Duration, err error) {
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := make(chan error, 1)
	go func() { seen <- x.watch(watch, 2*(first+n)) }()
	began := time.Now()
	for i := first; i < first+n; i++ {
		if err := sleep(ctx, time.Duration(i-first)*conversation-time.Since(began)); err != nil {
			return nil, nil, err
		}
		asks, hears := x.people[i%len(x.people)], x.people[(i+len(x.people)/2)%len(x.people)]
		x.mark(question(i))
		if _, err := x.outside.Line.SendText(asks.channel, asks.user, question(i)); err != nil {
			return nil, nil, err
		}
		x.mark(reply(i))
		if _, err := x.outside.HubSpot.Reply(hears.portal, hears.thread, 1, reply(i)); err != nil {
			return nil, nil, err
		}
	}
	if err := <-seen; err != nil {
		return nil, nil, err
	}
	for i := first; i < first+n; i++ {
		in, out = append(in, x.took[question(i)]), append(out, x.took[reply(i)])
	}
	return in, out, nil
}

func question(i int) string { return fmt.Sprint("Do you have umbrellas? ", i) }
func reply(i int) string    { return fmt.Sprint("Upstairs. ", i) }

func (x *cloudInbox) mark(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.began[text] = time.Now()
}

// watch notes when each text is there: a question when HubSpot has published it, an answer when its status is set.
func (x *cloudInbox) watch(ctx context.Context, all int) error {
	const patience = 2 * time.Minute
	for began := time.Now(); ; {
		for _, portal := range x.portals {
			threads, err := x.outside.HubSpot.Threads(portal)
			if err != nil {
				return err
			}
			now := time.Now()
			x.mu.Lock()
			for _, t := range threads {
				for _, m := range t.Messages {
					at, known := x.began[m.Text]
					if _, done := x.took[m.Text]; known && !done && (m.Incoming || m.Edits > 0) {
						x.took[m.Text] = now.Sub(at)
					}
				}
			}
			x.mu.Unlock()
		}
		x.mu.Lock()
		have := len(x.took)
		x.mu.Unlock()
		if have == all {
			return nil
		}
		if time.Since(began) > patience {
			return fmt.Errorf("%d of %d messages arrived", have, all)
		}
		if err := sleep(ctx, watching); err != nil {
			return err
		}
	}
}
