package hubspot

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/pace"
)

// AccountInfo describes a portal.
type AccountInfo struct {
	Portal              id.PortalID
	AccountType         string // STANDARD, DEVELOPER_TEST, SANDBOX, APP_DEVELOPER
	TimeZone            string
	UIDomain            string // host of record links
	DataHostingLocation string
	CompanyCurrency     string
}

// AccountInfo reads the portal's own details.
func (p *Portal) AccountInfo(ctx context.Context) (AccountInfo, error) {
	var b struct {
		PortalID            json.Number `json:"portalId"`
		AccountType         string      `json:"accountType"`
		TimeZone            string      `json:"timeZone"`
		UIDomain            string      `json:"uiDomain"`
		DataHostingLocation string      `json:"dataHostingLocation"`
		CompanyCurrency     string      `json:"companyCurrency"`
	}
	if err := p.c.fetch(ctx, p.request(ctx, http.MethodGet, "/account-info/{V}/details"), &b); err != nil {
		return AccountInfo{}, err
	}
	return AccountInfo{
		Portal: id.PortalID(number(b.PortalID)), AccountType: b.AccountType, TimeZone: b.TimeZone, UIDomain: b.UIDomain,
		DataHostingLocation: b.DataHostingLocation, CompanyCurrency: b.CompanyCurrency,
	}, nil
}

// Uninstall removes the app from the portal; HubSpot e-mails the portal's admins. Removing it twice is no error.
func (p *Portal) Uninstall(ctx context.Context) error {
	q := p.request(ctx, http.MethodDelete, "/appinstalls/{V}/external-install")
	q.priority = max(q.priority, pace.Event)
	err := p.c.fetch(ctx, q, nil)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Owner is a HubSpot user who can own records.
type Owner struct {
	ID        string
	UserID    int64
	Email     string
	FirstName string
	LastName  string
	Archived  bool
}

// OwnerPage is one page of owners. After is "" at the end.
type OwnerPage struct {
	Owners []Owner
	After  string
}

// Owners lists the portal's users, 100 a page.
func (p *Portal) Owners(ctx context.Context, after string) (OwnerPage, error) {
	q := p.request(ctx, http.MethodGet, "/crm/owners/{V}")
	q.query = url.Values{"limit": {"100"}}
	if after != "" {
		q.query.Set("after", after)
	}
	var b struct {
		Results []struct {
			ID        text        `json:"id"`
			UserID    json.Number `json:"userId"`
			Email     string      `json:"email"`
			FirstName string      `json:"firstName"`
			LastName  string      `json:"lastName"`
			Archived  bool        `json:"archived"`
		} `json:"results"`
		Paging paging `json:"paging"`
	}
	if err := p.c.fetch(ctx, q, &b); err != nil {
		return OwnerPage{}, err
	}
	page := OwnerPage{After: string(b.Paging.Next.After)}
	for _, o := range b.Results {
		page.Owners = append(page.Owners, Owner{string(o.ID), number(o.UserID), o.Email, o.FirstName, o.LastName, o.Archived})
	}
	return page, nil
}

// RecordURL is the address of a record in HubSpot's own pages.
func RecordURL(uiDomain string, p id.PortalID, t ObjectType, recordID string) string {
	return "https://" + uiDomain + "/contacts/" + p.String() + "/record/" + TypeID(t) + "/" + url.PathEscape(recordID)
}

// TypeID returns the numeric type of the objects in use; an id is returned as it is.
func TypeID(t ObjectType) string {
	switch t {
	case Contacts:
		return "0-1"
	case Companies:
		return "0-2"
	case Notes:
		return "0-46"
	}
	return string(t)
}

func itoa(n int) string { return strconv.Itoa(n) }
