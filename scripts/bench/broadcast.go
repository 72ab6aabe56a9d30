package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/shared/broadcast"
	"lumo/shared/bubble"
	"lumo/shared/chain"
	"lumo/shared/friend"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/tracking"
	"lumo/shared/work"
)

// sending is a world with LINE behind a socket and a crowd of friends.
type sending struct {
	*world
	line    *linesandbox.Server
	address string
	channel *line.ChannelClient
	rows    *keeper
	people  []id.LineUserID
}

func (r *run) sending(ctx context.Context, friends int) (*sending, error) {
	w, err := r.world(ctx, setup{contacts: min(friends, 10_000), latency: hubspotsandbox.Latency{}})
	if err != nil {
		return nil, err
	}
	s := &sending{world: w, rows: newKeeper()}
	return s, s.open(ctx, friends)
}

func (s *sending) open(ctx context.Context, friends int) error {
	s.line = linesandbox.New(linesandbox.Config{Clock: s.clock, Seed: 3, PublicURL: "http://line.test"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.line, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	s.closers = append(s.closers, func() { server.Close() })
	s.address = "http://" + l.Addr().String()
	c, err := s.line.CreateChannel(linesandbox.ChannelSpec{Provider: s.line.CreateProvider("Shop").ID, Name: "Shop", Verified: true})
	if err != nil {
		return err
	}
	s.channel = line.New(line.Config{APIURL: s.address, DataURL: s.address, Clock: s.clock}).Channel(line.Channel{ID: c.ID, Secret: c.Secret})
	crowd, err := s.line.AddFriends(c.ID, friends, true)
	if err != nil {
		return err
	}
	scope, err := s.app.Scopes().Scope(ctx, hub)
	if err != nil {
		return err
	}
	all := make([]friend.Friend, 0, friends)
	for i, p := range crowd {
		f := friend.Friend{Name: "Friend", Follow: friend.Following}
		if i < len(s.contacts) { // as after a first sync: HubSpot holds all but the broadcast
			if f, err = s.linkedFriend(i, scope); err != nil {
				return err
			}
		}
		f.Key, f.Ordinal, f.Version = friend.Key{Slot: slot, User: id.LineUserID(p.LineUserID)}, uint32(i), 1
		if f.Shown != nil {
			f.Shown["user_id"] = p.LineUserID
		}
		s.rows.put(f)
		s.people = append(s.people, f.User)
		all = append(all, f)
	}
	if _, err := s.app.Friends().Ordinals(ctx, hub, slot, friends); err != nil {
		return err
	}
	return s.app.FriendIndex().Ensure(ctx, hub, slot, all)
}

// benchLine is broadcast.Line over one channel.
type benchLine struct{ c *line.ChannelClient }

func (b benchLine) Channel(context.Context, id.PortalID, id.Slot) (broadcast.Channel, error) {
	return b, nil
}

func (b benchLine) Multicast(ctx context.Context, key string, to []id.LineUserID, m broadcast.Message) error {
	_, err := b.c.Multicast(ctx, key, to, line.Outgoing{Messages: m.Messages})
	return err
}

func (b benchLine) Push(ctx context.Context, key string, to id.LineUserID, m broadcast.Message) error {
	_, err := b.c.BulkPush(ctx, key, to, line.Outgoing{Messages: m.Messages})
	return err
}

func (b benchLine) Validate(ctx context.Context, ms []json.RawMessage) error {
	return b.c.Validate(ctx, ms)
}

func (b benchLine) Quota(context.Context) (broadcast.Quota, error) { return broadcast.Quota{}, nil }

// send confirms a broadcast of a text and works until it is sent and told. It tells how long the sending took.
func (s *sending) send(ctx context.Context, name, text string, limit int) (broadcast.Broadcast, time.Duration, error) {
	v := s.app.Broadcasts()
	v.Line, v.Sender.Line, v.Sender.Friends = benchLine{s.channel}, benchLine{s.channel}, s.rows
	v.Sender.Tell = &tracking.Notes{Friends: s.rows, Outbox: s.app.Outbox(), Clock: s.clock, Parallel: 32}
	if limit > 0 {
		v.Sender.Selector = firstOf(limit)
		v.Selector = v.Sender.Selector
	}
	b, err := v.Create(ctx, hub, broadcast.New{ID: name, Slot: slot, At: s.clock.Now(), Content: broadcast.Content{
		Name: name, Bubbles: bubble.OfText(text), Audience: broadcast.Audience{Kind: broadcast.Everyone},
	}})
	if err != nil {
		return b, 0, err
	}
	if _, err = v.Confirm(ctx, hub, slot, name, s.nobody(), 0); err != nil {
		return b, 0, err
	}
	for {
		ms := s.sent.Take(queue.BroadcastSteps)
		if len(ms) == 0 {
			break
		}
		for _, m := range ms {
			var step chain.Message
			if err := json.Unmarshal(m.Body, &step); err != nil {
				return b, 0, err
			}
			if err := v.Sender.Step(ctx, step); err != nil {
				return b, 0, err
			}
		}
	}
	b, err = v.Store.Get(ctx, hub, slot, name)
	if err == nil && b.Status != broadcast.Sent {
		err = fmt.Errorf("%w: %s is %s", errOver, name, b.Status)
	}
	return b, time.Duration(b.EndedAt-b.StartedAt) * time.Millisecond, err
}

func measureBroadcast(ctx context.Context, r *run) ([]Figure, error) {
	s, err := r.sending(ctx, r.Size)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	chunks := (r.Size + broadcast.ChunkSize - 1) / broadcast.ChunkSize
	s.table.reset()
	b, took, err := s.send(ctx, "equal", "hello", 0)
	if err != nil {
		return nil, err
	}
	accepted, size := s.accepted("/message/multicast"), s.size(ctx, b)
	r.say("equal: %d recipients in %.1f s, %d multicasts, writes %v, %d bytes of audience", b.Progress.Sent, took.Seconds(), accepted, s.table.kinds(), size)
	figures := []Figure{
		atMost("broadcast_multicasts", float64(accepted)/float64(chunks), "per 500 recipients", 1),
		atMost("broadcast_writes", float64(s.table.total())/float64(chunks), "items per 500 recipients", max(4, 16/float64(chunks))),
		atMost("broadcast_audience", float64(size)/float64(r.Size), "bytes per recipient", 18),
	}
	told, err := s.told(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.reacted(ctx)
	if err != nil {
		return nil, err
	}
	figures = append(figures, told, all)
	personal, err := s.personal(ctx, r)
	return append(figures, personal...), err
}

// told flushes what HubSpot must learn of the broadcast.
func (s *sending) told(ctx context.Context) (Figure, error) {
	s.calls.reset()
	f := s.app.Flusher()
	f.Friends = s.rows
	out, err := s.drain(ctx, f)
	calls := s.calls.all()
	s.run.say("last broadcast: %d contacts, %d fields, calls %v", out.Contacts, out.Fields, kinds(calls))
	return atMost("broadcast_hubspot_calls", float64(len(calls))*1000/float64(max(out.Contacts, 1)), "per 1,000 contacts", 10.5), err
}

// reacted flushes all four "Last ..." properties: those who got the next broadcast opened it and clicked before HubSpot was told.
func (s *sending) reacted(ctx context.Context) (Figure, error) {
	notes := &tracking.Notes{Friends: s.rows, Outbox: s.app.Outbox(), Clock: s.clock, Parallel: 32}
	now := s.clock.Now().UnixMilli()
	for part := range slices.Chunk(s.people[:min(len(s.people), len(s.contacts))], 500) {
		var ks []friend.Key
		seen := map[friend.Key]tracking.Seen{}
		for _, u := range part {
			k := friend.Key{Slot: slot, User: u}
			ks, seen[k] = append(ks, k), tracking.Seen{Opened: now + 1, Clicked: now + 2}
		}
		if err := errors.Join(notes.Tell(ctx, hub, ks, "next", now), notes.Saw(ctx, hub, seen)); err != nil {
			return Figure{}, err
		}
	}
	if err := s.clock.Sleep(ctx, friend.CoalesceMillis*time.Millisecond); err != nil { // those who were just written wait
		return Figure{}, err
	}
	s.calls.reset()
	f := s.app.Flusher()
	f.Friends = s.rows
	out, err := s.drain(ctx, f)
	calls := s.calls.all()
	s.run.say("four properties: %d contacts, %d fields, calls %v", out.Contacts, out.Fields, kinds(calls))
	if err == nil && (out.Contacts == 0 || out.Fields != 4*out.Contacts) {
		err = fmt.Errorf("%w: %d fields of %d contacts", errOver, out.Fields, out.Contacts)
	}
	return atMost("broadcast_four_properties_hubspot_calls", float64(len(calls))*1000/float64(max(out.Contacts, 1)), "per 1,000 contacts", 10.5), err
}

const (
	// turns of the comparison: what else the machine does weighs on both sides alike.
	turns = 4
	// warming is how long a bare loop may take to spend what LINE's sandbox takes beyond its rate from somebody who was quiet. It is not timed until
	// then: Lumo's sending is paced and spends none of it.
	warming = 3 * time.Second
)

// personal compares personalised pushes with a bare loop that sends the same to as many friends through the same sandbox, in turns.
func (s *sending) personal(ctx context.Context, r *run) ([]Figure, error) {
	n := max(min(r.Size, 20_000)/turns, 1)
	s.table.reset()
	var ours, bare time.Duration
	sent := 0
	for turn := range turns {
		b, took, err := s.send(ctx, fmt.Sprintf("personal-%d", turn), "Hi {{line.name|you}}", n)
		if err != nil {
			return nil, err
		}
		alone, err := s.bare(ctx, fmt.Sprintf("bare-%d", turn), n)
		if err != nil {
			return nil, err
		}
		ours, bare, sent = ours+took, bare+alone, sent+b.Progress.Sent
	}
	chunks := float64(turns*n) / broadcast.ChunkSize
	r.say("personal: %d in %.1f s, bare loop %.1f s", sent, ours.Seconds(), bare.Seconds())
	return []Figure{
		atLeast("broadcast_personal_of_bare_loop", bare.Seconds()/ours.Seconds(), "share", 0.7),
		atMost("broadcast_personal_writes", float64(s.table.total())/chunks, "items per 500 recipients", max(4, 24*turns/chunks)),
	}, nil
}

// bare pushes to n friends with nothing around it; a 429 is tried again. It is timed from its first 429 on, or when it was at work for a while.
func (s *sending) bare(ctx context.Context, name string, n int) (time.Duration, error) {
	token, err := s.line.IssueLongLivedToken(s.line.Channels()[0].ID)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var warm atomic.Bool
	push := func(ctx context.Context, key string, to id.LineUserID) error {
		for {
			status, err := s.barePush(ctx, client, token, key, to)
			if err != nil || status == http.StatusOK {
				return err
			}
			if status != http.StatusTooManyRequests {
				return fmt.Errorf("bare push: %d", status)
			}
			warm.Store(true)
			time.Sleep(5 * time.Millisecond)
		}
	}
	began := time.Now()
	err = work.Each(ctx, 64, n, func(ctx context.Context, i int) error {
		for at := 0; !warm.Load() && time.Since(began) < warming; at++ {
			if err := push(ctx, broadcast.Key(name, "warm", fmt.Sprint(i), fmt.Sprint(at)), s.people[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	began = time.Now()
	err = work.Each(ctx, 64, n, func(ctx context.Context, i int) error {
		return push(ctx, broadcast.Key(name, fmt.Sprint(i)), s.people[i])
	})
	return time.Since(began), err
}

func (s *sending) barePush(ctx context.Context, client *http.Client, token, key string, to id.LineUserID) (int, error) {
	body := fmt.Sprintf(`{"to":%q,"messages":[{"type":"text","text":"Hi Friend"}]}`, to)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/v2/bot/message/push", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Line-Retry-Key", key)
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Body.Close()
}

func (s *sending) accepted(path string) int {
	n := 0
	for _, e := range s.line.Stats().Endpoints {
		if strings.HasSuffix(e.Endpoint, path) {
			n += e.Statuses["200"]
		}
	}
	return n
}

// size of the frozen audience's object.
func (s *sending) size(ctx context.Context, b broadcast.Broadcast) int {
	body, err := s.blobs.Get(ctx, hub, b.Frozen.Blob)
	if err != nil {
		return 0
	}
	defer body.Close()
	n, _ := io.Copy(io.Discard, body)
	return int(n)
}

// firstOf selects the first n friends.
type firstOf int

func (n firstOf) Select(context.Context, id.PortalID, id.Slot, broadcast.Audience, broadcast.Freshness) (broadcast.Selection, error) {
	return broadcast.Selection{Match: func(e friendindex.Entry) bool { return int(e.Ordinal) < int(n) }}, nil
}

// nobody is who confirms.
func (s *sending) nobody() portal.Actor { return portal.Actor{UserID: 1} }
