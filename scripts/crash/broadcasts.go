package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// cast is a broadcast to everybody whom Lumo knows.
type cast struct{ name, text, words, id string }

// broadcasts is somebody sending the same to everybody, and then to each their own.
func (s *scenario) broadcasts(ctx context.Context) error {
	casts := []cast{
		{name: "Everybody", text: "Autumn is here", words: "Autumn is here"},
		{name: "Each", text: "Dear {{line.name|friend}}, winter is near", words: ", winter is near"},
	}
	for _, c := range casts {
		if err := insist(ctx, "draft a broadcast", func() error { return s.draft(ctx, &c) }); err != nil {
			return err
		}
		at := "/api/v1/broadcasts/1/" + c.id
		err := insist(ctx, "confirm a broadcast", func() error {
			err := s.world.API(ctx, "POST", at+"/confirm", map[string]string{"requestId": "confirm-" + c.name}, nil)
			var now struct {
				Status string `json:"status"`
			}
			if err != nil && s.world.API(ctx, "GET", at, nil, &now) == nil && now.Status != "draft" {
				return nil // who confirmed it died with the answer
			}
			return err
		})
		if err != nil {
			return err
		}
		err = insist(ctx, "a broadcast", func() error {
			var now struct {
				Status string `json:"status"`
				Sent   int    `json:"sent"`
			}
			if err := s.world.API(ctx, "GET", at, nil, &now); err != nil {
				return err
			}
			if now.Status != "sent" || now.Sent != len(s.linked) {
				return fmt.Errorf("%s is %s, %d sent", c.name, now.Status, now.Sent)
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.casts = append(s.casts, c)
		if err := insist(ctx, "contacts tell of a broadcast", func() error { return s.reached(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *scenario) draft(ctx context.Context, c *cast) error {
	var made struct {
		ID string `json:"id"`
	}
	err := s.world.API(ctx, "POST", "/api/v1/broadcasts", map[string]any{
		"slot": 1, "name": c.name, "tracking": "off", "audience": map[string]string{"kind": "all"}, "bubbles": []map[string]string{{"kind": "text", "text": c.text}},
	}, &made)
	if c.id = made.ID; err == nil && c.id == "" {
		err = errors.New("the draft has no id")
	}
	return err
}

// reached compares broadcasts with the phones and with the contacts: each phone shows each of them once, and its contact names the last.
func (s *scenario) reached(context.Context) error {
	if len(s.casts) == 0 {
		return nil
	}
	last := s.casts[len(s.casts)-1].name
	for _, n := range slices.Sorted(maps.Keys(s.linked)) {
		log, err := s.outside.Line.ChatLog(s.account.ID, s.linked[n])
		if err != nil {
			return err
		}
		for _, c := range s.casts {
			times := 0
			for _, e := range log {
				if e.From == "account" && len(e.Text) >= len(c.words) && e.Text[len(e.Text)-len(c.words):] == c.words {
					times++
				}
			}
			if times > 1 {
				err := fmt.Errorf("%s came %d times to one phone", c.name, times)
				s.fail(err)
				return err
			}
			if times != 1 {
				return fmt.Errorf("%s did not come to a phone", c.name)
			}
		}
		r, err := s.outside.HubSpot.Record(portal, "contacts", n)
		if err != nil {
			return err
		}
		if got := r.Value("last_line_broadcast_name"); got != last {
			return fmt.Errorf("contact %d names %q as its last broadcast, not %q", n, got, last)
		}
	}
	return nil
}
