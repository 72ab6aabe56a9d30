package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lumo/shared/bubble"
	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/message"
	"lumo/shared/messagetemplate"
	"lumo/shared/portal"
)

// errEmpty: the step names neither a template nor a text.
var errEmpty = errors.New("there is nothing to send")

// compose makes LINE's objects of what the step says: the template, with the friend's values in it, or the texts, in which HubSpot has
// replaced its tokens already. A text that is a JSON object with a type is a message object of LINE.
func (s *Service) compose(ctx context.Context, c Call, f friend.Friend) (made, error) {
	if name := c.Inputs[InputTemplate]; name != "" {
		return s.template(ctx, c, f, name)
	}
	bubbles := texts(c.Inputs)
	if len(bubbles) == 0 {
		return made{}, errEmpty
	}
	if err := bubble.CheckLiteral(bubbles); err != nil {
		return made{}, err
	}
	objects, err := bubble.MessagesLiteral(bubbles)
	return made{objects, bubble.Summary(bubbles)}, err
}

func (s *Service) template(ctx context.Context, c Call, f friend.Friend, name string) (made, error) {
	t, err := s.Templates.Get(ctx, c.Portal, f.Slot, name)
	if err != nil {
		return made{}, err
	}
	if c.Workflow != "" {
		hour := time.UnixMilli(c.At).Truncate(time.Hour).UnixMilli()
		if err := s.Templates.Used(ctx, c.Portal, f.Slot, name, messagetemplate.Use{Workflow: c.Workflow, LastAt: hour}); err != nil {
			return made{}, err
		}
	}
	values, err := s.Merger.Values(ctx, c.Portal, f.Slot)
	if err != nil {
		return made{}, err
	}
	objects, err := bubble.Messages(t.Bubbles, values(f))
	return made{objects, t.Summary}, err
}

func texts(inputs map[string]string) []bubble.Bubble {
	var out []bubble.Bubble
	for n := 1; n <= bubble.MaxBubbles; n++ {
		text := strings.TrimSpace(inputs[fmt.Sprint(InputText, n)])
		if text == "" {
			continue
		}
		var head struct {
			Type string `json:"type"`
		}
		if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &head) == nil && head.Type != "" {
			out = append(out, bubble.Bubble{Kind: bubble.Raw, Contents: json.RawMessage(text)})
			continue
		}
		out = append(out, bubble.OfText(text)...)
	}
	return out
}

// send is the step "Send LINE message" for a friend. The intent of package chat stands for the message: its ID is the execution's, so that
// whoever comes again goes on with the same message under the same retry key.
func (s *Service) send(ctx context.Context, e Execution, row portal.Portal) (Execution, error) {
	now, c := s.Clock.Now(), e.Call
	if now.After(e.Deadline()) {
		return s.end(ctx, e, Failed, ReasonLate, chat.CodeUnavailable)
	}
	end, quiet, err := s.quiet(ctx, e, row)
	if err != nil || quiet {
		return e.Later(end), err
	}
	f, ok, err := s.recipient(ctx, e)
	switch {
	case err != nil:
		return e, err
	case !ok:
		return s.end(ctx, e, SkippedUnlinked, ReasonUnlinked, chat.CodeNoFriend)
	}
	m, err := s.compose(ctx, c, f)
	if err != nil {
		return s.refused(e, err)
	}
	content, err := chat.OfObjects(m.objects, m.summary)
	if err != nil {
		return e, err
	}
	r := chat.Request{Friend: *e.Target, ID: e.ID, Content: content, By: portal.Actor{Email: "workflow"}, Automatic: true}
	if !c.Company {
		r.Contact = c.Contact
	}
	i, err := s.Chat.Send(ctx, c.Portal, r)
	if err != nil {
		return s.refused(e, err)
	}
	return outcome(e, i, now), nil
}

// quiet tells until when nobody is to be disturbed.
func (s *Service) quiet(ctx context.Context, e Execution, row portal.Portal) (end time.Time, ok bool, err error) {
	if e.Call.Inputs[InputQuietHours] != Respect {
		return end, false, nil
	}
	hours, err := s.Store.Quiet(ctx, e.Call.Portal)
	if err != nil {
		return end, false, err
	}
	end, ok = hours.Until(s.Clock.Now(), row.Zone())
	return end, ok, nil
}

// end decides without LINE. A message that was on its way already knows better what became of it.
func (s *Service) end(ctx context.Context, e Execution, status Status, reason, code string) (Execution, error) {
	now := s.Clock.Now()
	if e.Target == nil {
		return e.Decided(status, reason, now), nil
	}
	i, ok, err := s.Chat.Stop(ctx, e.Call.Portal, *e.Target, e.ID, code)
	if err != nil {
		return e, err
	}
	if ok && (i.Status == message.Sent || i.Status == message.Unclear) {
		return outcome(e, i, now), nil
	}
	return e.Decided(status, reason, now), nil
}

// outcome reads what became of the message.
func outcome(e Execution, i chat.Intent, now time.Time) Execution {
	e.RequestID = i.CorrelationID
	switch i.Status {
	case message.Sent:
		return e.Decided(Sent, "", now)
	case message.Unclear:
		return e.Decided(Failed, ReasonUnknown, now)
	case message.Failed:
		switch i.Code {
		case chat.CodeQuota:
			return e.Decided(HeldQuota, ReasonQuota, now)
		case chat.CodeBlocked:
			return e.Decided(SkippedBlocked, ReasonBlocked, now)
		}
		return e.Decided(Failed, i.Code, now)
	}
	return e.Later(now.Add(time.Minute))
}

// refused are the ends before LINE was called. Any other error is trouble of our own: the call comes again.
func (s *Service) refused(e Execution, err error) (Execution, error) {
	now := s.Clock.Now()
	var bad bubble.Problems
	switch {
	case errors.As(err, &bad):
		return e.Decided(Failed, bad[0].Code, now), nil
	case errors.Is(err, errEmpty):
		return e.Decided(Failed, ReasonEmpty, now), nil
	case errors.Is(err, messagetemplate.ErrUnknown):
		return e.Decided(Failed, ReasonTemplate, now), nil
	case errors.Is(err, chat.ErrBlocked):
		return e.Decided(SkippedBlocked, ReasonBlocked, now), nil
	case errors.Is(err, chat.ErrGroupLeft):
		return e.Decided(Failed, chat.CodeGroupLeft, now), nil
	case errors.Is(err, chat.ErrGroupLinking):
		return e.Decided(Failed, chat.CodeLinking, now), nil
	case errors.Is(err, chat.ErrUnlinked), errors.Is(err, chat.ErrNoFriend), errors.Is(err, chat.ErrNoGroup):
		return e.Decided(SkippedUnlinked, ReasonUnlinked, now), nil
	case errors.Is(err, chat.ErrAccount):
		return e.Decided(Failed, ReasonAccount, now), nil
	case errors.Is(err, chat.ErrUnverified):
		return e.Decided(Failed, chat.CodeUnverified, now), nil
	}
	return e, err
}

// release tries a held message again: the month may have begun anew, or somebody bought more.
func (s *Service) release(ctx context.Context, e Execution, row portal.Portal) (Execution, error) {
	now := s.Clock.Now()
	_, ok, err := s.recipient(ctx, e)
	if err != nil {
		return e, err
	}
	if now.UnixMilli() >= e.HeldUntil || !ok {
		e.HeldUntil = 0
		return e.settle(now), nil
	}
	if end, quiet, err := s.quiet(ctx, e, row); err != nil || quiet {
		return e.Later(end), err
	}
	i, err := s.Chat.Retry(ctx, e.Call.Portal, *e.Target, e.ID)
	switch {
	case err == nil && i.Code == chat.CodeQuota:
	case err == nil && unsettled(i):
	case err == nil, errors.Is(err, chat.ErrBlocked), errors.Is(err, chat.ErrFinal), errors.Is(err, chat.ErrNoMessage), errors.Is(err, chat.ErrAccount), errors.Is(err, chat.ErrNoFriend),
		errors.Is(err, chat.ErrNoGroup), errors.Is(err, chat.ErrGroupLeft), errors.Is(err, chat.ErrGroupLinking):
		e.HeldUntil = 0
	default:
		return e, err
	}
	return e.settle(now), nil
}

// consents tells whether marketing may be sent: the contact's own word in HubSpot.
func (s *Service) consents(ctx context.Context, c Call, slot id.Slot) (bool, error) {
	if c.Inputs[InputCategory] == Transactional {
		return true, nil
	}
	property, err := s.Consent(ctx, c.Portal, slot)
	if err != nil || property == "" {
		return false, err
	}
	v, sent := c.Properties[property]
	if !sent {
		if v, err = s.HubSpot.Value(ctx, c.Portal, c.Contact, property); err != nil {
			return false, err
		}
	}
	return v == Granted, nil
}

// Granted is the value of the consent property that permits marketing.
const Granted = "granted"
