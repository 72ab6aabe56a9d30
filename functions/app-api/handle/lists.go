package handle

import (
	"context"
	"slices"

	"lumo/shared/hubspotlist"
	"lumo/shared/id"
	"lumo/shared/syncdata"
)

type listRow struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Kind     hubspotlist.Kind  `json:"kind"`
	Size     *int              `json:"size"`
	SeenAt   *int64            `json:"seenAt"`
	Selected bool              `json:"selected"`
	State    hubspotlist.State `json:"state"`
	// Members are those that are stored, as of MembersAsOf; while the list is read, Read says how many were so far.
	Members     *int      `json:"members"`
	MembersAsOf *int64    `json:"membersAsOf"`
	Read        *int      `json:"read"`
	ReadSeconds int       `json:"readSeconds"`
	UsedBy      []listUse `json:"usedBy"`
}

type listUse struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func listView(l hubspotlist.List, checked hubspotlist.Checked, used []hubspotlist.Dependent) listRow {
	v := listRow{
		ID: string(l.ID), Name: clip(l.Name, 300), Kind: l.Kind, SeenAt: at(l.SeenAt), Selected: l.Selected, State: l.State(),
		MembersAsOf: at(l.MembersAsOf(checked)), ReadSeconds: int(l.ReadTime().Seconds()), UsedBy: []listUse{},
	}
	if l.Size >= 0 {
		v.Size = &l.Size
	}
	if l.Members != nil {
		v.Members = &l.Members.Count
	}
	if l.Reading != nil {
		v.Read = &l.Reading.Count
	}
	for _, d := range used[:min(len(used), usesShown)] {
		v.UsedBy = append(v.UsedBy, listUse{d.Kind, d.ID, clip(d.Name, 200)})
	}
	return v
}

// usesShown of one list.
const usesShown = 20

func getLists(ctx context.Context, c *call) (any, error) {
	search, err := c.text("search", 100)
	if err != nil {
		return nil, err
	}
	only, err := c.choice("selected", "true", "false")
	if err != nil {
		return nil, err
	}
	all, checked, err := c.Lists.Index(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	used, err := c.Lists.UsedBy(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	if only != "" {
		all = slices.DeleteFunc(all, func(l hubspotlist.List) bool { return (l.Selected || len(used[l.ID]) > 0) != (only == "true") })
	}
	return slice(c, syncdata.ListsByName(all, search), func(l hubspotlist.List) listRow { return listView(l, checked, used[l.ID]) })
}

type changeList struct {
	request
	Selected *bool `json:"selected"`
}

// patchList puts a list on "Sync Data" or takes it off. Its members are read from now on.
func patchList(ctx context.Context, c *call) (any, error) {
	in, err := read[changeList](c)
	if err != nil {
		return nil, err
	}
	l, err := c.list()
	if err != nil {
		return nil, err
	}
	if in.Selected == nil {
		return nil, invalid("selected", "Say whether the list is selected.")
	}
	row, err := c.Lists.Select(ctx, c.portal(), l, *in.Selected)
	if err != nil {
		return nil, err
	}
	return c.listOf(ctx, row)
}

// postReread has the members read now, whatever the fingerprint says (P-52).
func postReread(ctx context.Context, c *call) (any, error) {
	if _, err := read[request](c); err != nil {
		return nil, err
	}
	l, err := c.list()
	if err != nil {
		return nil, err
	}
	if err := c.Lists.Reread(ctx, c.portal(), l); err != nil {
		return nil, err
	}
	row, _, err := c.Lists.Store.Load(ctx, c.portal(), l)
	if err != nil {
		return nil, err
	}
	return c.listOf(ctx, row)
}

func (c *call) list() (id.ListID, error) {
	l, err := id.ParseList(c.params["list"])
	if err != nil {
		return "", hubspotlist.ErrUnknown
	}
	return l, nil
}

func (c *call) listOf(ctx context.Context, l hubspotlist.List) (any, error) {
	checked, err := c.Lists.Store.Checked(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	used, err := c.Lists.UsedBy(ctx, c.portal())
	return listView(l, checked, used[l.ID]), err
}
