package chat

import (
	"context"
	"errors"

	"lumo/shared/failure"
	"lumo/shared/id"
	"lumo/shared/message"
)

// Refused tells whether an error of Retry is an answer that people understand, not a trouble of ours.
func Refused(err error) bool {
	for _, r := range []error{ErrNoFriend, ErrBlocked, ErrUnlinked, ErrUnverified, ErrAccount, ErrNoGroup, ErrGroupLeft, ErrGroupLinking, ErrFinal, ErrNoMessage} {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}

// list puts a person's message that was not sent among the failed items, if trying again may help. It comes before the message is settled:
// of the two, the item may be there in vain, for whoever retries it looks at the message. It holds no word of the message.
func (s *Service) list(ctx context.Context, p id.PortalID, i Intent) error {
	now := s.Clock.Now()
	if s.Failures == nil || i.Automatic || i.Status != message.Failed && i.Status != message.Unclear || !Retryable(i.Message, now) {
		return nil
	}
	k := i.Friend
	it := failure.Item{
		Kind: failure.Message, Subject: failure.MessageSubject(k, i.ID), Friend: &k, Code: i.Code, Message: i.Reason, CorrelationID: i.CorrelationID,
		FirstAt: now.UnixMilli(), LastAt: now.UnixMilli(),
	}
	if _, group := k.Group(); !group {
		f, _, err := s.Friends.Get(ctx, p, k)
		if err != nil {
			return err
		}
		it.Contact = f.Link.Contact
	}
	return s.Failures.Put(ctx, p, it)
}

// listed is a message's place among the failed items. off takes the item off that was there; one of a later failure stays.
func (s *Service) listed(ctx context.Context, p id.PortalID, i Intent) (off func() error, err error) {
	none := func() error { return nil }
	if s.Failures == nil {
		return none, nil
	}
	it, ok, err := s.Failures.Get(ctx, p, failure.Item{Kind: failure.Message, Subject: failure.MessageSubject(i.Friend, i.ID)}.ID())
	if err != nil || !ok {
		return none, err
	}
	return func() error { return s.Failures.Close(ctx, p, it) }, nil
}
