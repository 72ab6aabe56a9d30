// Package alert tells people when syncing needs them (P-75): two failed runs in a row, more than one item in a hundred failing, or no normal
// state for an hour. An alert stands in the app until its reason is gone, and one e-mail goes out when it begins.
package alert

import (
	"context"
	"fmt"
	"slices"

	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/mail"
)

// Code of an alert; screens and e-mails explain it.
type Code string

const (
	RunsFail  Code = "RUNS_FAIL"
	ItemsFail Code = "ITEMS_FAIL"
	NotNormal Code = "NOT_NORMAL"
)

// Alert stands since a time (Unix ms).
type Alert struct {
	Code  Code   `json:"code" dynamodbav:"c"`
	Since int64  `json:"since" dynamodbav:"s"`
	Run   string `json:"run,omitempty" dynamodbav:"r,omitempty"`
}

// Health is what the rules look at.
type Health struct {
	FailedInARow int
	ItemsRead    int
	ItemsFailed  int
	// BusyMillis is how long the portal has not been normal.
	BusyMillis int64
	Run        string
}

const hour = 60 * 60_000

// Judge lists the codes that hold.
func Judge(h Health) []Code {
	var out []Code
	if h.FailedInARow >= 2 {
		out = append(out, RunsFail)
	}
	if h.ItemsFailed > 0 && h.ItemsFailed*100 > h.ItemsRead {
		out = append(out, ItemsFail)
	}
	if h.BusyMillis > hour {
		out = append(out, NotNormal)
	}
	return out
}

// Store keeps a portal's standing alerts.
type Store interface {
	Load(ctx context.Context, p id.PortalID) ([]Alert, error)
	Save(ctx context.Context, p id.PortalID, as []Alert) error
}

// Recipient is who is told about a portal.
type Recipient struct {
	Emails   []string
	Language string // "en" or "ja"
	Name     string // of the portal
}

// Service keeps alerts up to date.
type Service struct {
	Store Store
	Mail  mail.Sender
	Who   func(ctx context.Context, p id.PortalID) (Recipient, error)
	Clock clock.Clock
	// Dashboard is the address that e-mails lead to.
	Dashboard func(p id.PortalID) string
}

// Update compares what holds with what stands. An e-mail is sent before the alert is stored: after a crash between the two it may come
// twice, but never not at all.
func (s *Service) Update(ctx context.Context, p id.PortalID, h Health) error {
	standing, err := s.Store.Load(ctx, p)
	if err != nil {
		return err
	}
	var next []Alert
	changed := false
	for _, c := range Judge(h) {
		if i := slices.IndexFunc(standing, func(a Alert) bool { return a.Code == c }); i >= 0 {
			next = append(next, standing[i])
			continue
		}
		a := Alert{Code: c, Since: s.Clock.Now().UnixMilli(), Run: h.Run}
		if err := s.tell(ctx, p, a); err != nil {
			return err
		}
		next, changed = append(next, a), true
	}
	if !changed && len(next) == len(standing) {
		return nil
	}
	return s.Store.Save(ctx, p, next)
}

func (s *Service) tell(ctx context.Context, p id.PortalID, a Alert) error {
	who, err := s.Who(ctx, p)
	if err != nil {
		return err
	}
	w := words[who.Language]
	if w == nil {
		w = words["en"]
	}
	for _, to := range who.Emails {
		m := mail.Mail{To: to, Subject: w[a.Code].subject, Text: fmt.Sprintf(w[a.Code].text, who.Name) + "\n\n" + s.Dashboard(p) + "\n"}
		if err := s.Mail.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

type sentence struct{ subject, text string }

var words = map[string]map[Code]sentence{
	"en": {
		RunsFail:  {"Lumo: syncing with HubSpot keeps failing", "The last two sync runs of %s failed. The sync history tells why, and what to do."},
		ItemsFail: {"Lumo: some contacts could not be synced", "More than one in a hundred contacts of %s could not be synced. The sync history lists them with HubSpot's reasons; each has a Retry button."},
		NotNormal: {"Lumo: syncing takes unusually long", "The sync of %s has not been back to normal for an hour. Large imports may take a while, or somebody must confirm a preview; the Dashboard tells which."},
	},
	"ja": {
		RunsFail:  {"Lumo: HubSpotとの同期に続けて失敗しています", "%s の同期が2回続けて失敗しました。原因と対処方法は同期履歴をご確認ください。"},
		ItemsFail: {"Lumo: 同期できなかったコンタクトがあります", "%s のコンタクトの1%%以上が同期できませんでした。同期履歴でHubSpotからの理由を確認し、再試行できます。"},
		NotNormal: {"Lumo: 同期に時間がかかっています", "%s の同期が1時間以上正常に戻っていません。件数が多い場合は時間がかかります。プレビューの確認待ちの場合もあります。状況はダッシュボードに表示されます。"},
	},
}
