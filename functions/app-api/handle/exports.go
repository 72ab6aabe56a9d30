package handle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"lumo/shared/changelog"
	"lumo/shared/failure"
	"lumo/shared/friend"
	"lumo/shared/friendcard"
	"lumo/shared/mapping"
	"lumo/shared/syncrun"
)

// sheet is one kind of export: what its filter may say, and a page of its rows.
type sheet struct {
	check func(ctx context.Context, c *call) error
	page  func(ctx context.Context, c *call, after string) (sheetPage, error)
}

type sheetPage struct {
	head []string // keys of heads, or labels of properties
	rows [][]string
	next string
}

var sheets = map[string]sheet{
	"changes":  {func(_ context.Context, c *call) error { _, err := c.changeFilter(); return err }, changeSheet},
	"failures": {func(_ context.Context, c *call) error { _, err := c.failuresAsked(""); return err }, failureSheet},
	"runs":     {nothing, runSheet},
	"friends": {func(ctx context.Context, c *call) error {
		if _, err := c.querySlot(ctx); err != nil {
			return err
		}
		_, _, err := c.friendFilter()
		return err
	}, friendSheet},
}

func nothing(context.Context, *call) error { return nil }

type exportRequest struct {
	request
	What     string            `json:"what"`
	Filter   map[string]string `json:"filter"`
	Language string            `json:"language"`
}

type exportLink struct {
	URL       string `json:"url"`
	ExpiresAt int64  `json:"expiresAt"`
}

// downloadPath lies beside the API: browsers open it themselves.
const downloadPath = "/api/download"

// postExport answers an address that a browser may open for some minutes. Making it twice does no harm.
func postExport(ctx context.Context, c *call) (any, error) {
	in, err := read[exportRequest](c)
	if err != nil {
		return nil, err
	}
	kind, ok := sheets[in.What]
	if !ok {
		return nil, invalid("what", "Must be one of: changes, failures, runs, friends.")
	}
	filter := url.Values{}
	for k, v := range in.Filter {
		if k != "cursor" && k != "limit" && v != "" {
			filter.Set(k, v)
		}
	}
	raw := filter.Encode()
	if len(raw) > 1500 {
		return nil, invalid("filter", "The filter is too long.")
	}
	if c.query, err = readQuery(raw); err != nil {
		return nil, err
	}
	if err := kind.check(ctx, c); err != nil {
		return nil, err
	}
	lang := "en"
	if in.Language == "ja" {
		lang = "ja"
	}
	expires := c.Clock.Now().Add(ticketLife).UnixMilli()
	text, err := c.issue(ticket{c.portal(), c.who.UserID, c.who.Email, in.What, raw, lang, expires})
	if err != nil {
		return nil, err
	}
	c.params = map[string]string{"what": in.What}
	return exportLink{c.PublicURL + downloadPath + "?lang=" + lang + "#" + text, expires}, nil
}

// sheetRows of one page; the texts of a page stay far below what an answer may hold.
const (
	sheetRows  = 500
	sheetBytes = 300_000
)

func changeSheet(ctx context.Context, c *call, after string) (sheetPage, error) {
	out := sheetPage{head: []string{"at", "slot", "user", "contact", "field", "to", "old", "new", "winner", "reason", "rule", "hubspotAt", "lumoAt", "cause"}}
	f, err := c.changeFilter()
	if err != nil {
		return out, err
	}
	for n := sheetRows; ; n /= 4 {
		rs, next, err := c.Changes.Read(ctx, c.portal(), f, after, max(n, 1))
		if err != nil {
			return out, err
		}
		size := 0
		for _, r := range rs {
			size += len(r.Old) + len(r.New) + 200
		}
		if size > sheetBytes && n > 1 {
			continue
		}
		out.rows, out.next = c.changeCells(rs), next
		return out, nil
	}
}

func (c *call) changeCells(rs []changelog.Record) [][]string {
	out := make([][]string, 0, len(rs))
	for _, r := range rs {
		out = append(out, []string{
			c.local(r.At), r.Friend.Slot.String(), string(r.Friend.User), idText(r.Contact), r.Field, string(r.To), r.Old, r.New, string(r.Winner), string(r.Reason),
			string(r.Rule), c.local(r.HubSpotAt), c.local(r.LumoAt), r.Cause,
		})
	}
	return out
}

func failureSheet(ctx context.Context, c *call, after string) (sheetPage, error) {
	out := sheetPage{head: []string{"kind", "slot", "user", "contact", "code", "message", "properties", "reference", "run", "firstAt", "lastAt"}}
	of, err := c.failuresAsked(after)
	if err != nil {
		return out, err
	}
	its, next, err := c.failuresOf(ctx, of, after, 100)
	out.next = next
	for _, it := range its {
		k := friend.Key{Slot: it.Slot()}
		if it.Friend != nil {
			k = *it.Friend
		}
		out.rows = append(out.rows, failureCells(c, it, k))
	}
	return out, err
}

func failureCells(c *call, it failure.Item, k friend.Key) []string {
	slot := ""
	if k.Slot != 0 {
		slot = k.Slot.String()
	}
	return []string{
		string(it.Kind), slot, string(k.User), idText(it.Contact), it.Code, clip(it.Message, 1000), strings.Join(it.Properties, ";"), it.CorrelationID, it.Run,
		c.local(it.FirstAt), c.local(it.LastAt),
	}
}

func runSheet(ctx context.Context, c *call, after string) (sheetPage, error) {
	out := sheetPage{head: []string{"startedAt", "endedAt", "run", "trigger", "actor", "extent", "dryRun", "status", "contacts", "lists", "failed", "apiCalls", "code", "message"}}
	runs, next, err := c.Runs.History(ctx, c.portal(), after, maxRows)
	out.next = next
	for _, r := range runs {
		out.rows = append(out.rows, runCells(c, r))
	}
	return out, err
}

func runCells(c *call, r syncrun.Run) []string {
	return []string{
		c.local(r.StartedAt), c.local(r.EndedAt), r.ID, string(r.Trigger), r.Actor, string(r.Extent), yesNo(r.DryRun), string(r.Status), count(r.Counts.Matched),
		count(r.ListsCompared), count(r.Counts.Failed), count(r.Calls), r.Code, clip(r.Error, 1000),
	}
}

var friendHead = []string{"slot", "user", "name", "follow", "friendSince", "lastMessage", "needsReply", "link", "contact", "method", "linkedAt", "tags"}

// friendSheet gives the friends of one account with their synced fields. The columns are those of the mappings, which may change on the
// way: then the file would lie, and whoever downloads it must begin again.
func friendSheet(ctx context.Context, c *call, after string) (sheetPage, error) {
	out := sheetPage{head: friendHead}
	slot, err := c.querySlot(ctx)
	if err != nil {
		return out, err
	}
	search, f, err := c.friendFilter()
	if err != nil {
		return out, err
	}
	set, err := c.Mappings.Load(ctx, c.portal())
	if err != nil {
		return out, err
	}
	columns := columnsOf(set)
	if after != "" {
		var was string
		if was, after, _ = strings.Cut(after, "|"); was != columns {
			return out, mapping.ErrChanged
		}
	}
	found, err := c.Index.Search(ctx, c.portal(), slot, search, f, after, maxRows)
	if err != nil {
		return out, err
	}
	keys := make([]friend.Key, len(found.Entries))
	for i, e := range found.Entries {
		keys[i] = friend.Key{Slot: slot, User: e.User}
	}
	have, err := c.Friends.GetMany(ctx, c.portal(), keys)
	if err != nil {
		return out, err
	}
	names, err := c.tagNames(ctx, slot)
	if err != nil {
		return out, err
	}
	for _, m := range set.Mappings {
		out.head = append(out.head[:len(out.head):len(out.head)], m.Label+" ("+m.Property+")")
	}
	for _, k := range keys {
		if row, ok := have[k]; ok {
			out.rows = append(out.rows, friendCells(c, row, names, set))
		}
	}
	if found.Next != "" {
		out.next = columns + "|" + found.Next
	}
	return out, nil
}

func friendCells(c *call, f friend.Friend, names map[string]string, set mapping.Set) []string {
	v := friendView(f, names)
	tags := make([]string, 0, len(v.Tags))
	for _, t := range v.Tags {
		tags = append(tags, t.Name)
	}
	out := []string{
		f.Slot.String(), v.User, f.Name, string(v.Follow), c.local(f.FriendSince), c.local(f.LastMessage), yesNo(f.NeedsReply), v.Link.State, idText(f.Link.Contact),
		string(f.Link.Method), c.local(f.Link.At), strings.Join(tags, ";"),
	}
	for _, x := range friendcard.Fields(f, set) {
		out = append(out, clip(x.Value, 2000))
	}
	return out
}

func columnsOf(set mapping.Set) string {
	h := sha256.New()
	for _, m := range set.Mappings {
		h.Write([]byte(m.Property + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// local is a time as a spreadsheet reads it, in the portal's time zone (P-74).
func (c *call) local(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(c.at.Zone()).Format("2006-01-02 15:04:05")
}
