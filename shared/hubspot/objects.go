package hubspot

import (
	"context"
	"slices"
	"strings"

	"github.com/clarkmcc/go-hubspot/generated/v3/objects"

	"lumo/shared/fault"
	"lumo/shared/pace"
)

const (
	// MaxBatch is HubSpot's limit of records per batch call, MaxBatchHistory the same with property history.
	MaxBatch        = 100
	MaxBatchHistory = 50
	// MaxPage is HubSpot's limit of records per page of List.
	MaxPage = 100
)

// base is what every generated call of this portal has in common.
func (p *Portal) base(ctx context.Context, pr pace.Priority) call {
	return call{portal: p.id, kind: p.kind, priority: max(p.priority, pr, pace.PriorityOf(ctx))}
}

// List returns one page of all records, upwards by id as observed; no limit of 10,000 as with Search.
func (p *Portal) List(ctx context.Context, t ObjectType, after string, limit int, q Read) (Page, error) {
	most := MaxPage
	if len(q.History) > 0 {
		most = MaxBatchHistory
	}
	if limit <= 0 || limit > most {
		limit = most
	}
	r, err := p.through(ctx, p.base(ctx, q.Priority), false, func(ctx context.Context) error {
		get := p.c.crm.objects.BasicApi.GetPage(ctx, string(t)).Limit(int32(limit)).Properties(joined(q.Properties))
		if after != "" {
			get = get.After(after)
		}
		if len(q.History) > 0 {
			get = get.PropertiesWithHistory(joined(q.History))
		}
		if q.Archived {
			get = get.Archived(true)
		}
		_, _, err := get.Execute()
		return err
	})
	if err != nil {
		return Page{}, err
	}
	var body struct {
		Results []Record `json:"results"`
		Paging  paging   `json:"paging"`
	}
	if err := r.decode(&body); err != nil {
		return Page{}, err
	}
	return Page{body.Results, string(body.Paging.Next.After)}, nil
}

// joined keeps a query short: HubSpot takes one comma-separated parameter, and a URL that is too long is a 414.
func joined(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(names, ",")}
}

// Get reads one record by id, or by the value of a unique property. A merged-away id answers with the survivor, whose ID differs.
func (p *Portal) Get(ctx context.Context, t ObjectType, id, idProperty string, q Read) (Record, error) {
	var rec Record
	r, err := p.through(ctx, p.base(ctx, q.Priority), false, func(ctx context.Context) error {
		get := p.c.crm.objects.BasicApi.GetByID(ctx, string(t), id).Properties(joined(q.Properties))
		if len(q.History) > 0 {
			get = get.PropertiesWithHistory(joined(q.History))
		}
		if q.Archived {
			get = get.Archived(true)
		}
		if idProperty != "" {
			get = get.IdProperty(idProperty)
		}
		_, _, err := get.Execute()
		return err
	})
	if err != nil {
		return rec, err
	}
	return rec, r.decode(&rec)
}

// Create makes one record and is sent at most once: after an unknown outcome look for it before repeating.
func (p *Portal) Create(ctx context.Context, t ObjectType, props map[string]string) (Record, error) {
	var rec Record
	q := p.base(ctx, pace.Bulk)
	q.once = true
	r, err := p.through(ctx, q, false, func(ctx context.Context) error {
		_, _, err := p.c.crm.objects.BasicApi.Create(ctx, string(t)).SimplePublicObjectInputForCreate(objects.SimplePublicObjectInputForCreate{
			Properties: props, Associations: []objects.PublicAssociationsForObject{},
		}).Execute()
		return err
	})
	if err != nil {
		return rec, err
	}
	return rec, r.decode(&rec)
}

// Archive deletes one record (restorable for 90 days). Deleting what is gone is no error.
func (p *Portal) Archive(ctx context.Context, t ObjectType, id string) error {
	_, err := p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
		_, err := p.c.crm.objects.BasicApi.Archive(ctx, string(t), id).Execute()
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// BatchRead reads records by id, or by the values of a unique property when idProperty is given. Any number of ids: it coalesces
// repeats and splits into calls of 100, or 50 with history. missing lists the ids under which there is no live record: after a
// merge the survivor may be among records although its old id is missing.
func (p *Portal) BatchRead(ctx context.Context, t ObjectType, ids []string, idProperty string, q Read) (records []Record, missing []string, err error) {
	size := MaxBatch
	if len(q.History) > 0 {
		size = MaxBatchHistory
	}
	if idProperty != "" {
		q.Properties = withKeys(q.Properties, idProperty)
	}
	for part := range slices.Chunk(distinct(ids), size) {
		found, err := p.batchRead(ctx, t, part, idProperty, q)
		if err != nil {
			return records, missing, err
		}
		records = append(records, found...)
		missing = append(missing, unmatched(part, found, idProperty)...)
	}
	return records, missing, nil
}

// batchRead is one call. The errors of a 207 say again what is missing; any other error there means that nothing is known about
// some records, so the call has failed: a record must not count as gone because HubSpot stumbled.
func (p *Portal) batchRead(ctx context.Context, t ObjectType, ids []string, idProperty string, q Read) ([]Record, error) {
	in := objects.BatchReadInputSimplePublicObjectId{Properties: orEmpty(q.Properties), PropertiesWithHistory: orEmpty(q.History)}
	if idProperty != "" {
		in.IdProperty = &idProperty
	}
	for _, id := range ids {
		in.Inputs = append(in.Inputs, objects.SimplePublicObjectId{Id: id})
	}
	r, err := p.through(ctx, p.base(ctx, q.Priority), false, func(ctx context.Context) error {
		read := p.c.crm.objects.BatchApi.BatchRead(ctx, string(t)).BatchReadInputSimplePublicObjectId(in)
		if q.Archived {
			read = read.Archived(true)
		}
		_, _, err := read.Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	var body batchReply
	if err := r.decodeBatch(&body); err != nil {
		return nil, err
	}
	for _, e := range body.Errors {
		if f := itemFault(e, r, nil); f.Class != fault.NotFound {
			f.Class, f.Certainty = fault.Unavailable, fault.NothingHappened
			return nil, f
		}
	}
	return body.Results, nil
}

// additionalEmails holds a contact's secondary addresses, which answer to a read by e-mail too.
const additionalEmails = "hs_additional_emails"

func withKeys(props []string, idProperty string) []string {
	props = slices.Clone(props)
	keys := []string{idProperty}
	if idProperty == "email" {
		keys = append(keys, additionalEmails)
	}
	for _, k := range keys {
		if !slices.Contains(props, k) {
			props = append(props, k)
		}
	}
	return props
}

// unmatched returns the ids that no record answers to. Order and number of results mean nothing.
func unmatched(ids []string, found []Record, idProperty string) []string {
	have := map[string]bool{}
	for _, r := range found {
		if idProperty == "" {
			have[r.ID] = true
			continue
		}
		have[strings.ToLower(r.Value(idProperty))] = true
		if idProperty == "email" {
			for _, e := range strings.Split(r.Value(additionalEmails), ";") {
				have[strings.ToLower(strings.TrimSpace(e))] = true
			}
		}
	}
	var missing []string
	for _, id := range ids {
		key := id
		if idProperty != "" {
			key = strings.ToLower(id)
		}
		if !have[key] {
			missing = append(missing, id)
		}
	}
	return missing
}

func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
