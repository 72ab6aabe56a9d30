package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"lumo/scripts/demo"
)

// said is one message that somebody wrote on a contact's card.
type said struct {
	contact    int64
	user, id   string
	persistent bool // repeated until it is sent; otherwise the minute tick goes on with it
}

func (m said) text() string { return "Your order is ready: " + m.id }

// talk is people writing to friends. HubSpot's proxy sends each request three times at once.
func (s *scenario) talk(ctx context.Context) error {
	for i, c := range slices.Sorted(maps.Keys(s.linked))[:3] {
		s.said = append(s.said, said{contact: c, user: s.linked[c], id: fmt.Sprintf("message-%d", i), persistent: i != 0})
	}
	for _, m := range s.said {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _, _ = s.say(ctx, m) })
		}
		all.Wait()
		if !m.persistent {
			if err := insist(ctx, "a message is taken", func() error { return s.kept(ctx, m) }); err != nil {
				return err
			}
			continue
		}
		err := insist(ctx, "a message that is repeated", func() error {
			status, err := s.say(ctx, m)
			if err == nil && status != "sent" {
				err = fmt.Errorf("it is %s", status)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return insist(ctx, "messages", func() error { return s.heard(ctx) })
}

// say sends the request and tells what became of the message.
func (s *scenario) say(ctx context.Context, m said) (string, error) {
	var out struct {
		Message struct {
			Status string `json:"status"`
		} `json:"message"`
	}
	in := map[string]string{"requestId": m.id, "contact": fmt.Sprint(m.contact), "text": m.text()}
	err := s.world.API(ctx, "POST", "/api/v1/friends/1/"+m.user+"/messages", in, &out)
	return out.Message.Status, err
}

// kept wants the message to be in the conversation: everything that took the request may have died before it was stored, and then its
// sender would repeat it.
func (s *scenario) kept(ctx context.Context, m said) error {
	var refusal *demo.APIError
	switch status, err := s.shown(ctx, m); {
	case err != nil:
		return err
	case status != "":
		return nil
	}
	if _, err := s.say(ctx, m); err != nil && !errors.As(err, &refusal) {
		return err
	}
	return errors.New("it is not in the conversation")
}

// shown is what Lumo tells of a message, "" when it is not there.
func (s *scenario) shown(ctx context.Context, m said) (string, error) {
	var page struct {
		Items []struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"items"`
	}
	if err := s.world.API(ctx, "GET", "/api/v1/friends/1/"+m.user+"/messages", nil, &page); err != nil {
		return "", err
	}
	for _, x := range page.Items {
		if x.ID == m.id {
			return x.Status, nil
		}
	}
	return "", nil
}

// heard compares what was written with the phones: each message came once, and Lumo says so.
func (s *scenario) heard(ctx context.Context) error {
	for _, m := range s.said {
		status, err := s.shown(ctx, m)
		if err != nil {
			return err
		}
		log, err := s.outside.Line.ChatLog(s.account.ID, m.user)
		if err != nil {
			return err
		}
		n := 0
		for _, e := range log {
			if e.From == "account" && e.Text == m.text() {
				n++
			}
		}
		if n > 1 {
			err := fmt.Errorf("%s came %d times", m.id, n)
			s.fail(err)
			return err
		}
		if n != 1 || status != "sent" {
			return fmt.Errorf("%s came %d times, Lumo says %q", m.id, n, status)
		}
	}
	return nil
}
