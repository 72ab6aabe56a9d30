package handle

import (
	"context"
	"strconv"
	"time"

	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/friendindex"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/mapping"
	"lumo/shared/message"
	"lumo/shared/portal"
	"lumo/shared/tag"
)

// getFriends searches the index and shows the rows themselves.
func getFriends(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	search, f, err := c.friendFilter()
	if err != nil {
		return nil, err
	}
	after, limit, err := c.page()
	if err != nil {
		return nil, err
	}
	found, err := c.Index.Search(ctx, c.portal(), slot, search, f, after, limit)
	if err != nil {
		return nil, err
	}
	keys := make([]friend.Key, len(found.Entries))
	for i, e := range found.Entries {
		keys[i] = friend.Key{Slot: slot, User: e.User}
	}
	have, err := c.Friends.GetMany(ctx, c.portal(), keys)
	if err != nil {
		return nil, err
	}
	names, err := c.tagNames(ctx, slot)
	if err != nil {
		return nil, err
	}
	out := list[friendRow]{Items: []friendRow{}, Next: c.next(found.Next)}
	for _, k := range keys {
		if row, ok := have[k]; ok {
			out.Items = append(out.Items, friendView(row, names))
		}
	}
	return out, nil
}

// querySlot is the account asked for, which must be the portal's; without one it is the first that is connected.
func (c *call) querySlot(ctx context.Context) (id.Slot, error) {
	s, err := c.text("slot", 5)
	if err != nil {
		return 0, err
	}
	all, err := c.Accounts.Accounts(ctx, c.portal())
	if err != nil {
		return 0, err
	}
	want := id.Slot(0)
	if s != "" {
		if want, err = id.ParseSlot(s); err != nil {
			return 0, malformed("slot", err)
		}
	}
	for _, a := range all {
		if a.Slot == want || want == 0 && a.State == lineaccount.Active {
			return a.Slot, nil
		}
	}
	return 0, lineaccount.ErrUnknown
}

func (c *call) friendFilter() (string, friendindex.Filter, error) {
	var f friendindex.Filter
	search, err := c.text("search", 100)
	if err != nil {
		return "", f, err
	}
	follow, err := c.choice("follow", string(friend.Following), string(friend.Blocked), string(friend.Unknown))
	if err != nil {
		return "", f, err
	}
	f.Follow = friend.FollowStatus(follow)
	linked, err := c.choice("linked", "true", "false")
	if err != nil {
		return "", f, err
	}
	if linked != "" {
		yes := linked == "true"
		f.Linked = &yes
	}
	if f.Tag, err = c.text("tag", 64); err != nil || f.Tag != "" && !namePattern.MatchString(f.Tag) {
		return "", f, malformed("tag", id.ErrMalformed)
	}
	return search, f, nil
}

func (c *call) tagNames(ctx context.Context, slot id.Slot) (map[string]string, error) {
	all, err := c.Tags.List(ctx, c.portal(), slot)
	out := make(map[string]string, len(all))
	for _, t := range all {
		out[t.ID] = t.Name
	}
	return out, err
}

func (c *call) pathFriend() (friend.Key, error) { return friendKey(c.params["slot"], c.params["user"]) }

func getFriend(ctx context.Context, c *call) (any, error) {
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
	set, err := c.Mappings.Load(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	return c.friendDetail(ctx, f, set)
}

func (c *call) friendDetail(ctx context.Context, f friend.Friend, set mapping.Set) (any, error) {
	names, err := c.tagNames(ctx, f.Slot)
	if err != nil {
		return nil, err
	}
	return sized(func(most int) any { return detailView(f, set, names, nil, time.Time{}, most) }), nil
}

type editFields struct {
	request
	Values map[string]string `json:"values"`
}

func patchFields(ctx context.Context, c *call) (any, error) {
	in, err := read[editFields](c)
	if err != nil {
		return nil, err
	}
	k, err := c.pathFriend()
	if err != nil {
		return nil, err
	}
	f, set, err := c.Editor.Apply(ctx, c.portal(), friendcard.Edit{Key: k, Values: in.Values, By: c.who, At: c.attempt.At, Seed: c.attempt.Seed})
	if err != nil {
		return nil, err
	}
	return c.friendDetail(ctx, f, set)
}

type tagFriends struct {
	request
	Slot   int      `json:"slot"`
	Users  []string `json:"users"`
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

type taggedView struct {
	Changed   int             `json:"changed"`
	Unchanged int             `json:"unchanged"`
	Missing   []id.LineUserID `json:"missing"`
	Full      []id.LineUserID `json:"full"`
}

func postFriendTags(ctx context.Context, c *call) (any, error) {
	in, err := read[tagFriends](c)
	if err != nil {
		return nil, err
	}
	b := tag.Bulk{Add: in.Add, Remove: in.Remove, By: c.who, At: c.attempt.At}
	if b.Slot, err = id.ParseSlot(id.Slot(in.Slot).String()); err != nil {
		return nil, malformed("slot", err)
	}
	if len(in.Users) == 0 || len(in.Add)+len(in.Remove) == 0 {
		return nil, invalid("users", "Name at least one friend and one tag.")
	}
	if len(in.Users) > tag.MaxFriends {
		return nil, tag.ErrManyFriends
	}
	if len(in.Add)+len(in.Remove) > tag.MaxPerFriend {
		return nil, invalid("add", "Too many tags at a time.")
	}
	for _, s := range append(append([]string{}, in.Add...), in.Remove...) {
		if !namePattern.MatchString(s) {
			return nil, invalid("add", "This is not a valid id.")
		}
	}
	for _, s := range in.Users {
		u, err := id.ParseLineUser(s)
		if err != nil {
			return nil, malformed("users", err)
		}
		b.Users = append(b.Users, u)
	}
	got, err := c.Tags.Give(ctx, c.portal(), b)
	return taggedView{got.Changed, got.Unchanged, append([]id.LineUserID{}, got.Missing...), append([]id.LineUserID{}, got.Full...)}, err
}

// cardMessages are shown for each friend on the card (P-114).
const cardMessages = 20

// getContact is the card: everything about the friends who are linked to a contact of this portal.
func getContact(ctx context.Context, c *call) (any, error) {
	contact, err := id.ParseContact(c.params["contact"])
	if err != nil {
		return nil, malformed("contact", err)
	}
	keys, err := c.Friends.ByContact(ctx, c.portal(), contact)
	if err != nil {
		return nil, err
	}
	have, err := c.Friends.GetMany(ctx, c.portal(), keys)
	if err != nil {
		return nil, err
	}
	accounts, err := c.Accounts.Accounts(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	set, err := c.Mappings.Load(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	fs := friendcard.LinkedTo(contact, have)
	card := cardView{ContactID: contact.String(), Accounts: []accountName{}}
	active := 0
	for _, a := range accounts {
		if a.State == lineaccount.Active {
			active++
		}
		card.Accounts = append(card.Accounts, accountName{int(a.Slot), a.Name, some(a.PictureURL), a.State})
	}
	if card.State = friendcard.StateOf(c.at.State, active, fs); card.State == friendcard.NotLinked {
		card.Claim = c.claimOf(ctx, contact, accounts)
	}
	parts, err := c.cardParts(ctx, fs)
	if err != nil {
		return nil, err
	}
	now := c.Clock.Now()
	return sized(func(most int) any {
		card.Friends = make([]friendDetailView, len(fs))
		for i, f := range fs {
			card.Friends[i] = detailView(f, set, parts[i].names, parts[i].messages, now, most)
		}
		return card
	}), nil
}

type cardPart struct {
	names    map[string]string
	messages []message.Message
}

func (c *call) cardParts(ctx context.Context, fs []friend.Friend) ([]cardPart, error) {
	out := make([]cardPart, len(fs))
	for i, f := range fs {
		var err error
		if out[i].names, err = c.tagNames(ctx, f.Slot); err != nil {
			return nil, err
		}
		if out[i].messages, _, err = c.Messages.Last(ctx, c.portal(), f.Key, "", cardMessages); err != nil {
			return nil, err
		}
		c.openable(ctx, f.Key, out[i].messages)
	}
	return out, nil
}

type unlinkFriend struct {
	request
	Contact string `json:"contact"`
}

type unlinkedView struct {
	Queued bool `json:"queued"`
}

// postUnlink names the contact that the person sees, so that a link of somebody else's making is not ended unseen.
func postUnlink(ctx context.Context, c *call) (any, error) {
	in, err := read[unlinkFriend](c)
	if err != nil {
		return nil, err
	}
	k, err := c.pathFriend()
	if err != nil {
		return nil, err
	}
	contact, err := id.ParseContact(in.Contact)
	if err != nil {
		return nil, malformed("contact", err)
	}
	return unlinkedView{true}, c.Unlinker.Unlink(ctx, c.portal(), k, contact, c.attempt.At, actor(c.who))
}

// actor names a HubSpot user in the history of links.
func actor(a portal.Actor) string { return "user:" + strconv.FormatInt(a.UserID, 10) }
