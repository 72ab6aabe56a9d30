package hubspot

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lumo/shared/id"
)

const (
	// MaxListPage lists per search, MaxMemberPage members per page.
	MaxListPage   = 500
	MaxMemberPage = 250
)

// List is a HubSpot list ("segment" in HubSpot's pages). Size and the times of members come with every search, so that one call
// tells for 500 lists whether their members changed: UpdatedAt is about the definition only.
type List struct {
	ID             id.ListID
	Name           string
	ObjectTypeID   string
	ProcessingType string // DYNAMIC, MANUAL, SNAPSHOT
	Status         string // sizes mean something only when COMPLETE
	Version        int64
	Size           int // -1 when HubSpot does not say
	CreatedAt      time.Time
	UpdatedAt      time.Time
	FiltersAt      time.Time
	LastAddedAt    string // as HubSpot spells it: only equality matters
	LastRemovedAt  string
	Folder         string
	Deleted        bool
}

// ListPage is one page of lists. Next is the offset of the next page, -1 at the end.
type ListPage struct {
	Lists []List
	Next  int
	Total int
}

type listJSON struct {
	ListID         text        `json:"listId"`
	Name           string      `json:"name"`
	ObjectTypeID   string      `json:"objectTypeId"`
	ProcessingType string      `json:"processingType"`
	Status         string      `json:"processingStatus"`
	Version        json.Number `json:"listVersion"`
	Size           *int        `json:"size"`
	CreatedAt      time.Time   `json:"createdAt"`
	UpdatedAt      time.Time   `json:"updatedAt"`
	FiltersAt      time.Time   `json:"filtersUpdatedAt"`
	DeletedAt      *string     `json:"deletedAt"`
	Additional     struct {
		Size    text `json:"hs_list_size"`
		Added   text `json:"hs_last_record_added_at"`
		Removed text `json:"hs_last_record_removed_at"`
		Folder  text `json:"hs_folder_name"`
	} `json:"additionalProperties"`
}

func (l listJSON) list() List {
	out := List{
		ID: id.ListID(l.ListID), Name: l.Name, ObjectTypeID: l.ObjectTypeID, ProcessingType: l.ProcessingType, Status: l.Status,
		Version: number(l.Version), Size: -1, CreatedAt: l.CreatedAt, UpdatedAt: l.UpdatedAt, FiltersAt: l.FiltersAt,
		LastAddedAt: string(l.Additional.Added), LastRemovedAt: string(l.Additional.Removed), Folder: string(l.Additional.Folder),
		Deleted: l.DeletedAt != nil,
	}
	if n, err := strconv.Atoi(string(l.Additional.Size)); err == nil {
		out.Size = n
	} else if l.Size != nil {
		out.Size = *l.Size
	}
	return out
}

// SearchLists pages through the portal's contact lists.
func (p *Portal) SearchLists(ctx context.Context, offset, count int) (ListPage, error) {
	if count <= 0 || count > MaxListPage {
		count = MaxListPage
	}
	q := p.request(ctx, http.MethodPost, "/crm/lists/{V}/search")
	q.body = jsonBody(map[string]any{"offset": offset, "count": count, "objectTypeId": TypeID(Contacts)})
	var b struct {
		Lists   []listJSON `json:"lists"`
		Offset  int        `json:"offset"`
		HasMore bool       `json:"hasMore"`
		Total   int        `json:"total"`
	}
	if err := p.c.fetch(ctx, q, &b); err != nil {
		return ListPage{}, err
	}
	page := ListPage{Next: -1, Total: b.Total}
	for _, l := range b.Lists {
		page.Lists = append(page.Lists, l.list())
	}
	if b.HasMore && b.Offset > offset {
		page.Next = b.Offset
	}
	return page, nil
}

// HubSpotList reads one list; fault.NotFound when users deleted it.
func (p *Portal) HubSpotList(ctx context.Context, l id.ListID) (List, error) {
	var b struct {
		List listJSON `json:"list"`
	}
	if err := p.c.fetch(ctx, p.request(ctx, http.MethodGet, "/crm/lists/{V}/"+pathPart(string(l))), &b); err != nil {
		return List{}, err
	}
	return b.List.list(), nil
}

// Member of a list.
type Member struct {
	RecordID string    `json:"recordId"`
	JoinedAt time.Time `json:"membershipTimestamp"`
}

// MemberPage is one page of members. After is "" at the end.
type MemberPage struct {
	Members []Member
	After   string
}

// ListMembers pages through a list upwards by record id.
func (p *Portal) ListMembers(ctx context.Context, l id.ListID, after string, limit int) (MemberPage, error) {
	return p.members(ctx, l, "/memberships", after, limit)
}

// ListJoins pages through a list in order of joining. A kept cursor continues with later joins only.
func (p *Portal) ListJoins(ctx context.Context, l id.ListID, after string, limit int) (MemberPage, error) {
	return p.members(ctx, l, "/memberships/join-order", after, limit)
}

func (p *Portal) members(ctx context.Context, l id.ListID, tail, after string, limit int) (MemberPage, error) {
	if limit <= 0 || limit > MaxMemberPage {
		limit = MaxMemberPage
	}
	q := p.request(ctx, http.MethodGet, "/crm/lists/{V}/"+pathPart(string(l))+tail)
	q.query = url.Values{"limit": {itoa(limit)}}
	if after != "" {
		q.query.Set("after", after)
	}
	var b struct {
		Results []Member `json:"results"`
		Paging  paging   `json:"paging"`
	}
	if err := p.c.fetch(ctx, q, &b); err != nil {
		return MemberPage{}, err
	}
	return MemberPage{b.Results, string(b.Paging.Next.After)}, nil
}
