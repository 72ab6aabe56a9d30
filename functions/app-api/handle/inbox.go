package handle

import (
	"context"

	"lumo/shared/id"
	"lumo/shared/inbox"
)

// Inboxes is the part of inbox.Connector in use.
type Inboxes interface {
	Statuses(ctx context.Context, p id.PortalID) ([]inbox.Overview, error)
	Resume(ctx context.Context, p id.PortalID, s id.Slot) (inbox.Connection, error)
	Remove(ctx context.Context, p id.PortalID, s id.Slot) (inbox.Connection, error)
}

// inboxView is one account's inbox sync as Settings show it (P-80).
type inboxView struct {
	Slot      id.Slot     `json:"slot"`
	Name      string      `json:"name"`
	State     inbox.State `json:"state"`
	Code      *string     `json:"code"`
	InboxID   *string     `json:"inboxId"`
	ChangedAt *int64      `json:"changedAt"`
	LastIn    *int64      `json:"lastInAt"`
	LastOut   *int64      `json:"lastOutAt"`
}

func inboxOf(c inbox.Connection, t inbox.Traffic) inboxView {
	return inboxView{c.Slot, c.Name, c.State, some(c.Code), some(c.Inbox), at(c.At), at(t.In), at(t.Out)}
}

func getInbox(ctx context.Context, c *call) (any, error) {
	all, err := c.Inboxes.Statuses(ctx, c.portal())
	out := list[inboxView]{Items: []inboxView{}}
	for _, o := range all {
		out.Items = append(out.Items, inboxOf(o.Connection, o.Traffic))
	}
	return out, err
}

func postInboxResume(ctx context.Context, c *call) (any, error) {
	return c.changeInbox(ctx, c.Inboxes.Resume)
}

func postInboxRemove(ctx context.Context, c *call) (any, error) {
	return c.changeInbox(ctx, c.Inboxes.Remove)
}

// changeInbox answers with the account's whole state afterwards.
func (c *call) changeInbox(ctx context.Context, change func(context.Context, id.PortalID, id.Slot) (inbox.Connection, error)) (any, error) {
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	now, err := change(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	all, err := c.Inboxes.Statuses(ctx, c.portal())
	for _, o := range all {
		if o.Slot == slot {
			return inboxOf(o.Connection, o.Traffic), nil
		}
	}
	return inboxOf(now, inbox.Traffic{}), err
}
