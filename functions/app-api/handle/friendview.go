package handle

import (
	"time"

	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/lineaccount"
	"lumo/shared/mapping"
	"lumo/shared/message"
	"lumo/shared/register"
)

type friendRow struct {
	Slot        int                 `json:"slot"`
	User        string              `json:"user"`
	Name        string              `json:"name"`
	Picture     *string             `json:"picture"`
	Follow      friend.FollowStatus `json:"follow"`
	FriendSince *int64              `json:"friendSince"`
	LastMessage *int64              `json:"lastMessageAt"`
	NeedsReply  bool                `json:"needsReply"`
	Link        linkView            `json:"link"`
	Tags        []tagName           `json:"tags"`
	Failed      bool                `json:"failed"`
	Pending     bool                `json:"pending"`
}

type linkView struct {
	State      string  `json:"state"`
	ContactID  *string `json:"contactId"`
	ClaimantID *string `json:"claimantId"`
	Method     *string `json:"method"`
	At         *int64  `json:"at"`
	Actor      *string `json:"actor"`
}

type tagName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func friendView(f friend.Friend, names map[string]string) friendRow {
	v := friendRow{
		Slot: int(f.Slot), User: string(f.User), Name: clip(f.Name, 200), Picture: some(f.Picture), Follow: f.Follow, FriendSince: at(f.FriendSince),
		LastMessage: at(f.LastMessage), NeedsReply: f.NeedsReply, Tags: []tagName{}, Failed: f.Failed, Pending: f.Due != 0,
		Link: linkView{
			State: string(f.Link.State), ContactID: number(f.Link.Contact), ClaimantID: number(f.Link.Claimant), Method: some(f.Link.Method),
			At: at(f.Link.At), Actor: some(f.Link.Actor),
		},
	}
	if f.Link.State == friend.Unlinked {
		v.Link.State = "unlinked"
	}
	if f.Follow == "" {
		v.Follow = friend.Unknown
	}
	for _, t := range f.Tags {
		if name, ok := names[t]; ok { // the others are being taken away, or given back
			v.Tags = append(v.Tags, tagName{t, name})
		}
	}
	return v
}

type friendDetailView struct {
	friendRow
	Fields   []fieldView   `json:"fields"`
	Messages []messageView `json:"messages,omitempty"`
}

type fieldView struct {
	Property  string        `json:"property"`
	Label     string        `json:"label"`
	Type      string        `json:"type"`
	FieldType string        `json:"fieldType"`
	Rule      register.Rule `json:"rule"`
	Status    string        `json:"status"`
	Value     *string       `json:"value"`
	Clipped   bool          `json:"clipped"`
	Winner    *string       `json:"winner"`
	Reason    *string       `json:"reason"`
	Undecided bool          `json:"undecided"`
	Pending   bool          `json:"pending"`
	Editable  bool          `json:"editable"`
	Refusal   *string       `json:"refusal"`
	Lumo      *editView     `json:"lumo"`
	HubSpot   *editView     `json:"hubspot"`
	Held      *heldView     `json:"held"`
	Why       *whyView      `json:"why"`
}

type editView struct {
	Value   string `json:"value"`
	At      *int64 `json:"at"`
	IsBound bool   `json:"atIsBound"`
}

// heldView is what HubSpot was last seen to hold.
type heldView struct {
	Value string `json:"value"`
	AsOf  *int64 `json:"asOf"`
}

type whyView struct {
	Old    string      `json:"old"`
	New    string      `json:"new"`
	Winner *string     `json:"winner"`
	Reason *string     `json:"reason"`
	Cause  causeOfView `json:"cause"`
	At     int64       `json:"at"`
}

func fieldViewOf(x friendcard.Field, most int) fieldView {
	m := x.Mapping
	v := fieldView{
		Property: m.Property, Label: m.Label, Type: m.Type, FieldType: m.FieldType, Rule: m.Rule, Status: string(m.Status), Winner: some(x.Winner),
		Reason: some(x.Reason), Undecided: x.Undecided, Pending: x.Pending, Editable: x.Refusal == nil,
		Lumo: editOf(x.Lumo, most), HubSpot: editOf(x.HubSpot, most),
	}
	if x.Known {
		s := clip(x.Value, most)
		v.Value, v.Clipped = &s, s != x.Value
	}
	if p := refusal(x.Refusal); p != nil {
		v.Refusal = &p.Code
	}
	if x.Held != nil {
		v.Held = &heldView{clip(x.Held.Value, most), at(x.Held.AsOf)}
	}
	if w := x.Why; w != nil {
		v.Why = &whyView{clip(w.Old, most), clip(w.New, most), some(w.Winner), some(w.Reason), causeView(w.Cause), w.At}
	}
	return v
}

func editOf(e *register.Edit, most int) *editView {
	if e == nil {
		return nil
	}
	return &editView{Value: clip(e.Value, most), At: at(e.At), IsBound: e.Inexact}
}

func detailView(f friend.Friend, set mapping.Set, names map[string]string, ms []message.Message, now time.Time, most int) friendDetailView {
	v := friendDetailView{friendRow: friendView(f, names), Fields: []fieldView{}}
	for _, x := range friendcard.Fields(f, set) {
		v.Fields = append(v.Fields, fieldViewOf(x, most))
	}
	for _, m := range ms {
		v.Messages = append(v.Messages, messageViewOf(m, now, most))
	}
	return v
}

type cardView struct {
	ContactID string             `json:"contactId"`
	State     friendcard.State   `json:"state"`
	Friends   []friendDetailView `json:"friends"`
	Accounts  []accountName      `json:"accounts"`
	// Claim is how far a contact without a friend is on the way to one.
	Claim *claim `json:"claim"`
}

type accountName struct {
	Slot    int               `json:"slot"`
	Name    string            `json:"name"`
	Picture *string           `json:"picture"`
	State   lineaccount.State `json:"state"`
}
