package linkage

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lumo/shared/chain"
	"lumo/shared/clock"
	"lumo/shared/contactsync"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/lineproperty"
)

// WriteKind of chain is the writing of links to the contacts of a list.
const WriteKind = "links"

// ErrNoProperty: HubSpot has no property that could take the tokens.
var ErrNoProperty = errors.New("the property \"LINE link token\" of this account is missing in HubSpot")

// ErrBusy: tokens are being written already.
var ErrBusy = errors.New("links are being written to another list; wait until that is done")

// fresh is how long a token must be good yet, or the contact gets a new one.
const fresh = 30 * 24 * time.Hour

// atOnce contacts are read and written in one call.
const atOnce = 100

// Members reads a HubSpot list page by page (hubspotlist.Source).
type Members interface {
	Members(ctx context.Context, p id.PortalID, l id.ListID, after string) (ids []id.ContactID, next string, err error)
}

// CRM reads contacts and writes their tokens (contactsync.CRM).
type CRM interface {
	Contacts
	Update(ctx context.Context, p id.PortalID, in []contactsync.Update, u contactsync.Urgency) (done []contactsync.Updated, refused []contactsync.Refused, err error)
}

// Sets tells how the LINE properties are called in a portal (lineproperty.Store).
type Sets interface {
	Set(ctx context.Context, p id.PortalID, s id.Slot) (lineproperty.Set, error)
}

// Writing is how far the writing of tokens is.
type Writing struct {
	Slot      id.Slot   `json:"slot"`
	List      id.ListID `json:"list"`
	By        string    `json:"by"`
	StartedAt int64     `json:"startedAt"`
	After     string    `json:"after,omitempty"`
	// Read contacts: Made got a token, Kept have a good one, Refused are those that HubSpot did not take.
	Read    int  `json:"read"`
	Made    int  `json:"made"`
	Kept    int  `json:"kept"`
	Refused int  `json:"refused"`
	Done    bool `json:"done"`
	// Problem is why it ended early: HubSpot's code, or the list is gone.
	Problem string `json:"problem,omitempty"`
}

// Writer gives the contacts of a HubSpot list tokens of their own, in the property "LINE link token", so that e-mails can hold their links.
type Writer struct {
	Chain   *chain.Engine
	Maker   *Maker
	Members Members
	CRM     CRM
	Sets    Sets
	Clock   clock.Clock
	NewID   func() string
	// Budget of one step; 0 means 20 s.
	Budget time.Duration
}

// Start begins. ErrBusy while another writing of the portal runs.
func (w *Writer) Start(ctx context.Context, p id.PortalID, s id.Slot, l id.ListID, by string) (Writing, error) {
	if _, err := w.property(ctx, p, s); err != nil {
		return Writing{}, err
	}
	state := Writing{Slot: s, List: l, By: by, StartedAt: w.Clock.Now().UnixMilli()}
	_, err := w.Chain.Start(ctx, p, WriteKind, w.NewID(), state)
	if errors.Is(err, chain.ErrBusy) {
		return state, ErrBusy
	}
	return state, err
}

// Last is the newest writing of a portal.
func (w *Writer) Last(ctx context.Context, p id.PortalID) (Writing, bool, error) {
	rows, _, err := w.Chain.Store.List(ctx, p, WriteKind, "", 1)
	if err != nil || len(rows) == 0 {
		return Writing{}, false, err
	}
	var state Writing
	err = json.Unmarshal(rows[0].State, &state)
	state.Done = rows[0].Done
	return state, true, err
}

func (w *Writer) property(ctx context.Context, p id.PortalID, s id.Slot) (string, error) {
	set, err := w.Sets.Set(ctx, p, s)
	if err != nil {
		return "", err
	}
	name, ok := set.Name(lineproperty.LinkToken)
	if !ok {
		return "", ErrNoProperty
	}
	return name, nil
}

// Step handles one step message. Repeating it makes tokens only for contacts that HubSpot does not show one of.
func (w *Writer) Step(ctx context.Context, m chain.Message) error {
	return w.Chain.Run(ctx, m, func(ctx context.Context, s *chain.Step) (chain.Next, error) {
		var state Writing
		if err := json.Unmarshal(s.Row.State, &state); err != nil {
			return chain.Next{}, err
		}
		property, err := w.property(ctx, m.Portal, state.Slot)
		if errors.Is(err, ErrNoProperty) {
			return chain.Next{State: state, Done: true}, nil
		}
		if err != nil {
			return chain.Next{}, err
		}
		budget := w.Budget
		if budget <= 0 {
			budget = 20 * time.Second
		}
		for until := w.Clock.Now().Add(budget); ; {
			done, err := w.page(ctx, m.Portal, property, &state)
			var f *fault.Fault
			if errors.As(err, &f) && !f.Class.Retryable() {
				state.Problem = f.Code
				return chain.Next{State: state, Done: true}, nil
			}
			if err != nil {
				return chain.Next{}, err
			}
			if done || !w.Clock.Now().Before(until) {
				return chain.Next{State: state, Done: done}, nil
			}
			if err := s.Save(ctx, state); err != nil {
				return chain.Next{}, err
			}
		}
	})
}

func (w *Writer) page(ctx context.Context, p id.PortalID, property string, state *Writing) (done bool, err error) {
	ids, next, err := w.Members.Members(ctx, p, state.List, state.After)
	if err != nil {
		return false, err
	}
	count := *state
	for len(ids) > 0 {
		n := min(len(ids), atOnce)
		if err := w.contacts(ctx, p, property, ids[:n], &count); err != nil {
			return false, err
		}
		ids = ids[n:]
	}
	*state = count
	state.After = next
	return next == "", nil
}

func (w *Writer) contacts(ctx context.Context, p id.PortalID, property string, ids []id.ContactID, count *Writing) error {
	found, _, err := w.CRM.Contacts(ctx, p, ids, []string{"email", property}, nil, contactsync.Bulk)
	if err != nil {
		return err
	}
	var updates []contactsync.Update
	for _, c := range found {
		count.Read++
		good, err := w.good(ctx, p, value(c, property), c.ID, count.Slot)
		if err != nil {
			return err
		}
		if good {
			count.Kept++
			continue
		}
		m, err := w.Maker.For(ctx, p, Wish{Contact: c.ID, Slot: count.Slot, Method: friend.EmailLink, By: count.By}, value(c, "email"))
		if err != nil {
			return err
		}
		updates = append(updates, contactsync.Update{Contact: c.ID, Properties: map[string]string{property: m.Token}})
	}
	if len(updates) == 0 {
		return nil
	}
	done, refused, err := w.CRM.Update(ctx, p, updates, contactsync.Bulk)
	count.Made, count.Refused = count.Made+len(done), count.Refused+len(refused)
	return err
}

// good tells whether a contact's token still works for it: one that came along from elsewhere, by copying or merging records, does not.
func (w *Writer) good(ctx context.Context, p id.PortalID, token string, c id.ContactID, s id.Slot) (bool, error) {
	of, err := w.Maker.Signer.Read(Invite, token, w.Clock.Now().Add(fresh))
	if err != nil || of != p {
		return false, nil
	}
	i, ok, err := w.Maker.Store.Invitation(ctx, p, Hash(token))
	return ok && i.Contact == c && i.Slot == s && i.UsedBy == "", err
}

func value(c contactsync.Contact, property string) string {
	if v := c.Properties[property]; v != nil {
		return *v
	}
	return ""
}
