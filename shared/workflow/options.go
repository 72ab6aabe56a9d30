package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"lumo/shared/id"
	"lumo/shared/lineaccount"
)

// Option is one line of a select box in HubSpot's workflow editor. Workflows keep the value, so it never changes.
type Option struct {
	Label       string `json:"label"`
	Description string `json:"description,omitempty"`
	Value       string `json:"value"`
}

// Options is a page of them.
type Options struct {
	Options    []Option `json:"options"`
	After      string   `json:"after,omitempty"`
	Searchable bool     `json:"searchable"`
}

// Asked is what HubSpot sends while a person edits a step.
type Asked struct {
	Portal  id.PortalID
	Account string // as chosen in the same step, if it is chosen
	Typed   string
	After   string
}

// OptionsOf names the inputs whose options are asked for.
func OptionsOf() []string { return []string{InputAccount, InputTemplate, InputTag} }

// optionsPage is how many options go out at once.
const optionsPage = 50

// ParseAsk reads HubSpot's request.
func ParseAsk(body []byte) (Asked, error) {
	var in struct {
		Origin struct {
			PortalID id.PortalID `json:"portalId"`
		} `json:"origin"`
		Inputs map[string]struct {
			Value json.RawMessage `json:"value"`
		} `json:"inputFields"`
		Fetch struct {
			Typed string          `json:"q"`
			After json.RawMessage `json:"after"`
		} `json:"fetchOptions"`
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Origin.PortalID <= 0 || len(in.Fetch.Typed) > 1000 {
		return Asked{}, ErrBody
	}
	return Asked{Portal: in.Origin.PortalID, Account: plain(in.Inputs[InputAccount].Value), Typed: in.Fetch.Typed, After: plain(in.Fetch.After)}, nil
}

// plain is a text or number as text.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// List tells the options of an input. An account that is not connected any more has none.
func (s *Service) List(ctx context.Context, input string, a Asked) (Options, error) {
	var all []Option
	var err error
	switch input {
	case InputAccount:
		all, err = s.accountOptions(ctx, a)
	case InputTemplate, InputTag:
		slot, serr := slotOf(a.Account)
		if serr != nil {
			break
		}
		account, aerr := s.Accounts.Account(ctx, a.Portal, slot)
		if errors.Is(aerr, lineaccount.ErrUnknown) || aerr == nil && account.State != lineaccount.Active {
			break
		}
		if aerr != nil {
			return Options{}, aerr
		}
		if input == InputTag {
			all, err = s.tagOptions(ctx, a, slot)
		} else {
			all, err = s.templateOptions(ctx, a, slot)
		}
	}
	if err != nil {
		return Options{}, err
	}
	return pageOf(all, a.After), nil
}

func pageOf(all []Option, after string) Options {
	from, err := strconv.Atoi(after)
	if err != nil || from < 0 {
		from = 0
	}
	from = min(from, len(all))
	to := min(from+optionsPage, len(all))
	out := Options{Options: append([]Option{}, all[from:to]...), Searchable: true}
	if to < len(all) {
		out.After = strconv.Itoa(to)
	}
	return out
}

func matches(typed string, texts ...string) bool {
	typed = strings.ToLower(strings.TrimSpace(typed))
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), typed) {
			return true
		}
	}
	return false
}

func (s *Service) accountOptions(ctx context.Context, a Asked) ([]Option, error) {
	all, err := s.Accounts.Accounts(ctx, a.Portal)
	var out []Option
	for _, one := range all {
		if one.State == lineaccount.Active && matches(a.Typed, one.Name, one.BasicID) {
			out = append(out, Option{Label: one.Name, Description: one.BasicID, Value: one.Slot.String()})
		}
	}
	return out, err
}

func (s *Service) templateOptions(ctx context.Context, a Asked, slot id.Slot) ([]Option, error) {
	all, err := s.Templates.All(ctx, a.Portal, slot)
	var out []Option
	for _, t := range all {
		if t.Match(a.Typed) {
			out = append(out, Option{Label: t.Name, Description: t.Summary, Value: t.ID})
		}
	}
	return out, err
}

func (s *Service) tagOptions(ctx context.Context, a Asked, slot id.Slot) ([]Option, error) {
	all, err := s.Tags.List(ctx, a.Portal, slot)
	var out []Option
	for _, t := range all {
		if matches(a.Typed, t.Name) {
			out = append(out, Option{Label: t.Name, Value: t.ID})
		}
	}
	return out, err
}
