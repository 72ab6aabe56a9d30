package hubspot

import (
	"context"
	"net/http"
	"slices"
)

// Unlabel takes types from associations; the associations themselves stay, unless the unlabelled type is among them.
func (p *Portal) Unlabel(ctx context.Context, from, to ObjectType, links []Link) error {
	type end struct {
		ID string `json:"id"`
	}
	type kind struct {
		Category string `json:"associationCategory"`
		TypeID   int    `json:"associationTypeId"`
	}
	type input struct {
		From  end    `json:"from"`
		To    end    `json:"to"`
		Types []kind `json:"types"`
	}
	for part := range slices.Chunk(links, MaxBatch) {
		var in []input
		for _, l := range part {
			in = append(in, input{end{l.FromID}, end{l.ToID}, []kind{{l.Category, l.TypeID}}})
		}
		q := p.request(ctx, http.MethodPost, associationPath(from, to)+"/batch/labels/archive")
		q.body = jsonBody(map[string]any{"inputs": in})
		if err := p.c.fetch(ctx, q, nil); err != nil {
			return err
		}
	}
	return nil
}

func associationPath(from, to ObjectType) string {
	return "/crm/associations/{V}/" + pathPart(string(from)) + "/" + pathPart(string(to))
}

// Labels lists the types that associations of two kinds of records can carry.
func (p *Portal) Labels(ctx context.Context, from, to ObjectType) ([]AssociationType, error) {
	var b struct {
		Results []struct {
			Category string `json:"category"`
			TypeID   int    `json:"typeId"`
			Label    text   `json:"label"`
		} `json:"results"`
	}
	err := p.c.fetch(ctx, p.request(ctx, http.MethodGet, associationPath(from, to)+"/labels"), &b)
	var out []AssociationType
	for _, r := range b.Results {
		out = append(out, AssociationType{r.Category, r.TypeID, string(r.Label)})
	}
	return out, err
}

// CreateLabel makes a label of the portal's own. It is not idempotent: look at Labels first.
func (p *Portal) CreateLabel(ctx context.Context, from, to ObjectType, name, label string) error {
	q := p.request(ctx, http.MethodPost, associationPath(from, to)+"/labels")
	q.body, q.once = jsonBody(map[string]string{"name": name, "label": label, "inverseLabel": label}), true
	return p.c.fetch(ctx, q, nil)
}
