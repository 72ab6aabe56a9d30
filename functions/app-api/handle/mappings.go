package handle

import (
	"context"
	"strconv"

	"lumo/shared/mapping"
	"lumo/shared/register"
	"lumo/shared/syncdata"
)

type mappingRow struct {
	Property  string  `json:"property"`
	Label     string  `json:"label"`
	AppField  string  `json:"appField"`
	Type      string  `json:"type"`
	FieldType string  `json:"fieldType"`
	Rule      string  `json:"rule"`
	RuleFixed bool    `json:"ruleFixed"`
	OneWay    bool    `json:"oneWay"`
	Status    string  `json:"status"`
	Todo      *string `json:"todo"`
	AddedAt   *int64  `json:"addedAt"`
	AddedBy   *string `json:"addedBy"`
}

func mappingView(m mapping.Mapping) mappingRow {
	return mappingRow{
		Property: m.Property, Label: m.Label, AppField: m.Label, Type: m.Type, FieldType: m.FieldType, Rule: string(m.Rule), RuleFixed: !m.Writable(),
		OneWay: !m.Writable(), Status: string(m.Status), Todo: some(syncdata.Todo(m)), AddedAt: at(m.AddedAt), AddedBy: some(m.AddedBy),
	}
}

type mappingList struct {
	Items []mappingRow `json:"items"`
	Max   int          `json:"max"`
}

// getMappings is the table of "Sync Data" (P-38); there are at most mapping.Max.
func getMappings(ctx context.Context, c *call) (any, error) {
	set, err := c.Mappings.Load(ctx, c.portal())
	if err != nil {
		return nil, err
	}
	return mappingList{rows(set.Mappings, mappingView, nil).Items, mapping.Max}, nil
}

type settledView struct {
	Mapping mappingRow   `json:"mapping"`
	Run     *runningView `json:"run"`
	Queued  bool         `json:"queued"`
}

func (c *call) settled(s syncdata.Settled) settledView {
	v := settledView{Mapping: mappingView(s.Mapping), Queued: s.Queued}
	if s.Run != nil {
		run := c.running(*s.Run)
		v.Run = &run
	}
	return v
}

type addMapping struct {
	request
	Property string        `json:"property"`
	Rule     register.Rule `json:"rule"`
}

func postMapping(ctx context.Context, c *call) (any, error) {
	in, err := read[addMapping](c)
	if err != nil {
		return nil, err
	}
	name, err := property(in.Property)
	if err != nil {
		return nil, err
	}
	s, err := c.SyncData.Add(ctx, c.portal(), c.who, name, in.Rule, c.attempt.At)
	return c.settled(s), err
}

type changeMapping struct {
	request
	Rule   *register.Rule `json:"rule"`
	Paused *bool          `json:"paused"`
}

func patchMapping(ctx context.Context, c *call) (any, error) {
	in, err := read[changeMapping](c)
	if err != nil {
		return nil, err
	}
	name, err := property(c.params["property"])
	if err != nil {
		return nil, err
	}
	s, err := c.SyncData.Change(ctx, c.portal(), c.who, name, syncdata.Change{Rule: in.Rule, Paused: in.Paused})
	return c.settled(s), err
}

func deleteMapping(ctx context.Context, c *call) (any, error) {
	if _, err := read[request](c); err != nil {
		return nil, err
	}
	name, err := property(c.params["property"])
	if err != nil {
		return nil, err
	}
	removed, err := c.SyncData.Remove(ctx, c.portal(), c.who, name)
	return map[string]bool{"removed": removed}, err
}

// postMappingRecreate makes a property anew that somebody deleted in HubSpot (P-48).
func postMappingRecreate(ctx context.Context, c *call) (any, error) {
	if _, err := read[request](c); err != nil {
		return nil, err
	}
	name, err := property(c.params["property"])
	if err != nil {
		return nil, err
	}
	s, err := c.SyncData.Recreate(ctx, c.portal(), c.who, name)
	return c.settled(s), err
}

type candidateRow struct {
	Name      string       `json:"name"`
	Label     string       `json:"label"`
	Group     string       `json:"group"`
	Type      string       `json:"type"`
	FieldType string       `json:"fieldType"`
	Fit       syncdata.Fit `json:"fit"`
	Mapped    bool         `json:"mapped"`
}

// getProperties asks HubSpot itself, so that a property made a moment ago is there.
func getProperties(ctx context.Context, c *call) (any, error) {
	search, err := c.text("search", 100)
	if err != nil {
		return nil, err
	}
	all, err := c.SyncData.Candidates(ctx, c.portal(), search)
	if err != nil {
		return nil, err
	}
	return slice(c, all, func(p syncdata.Candidate) candidateRow {
		return candidateRow{p.Name, clip(p.Label, 200), p.Group, p.Type, p.FieldType, p.Fit, p.Mapped}
	})
}

type optionRow struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// maxOptions is more than anybody chooses from; HubSpot allows 5,000 in a property.
const maxOptions = 1000

type optionsView struct {
	Items []optionRow `json:"items"`
	More  bool        `json:"more"`
}

// getLabels tells what values are called, for showing them.
func getLabels(ctx context.Context, c *call) (any, error) {
	name, err := property(c.params["property"])
	if err != nil {
		return nil, err
	}
	all, err := c.SyncData.Labels(ctx, c.portal(), name)
	if err != nil {
		return nil, err
	}
	return optionsView{Items: rows(all, func(o syncdata.Choice) optionRow { return optionRow{o.Value, o.Label} }, nil).Items}, nil
}

// getOptions tells what a field of choices may hold, so that nobody has to type internal values.
func getOptions(ctx context.Context, c *call) (any, error) {
	name, err := property(c.params["property"])
	if err != nil {
		return nil, err
	}
	all, err := c.SyncData.Options(ctx, c.portal(), name)
	if err != nil {
		return nil, err
	}
	out := optionsView{Items: []optionRow{}, More: len(all) > maxOptions}
	for _, o := range all[:min(len(all), maxOptions)] {
		out.Items = append(out.Items, optionRow{o.Value, clip(o.Label, 200)})
	}
	return out, nil
}

// slice pages over a list that is read whole.
func slice[D, V any](c *call, all []D, view func(D) V) (any, error) {
	here, next, err := part(c, all)
	if err != nil {
		return nil, err
	}
	return rows(here, view, c.next(next)), nil
}

// part is the page asked for of a list that is read whole. The cursor is a position: what comes or goes meanwhile shifts a row, no more.
func part[D any](c *call, all []D) (here []D, next string, err error) {
	after, limit, err := c.page()
	if err != nil {
		return nil, "", err
	}
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil || from < 0 {
			return nil, "", badCursor()
		}
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}
