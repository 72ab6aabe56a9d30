package handle

import (
	"context"
	"errors"
	"slices"

	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/linkage"
)

// linkingView is how people can link themselves with an account (P-20).
type linkingView struct {
	Slot int `json:"slot"`
	// Login is the LINE Login channel; null until somebody sets it up.
	Login *string `json:"loginChannelId"`
	// LoginEmail: LINE may be asked for verified addresses, by which friends find their contact.
	LoginEmail bool `json:"loginEmail"`
	// Word, written to the account, asks for a linking link; null where none does. A button with the postback ButtonData does so always.
	Word       *string `json:"word"`
	ButtonData string  `json:"buttonData"`
	// Unverified: a typed address links without a code (P-25).
	Unverified bool `json:"unverified"`
	// PlainIDs: PlainAddress, for e-mails, names the contact by its id (P-21).
	PlainIDs     bool    `json:"plainIds"`
	PlainAddress *string `json:"plainAddress"`
	// CallbackURL must be registered at the Login channel.
	CallbackURL string `json:"callbackUrl"`
	// MergeAddress is what goes behind a button of a HubSpot e-mail: HubSpot fills in the contact's own token.
	MergeAddress *string `json:"mergeAddress"`
	// FormAddress is what a message of the account links to, for friends who are not linked yet.
	FormAddress *string `json:"formAddress"`
	// FormPicture is its QR code, to be printed or shown.
	FormPicture *string `json:"formPicture"`
	// Coverage tells how many friends are linked.
	Coverage coverageView `json:"coverage"`
	// Writing is the newest writing of tokens to a list's contacts, of any account.
	Writing *writingView `json:"writing"`
}

// coverageView counts an account's friends; Whole is false where there are too many to count at once.
type coverageView struct {
	Friends   int  `json:"friends"`
	Following int  `json:"following"`
	Linked    int  `json:"linked"`
	Whole     bool `json:"whole"`
}

type writingView struct {
	Slot      int     `json:"slot"`
	List      string  `json:"list"`
	StartedAt int64   `json:"startedAt"`
	Done      bool    `json:"done"`
	Read      int     `json:"read"`
	Made      int     `json:"made"`
	Kept      int     `json:"kept"`
	Refused   int     `json:"refused"`
	Problem   *string `json:"problem"`
}

func (c *call) linking(ctx context.Context, a lineaccount.Account) (linkingView, error) {
	v := linkingView{Slot: int(a.Slot), Login: some(a.Login.ID), LoginEmail: a.Login.Email, CallbackURL: c.PublicURL + linkage.CallbackPath,
		Word: some(a.Linking.Word), ButtonData: linkage.AskPostback, Unverified: a.Linking.Unverified, PlainIDs: a.Linking.PlainIDs}
	if v.Login != nil || v.Word != nil {
		address := linkage.FormAddress(c.Links.Signer, c.PublicURL, c.portal(), a.Slot)
		v.FormAddress, v.FormPicture = &address, some(address+linkage.PictureEnd)
		if v.Login != nil && v.PlainIDs {
			v.PlainAddress = some(address + "?m={{ contact.hs_object_id }}")
		}
	}
	n, err := c.Index.Count(ctx, c.portal(), a.Slot)
	if err != nil {
		return v, err
	}
	v.Coverage = coverageView{n.Friends, n.Following, n.Linked, n.Whole}
	set, err := c.Properties.Store.Set(ctx, c.portal(), a.Slot)
	if err != nil {
		return v, err
	}
	if name, ok := set.Name(lineproperty.LinkToken); ok && v.Login != nil {
		address := c.PublicURL + linkage.Path + "{{ contact." + name + " }}"
		v.MergeAddress = &address
	}
	w, ok, err := c.LinkWriter.Last(ctx, c.portal())
	if ok {
		v.Writing = &writingView{int(w.Slot), string(w.List), w.StartedAt, w.Done, w.Read, w.Made, w.Kept, w.Refused, some(w.Problem)}
	}
	return v, err
}

func getLinking(ctx context.Context, c *call) (any, error) {
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	a, err := c.connectedAccount(ctx, slot)
	if err != nil {
		return nil, err
	}
	return c.linking(ctx, a)
}

type setLogin struct {
	request
	ChannelID string `json:"channelId"`
	Secret    string `json:"channelSecret"`
	Email     bool   `json:"email"`
}

func putLogin(ctx context.Context, c *call) (any, error) {
	in, err := read[setLogin](c)
	if err != nil {
		return nil, err
	}
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	a, err := c.Accounts.SetLogin(ctx, c.portal(), c.who, slot, in.ChannelID, in.Secret, in.Email, c.Logins)
	if errors.Is(err, lineaccount.ErrLoginInput) {
		return nil, invalid("channelId", err.Error())
	}
	if err != nil {
		return nil, err
	}
	return c.linking(ctx, a)
}

// setLinking is the whole of it: what is left out is off.
type setLinking struct {
	request
	Word       string `json:"word"`
	Unverified bool   `json:"unverified"`
	PlainIDs   bool   `json:"plainIds"`
}

func putLinking(ctx context.Context, c *call) (any, error) {
	in, err := read[setLinking](c)
	if err != nil {
		return nil, err
	}
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	a, err := c.Accounts.SetLinking(ctx, c.portal(), c.who, slot, lineaccount.Linking{Word: in.Word, Unverified: in.Unverified, PlainIDs: in.PlainIDs})
	if errors.Is(err, lineaccount.ErrLinkWord) {
		return nil, invalid("word", err.Error())
	}
	if err != nil {
		return nil, err
	}
	return c.linking(ctx, a)
}

type makeLink struct {
	request
	Slot   int  `json:"slot"`
	Direct bool `json:"direct"`
}

type madeLinkView struct {
	Address   string  `json:"address"`
	Picture   string  `json:"picture"` // its QR code
	Hint      *string `json:"hint"`
	ContactID string  `json:"contactId"`
	EndsAt    int64   `json:"endsAt"`
}

// postLink makes a link for a contact. A repetition makes another one: the first cannot be shown again, since nobody keeps it.
func postLink(ctx context.Context, c *call) (any, error) {
	in, err := read[makeLink](c)
	if err != nil {
		return nil, err
	}
	contact, err := id.ParseContact(c.params["contact"])
	if err != nil {
		return nil, malformed("contact", err)
	}
	a, err := c.connectedAccount(ctx, id.Slot(in.Slot))
	if err != nil {
		return nil, err
	}
	if a.Login.ID == "" {
		return nil, linkage.ErrNoLogin
	}
	m, err := c.Links.Make(ctx, c.portal(), linkage.Wish{Contact: contact, Slot: a.Slot, Method: friend.EmailLink, Direct: in.Direct, By: actor(c.who)})
	if err != nil {
		return nil, err
	}
	return madeLinkView{m.Address, m.Address + linkage.PictureEnd, some(m.Hint), m.Contact.String(), m.Ends}, nil
}

type writeLinks struct {
	request
	List string `json:"list"`
}

// postLinks gives the contacts of a HubSpot list links of their own, for e-mails.
func postLinks(ctx context.Context, c *call) (any, error) {
	in, err := read[writeLinks](c)
	if err != nil {
		return nil, err
	}
	slot, err := c.slot()
	if err != nil {
		return nil, err
	}
	list, err := id.ParseList(in.List)
	if err != nil {
		return nil, malformed("list", err)
	}
	a, err := c.connectedAccount(ctx, slot)
	if err != nil {
		return nil, err
	}
	if a.Login.ID == "" {
		return nil, linkage.ErrNoLogin
	}
	if _, err := c.LinkWriter.Start(ctx, c.portal(), slot, list, actor(c.who)); err != nil {
		return nil, err
	}
	return c.linking(ctx, a)
}

// linkEntry is one link of a friend to a contact, as it began and, if it is over, as it ended (P-33).
type linkEntry struct {
	ContactID string  `json:"contactId"`
	Method    *string `json:"method"`
	Proof     *string `json:"proof"`
	Actor     *string `json:"actor"`
	At        *int64  `json:"at"`
	Until     *int64  `json:"until"`
	Why       *string `json:"why"`
	EndedBy   *string `json:"endedBy"`
}

// getLinkHistory lists a friend's links, the newest first.
func getLinkHistory(ctx context.Context, c *call) (any, error) {
	k, err := c.pathFriend()
	if err != nil {
		return nil, err
	}
	f, ok, err := c.Friends.Get(ctx, c.portal(), k)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, friendcard.ErrUnknown
	}
	items := []linkEntry{}
	if l := f.Link; l.Contact != 0 {
		items = append(items, linkEntry{ContactID: l.Contact.String(), Method: some(l.Method), Proof: some(l.Proof), Actor: some(l.Actor), At: at(l.At)})
	}
	for _, e := range slices.Backward(f.Past) {
		items = append(items, linkEntry{e.Contact.String(), some(e.Method), some(e.Proof), some(e.Actor), at(e.At), at(e.Until), some(e.Why), some(e.By)})
	}
	return struct {
		Items []linkEntry `json:"items"`
		Next  *string     `json:"next"`
	}{items, nil}, nil
}

type decideLink struct {
	request
	Choice  linkage.Choice `json:"choice"`
	Contact string         `json:"contact"`
}

type decidedView struct {
	Decided bool `json:"decided"`
}

// postDecision ends a conflict, or takes the end back (P-31). It is carried out within seconds.
func postDecision(ctx context.Context, c *call) (any, error) {
	k, err := c.pathFriend()
	if err != nil {
		return nil, err
	}
	in, err := read[decideLink](c)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]linkage.Choice{linkage.Move, linkage.Keep, linkage.Undo}, in.Choice) {
		return nil, invalid("choice", "Must be one of: move, keep, undo.")
	}
	var contact id.ContactID
	if in.Choice != linkage.Undo {
		if contact, err = id.ParseContact(in.Contact); err != nil {
			return nil, malformed("contact", err)
		}
	}
	return decidedView{true}, c.Judge.Decide(ctx, c.portal(), in.Choice, k, contact, c.attempt.At, actor(c.who))
}
