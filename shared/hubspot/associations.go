package hubspot

import (
	"context"
	"slices"

	associations "github.com/clarkmcc/go-hubspot/generated/v4/crm_associations"

	"lumo/shared/fault"
	"lumo/shared/pace"
)

// Association types of HubSpot's own table.
const (
	ContactToCompany        = 279
	ContactToPrimaryCompany = 1
	CompanyToContact        = 280
)

const (
	maxAssociationReads  = 1000
	maxAssociationWrites = 2000
)

// AssociationType is one label between two records. Direction matters.
type AssociationType struct {
	Category string
	TypeID   int
	Label    string
}

// Association leads to one record.
type Association struct {
	ToID  string
	Types []AssociationType
}

// Has tells whether the association carries a type, e.g. ContactToPrimaryCompany.
func (a Association) Has(typeID int) bool {
	return slices.ContainsFunc(a.Types, func(t AssociationType) bool { return t.TypeID == typeID })
}

// Associations reads where records lead to, following pages until each is complete. A record without any is not in the map.
func (p *Portal) Associations(ctx context.Context, from ObjectType, ids []string, to ObjectType) (map[string][]Association, error) {
	out := map[string][]Association{}
	var next []associations.PublicFetchAssociationsBatchRequest
	for _, id := range distinct(ids) {
		next = append(next, associations.PublicFetchAssociationsBatchRequest{Id: id})
	}
	for len(next) > 0 {
		n := min(len(next), maxAssociationReads)
		more, err := p.readAssociations(ctx, from, to, next[:n], out)
		if err != nil {
			return nil, err
		}
		next = append(next[n:], more...)
	}
	return out, nil
}

// readAssociations decodes by itself: go-hubspot's model has int32 ids, which HubSpot outgrew. A record without associations may
// be left out or be reported in the errors of a 207; both mean none.
func (p *Portal) readAssociations(ctx context.Context, from, to ObjectType, part []associations.PublicFetchAssociationsBatchRequest,
	out map[string][]Association) (more []associations.PublicFetchAssociationsBatchRequest, err error) {
	in := associations.BatchInputPublicFetchAssociationsBatchRequest{Inputs: part}
	r, err := p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
		_, _, err := p.c.crm.associations.BatchApi.PostCrmV4AssociationsFromObjectTypeToObjectTypeBatchReadGetPage(ctx, string(from), string(to)).
			BatchInputPublicFetchAssociationsBatchRequest(in).Execute()
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var body struct {
		Results []struct {
			From struct {
				ID text `json:"id"`
			} `json:"from"`
			To []struct {
				ID    text `json:"toObjectId"`
				Types []struct {
					Category string `json:"category"`
					TypeID   int    `json:"typeId"`
					Label    text   `json:"label"`
				} `json:"associationTypes"`
			} `json:"to"`
			Paging paging `json:"paging"`
		} `json:"results"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	for _, res := range body.Results {
		id := string(res.From.ID)
		for _, t := range res.To {
			a := Association{ToID: string(t.ID)}
			for _, l := range t.Types {
				a.Types = append(a.Types, AssociationType{l.Category, l.TypeID, string(l.Label)})
			}
			out[id] = append(out[id], a)
		}
		if after := string(res.Paging.Next.After); after != "" {
			more = append(more, associations.PublicFetchAssociationsBatchRequest{Id: id, After: &after})
		}
	}
	return more, nil
}

// Link joins two records by an association type.
type Link struct {
	FromID, ToID string
	Category     string // HUBSPOT_DEFINED, USER_DEFINED, INTEGRATOR_DEFINED
	TypeID       int
}

// Associate joins records. Joining twice changes nothing.
func (p *Portal) Associate(ctx context.Context, from, to ObjectType, links []Link) error {
	for part := range slices.Chunk(links, maxAssociationWrites) {
		var in associations.BatchInputPublicAssociationMultiPost
		for _, l := range part {
			in.Inputs = append(in.Inputs, associations.PublicAssociationMultiPost{
				From: associations.PublicObjectId{Id: l.FromID}, To: associations.PublicObjectId{Id: l.ToID},
				Types: []associations.AssociationSpec{{AssociationCategory: l.Category, AssociationTypeId: int32(l.TypeID)}},
			})
		}
		r, err := p.through(ctx, p.base(ctx, pace.Bulk), false, func(ctx context.Context) error {
			_, _, err := p.c.crm.associations.BatchApi.PostCrmV4AssociationsFromObjectTypeToObjectTypeBatchCreateCreate(ctx, string(from), string(to)).
				BatchInputPublicAssociationMultiPost(in).Execute()
			return err
		})
		if err != nil {
			return err
		}
		if err := firstItemFault(r); err != nil {
			return err
		}
	}
	return nil
}

// firstItemFault turns the errors of a 207 into one, where a caller needs all or nothing.
func firstItemFault(r *reply) error {
	var body struct {
		Errors []errorBody `json:"errors"`
	}
	if err := r.decode(&body); err != nil {
		return err
	}
	if len(body.Errors) == 0 {
		return nil
	}
	return itemFault(body.Errors[0], r, nil)
}
