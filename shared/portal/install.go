package portal

import (
	"slices"
	"time"

	"lumo/shared/check"
	"lumo/shared/id"
)

// RequiredScopes must be asked for in every authorization; the app's configuration in HubSpot lists the same.
var RequiredScopes = []string{
	"oauth",
	"crm.objects.contacts.read", "crm.objects.contacts.write",
	"crm.schemas.contacts.read", "crm.schemas.contacts.write",
	"crm.objects.companies.read", "crm.objects.owners.read", "crm.lists.read",
}

// OptionalScopes are granted if the portal has them. Only scopes of features that exist belong here (HubSpot's listing rules).
var OptionalScopes = []string{
	"automation",
	"conversations.custom_channels.read", "conversations.custom_channels.write", "conversations.read", "conversations.write", "files.delete", "files.read", "files.write",
	"crm.objects.companies.write", "crm.schemas.companies.read", "crm.schemas.companies.write",
}

// ScopeAutomation lets steps of workflows be answered. HubSpot gives it to some plans only, so nobody is kept from installing without it.
const ScopeAutomation = "automation"

// Grant is what HubSpot gives for a code or a refresh token.
type Grant struct {
	Access    string
	Refresh   string // may be empty on refresh: the old one stays
	ExpiresIn time.Duration
	Portal    id.PortalID
	Scopes    []string
	UserID    int64
}

// Identity is HubSpot's own description of a token.
type Identity struct {
	Active bool
	Portal id.PortalID
	Domain string
	User   Actor
	AppID  int64
	Scopes []string
}

// Details are what the account itself says.
type Details struct {
	TimeZone string
	UIDomain string
}

// install is the rule of P-04 and P-05: a new portal gets defaults, a known one keeps everything but its grant.
func install(old *Portal, g Grant, who Identity, now time.Time) (Portal, Entry) {
	p := Portal{ID: g.Portal, Settings: Defaults(), FirstInstalledAt: now}
	action := Installed
	if old != nil {
		p = *old
		if old.State == Connected || old.State == Pending || old.State == Reconnect {
			action = Reauthorized
		}
	}
	if p.State != Connected {
		p.State = Pending
	}
	p.Reason = ""
	p.InstalledAt, p.RemovedAt = now, time.Time{}
	p.InstalledBy = Actor{UserID: g.UserID}
	if who.User.UserID != 0 {
		p.InstalledBy = who.User
	}
	if who.Domain != "" {
		p.Name = who.Domain
	}
	p.Scopes = slices.Clone(g.Scopes)
	if len(p.Scopes) == 0 {
		p.Scopes = slices.Clone(who.Scopes)
	}
	slices.Sort(p.Scopes)
	p.Scopes = slices.Compact(p.Scopes)
	return p, Entry{At: now, Actor: p.InstalledBy, Action: action}
}

// complete ends an installation.
func complete(p Portal, d Details) Portal {
	if d.TimeZone != "" {
		p.TimeZone = d.TimeZone
	}
	if d.UIDomain != "" {
		p.UIDomain = d.UIDomain
	}
	p.State, p.Reason = Connected, ""
	return p
}

// Codes of Checks.
const (
	CheckToken  check.Code = "HUBSPOT_TOKEN"
	CheckScopes check.Code = "HUBSPOT_SCOPES"
)

// Checks are the wizard's lines about HubSpot (P-07): the grant works, and no scope is missing.
func (p Portal) Checks() []check.Line {
	token := check.Line{Code: CheckToken, Outcome: check.Pass, Detail: p.Name}
	if p.State != Connected {
		token = check.Line{Code: CheckToken, Outcome: check.Fail, Detail: p.Reason}
	}
	scopes := check.Line{Code: CheckScopes, Outcome: check.Pass}
	for _, s := range RequiredScopes {
		if !p.Has(s) {
			scopes.Outcome = check.Fail
			if scopes.Detail != "" {
				scopes.Detail += ", "
			}
			scopes.Detail += s
		}
	}
	return []check.Line{token, scopes}
}

// CheckWords explain the lines of Checks.
var CheckWords = map[check.Code]check.Words{
	CheckToken: {
		Title: check.Text{En: "HubSpot is connected", Ja: "HubSpotに接続されています"},
		Hint:  check.Text{En: "Press “Reconnect HubSpot” and approve the permissions.", Ja: "「HubSpotに再接続」を押して権限を承認してください。"},
	},
	CheckScopes: {
		Title: check.Text{En: "All HubSpot permissions are granted", Ja: "HubSpotの権限がすべて付与されています"},
		Hint: check.Text{En: "A super admin must press “Reconnect HubSpot” and approve the missing permissions.",
			Ja: "スーパー管理者が「HubSpotに再接続」を押して、不足している権限を承認してください。"},
	},
}
