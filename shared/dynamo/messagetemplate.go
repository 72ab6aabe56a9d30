package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lumo/shared/bubble"
	"lumo/shared/id"
	"lumo/shared/messagetemplate"
	"lumo/shared/portal"
)

// Templates implements messagetemplate.Store. At P#<portal>#TPL#<slot> lie what lists show ("t#<id>"), the bubbles ("b#<id>"), and who sent
// a template ("u#<id>#<workflow>"). The first two are written together; ids sort by time.
type Templates struct{ Table *Table }

var _ messagetemplate.Store = Templates{}

type templateItem struct {
	Name      string       `dynamodbav:"n"`
	Summary   string       `dynamodbav:"s"`
	CreatedAt int64        `dynamodbav:"ca"`
	CreatedBy portal.Actor `dynamodbav:"cb"`
	UpdatedAt int64        `dynamodbav:"ua"`
	UpdatedBy portal.Actor `dynamodbav:"ub"`
	Version   int64        `dynamodbav:"v"`
}

type templateBody struct {
	Bubbles []byte `dynamodbav:"b"` // JSON, as the API has it
	Version int64  `dynamodbav:"v"`
}

const (
	templateHead = "t#"
	templateText = "b#"
	templateUse  = "u#"
)

func (s Templates) part(p id.PortalID, slot id.Slot) partition {
	return s.Table.Portal(p).in("TPL", slot.String())
}

func (it templateItem) template(slot id.Slot, name string) messagetemplate.Template {
	return messagetemplate.Template{
		ID: name, Slot: slot, Name: it.Name, Summary: it.Summary, CreatedAt: it.CreatedAt, CreatedBy: it.CreatedBy, UpdatedAt: it.UpdatedAt,
		UpdatedBy: it.UpdatedBy, Version: it.Version,
	}
}

// Get implements messagetemplate.Store. A template edited between the two reads is read again.
func (s Templates) Get(ctx context.Context, p id.PortalID, slot id.Slot, name string) (messagetemplate.Template, error) {
	part := s.part(p, slot)
	for range 5 {
		var head templateItem
		ok, err := part.get(ctx, templateHead+name, &head)
		if err != nil {
			return messagetemplate.Template{}, err
		}
		var body templateBody
		has, err := part.get(ctx, templateText+name, &body)
		switch {
		case err != nil:
			return messagetemplate.Template{}, err
		case !ok || !has:
			return messagetemplate.Template{}, messagetemplate.ErrUnknown
		case head.Version != body.Version:
			continue
		}
		t := head.template(slot, name)
		return t, json.Unmarshal(body.Bubbles, &t.Bubbles)
	}
	return messagetemplate.Template{}, messagetemplate.ErrChanged
}

// Save implements messagetemplate.Store.
func (s Templates) Save(ctx context.Context, p id.PortalID, t messagetemplate.Template) (messagetemplate.Template, error) {
	was := t.Version
	t.Version++
	if t.Bubbles == nil {
		t.Bubbles = []bubble.Bubble{}
	}
	raw, err := json.Marshal(t.Bubbles)
	if err != nil {
		return t, err
	}
	part := s.part(p, t.Slot)
	head, err := part.putting(templateHead+t.ID, templateItem{t.Name, t.Summary, t.CreatedAt, t.CreatedBy, t.UpdatedAt, t.UpdatedBy, t.Version}, versioned(was))
	if err != nil {
		return t, err
	}
	body, err := part.putting(templateText+t.ID, templateBody{raw, t.Version}, nil)
	if err != nil {
		return t, err
	}
	err = s.Table.transact(ctx, head, body)
	if errors.Is(err, ErrChanged) {
		return t, messagetemplate.ErrChanged
	}
	return t, err
}

// Delete implements messagetemplate.Store.
func (s Templates) Delete(ctx context.Context, p id.PortalID, slot id.Slot, name string) error {
	part := s.part(p, slot)
	head, err := part.deleting(templateHead+name, nil)
	if err != nil {
		return err
	}
	body, err := part.deleting(templateText+name, nil)
	if err != nil {
		return err
	}
	return s.Table.transact(ctx, head, body)
}

// All implements messagetemplate.Store.
func (s Templates) All(ctx context.Context, p id.PortalID, slot id.Slot) ([]messagetemplate.Template, error) {
	var out []messagetemplate.Template
	for q := (query{prefix: templateHead, descending: true}); ; {
		pg, err := s.part(p, slot).query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range pg.Items {
			var it templateItem
			if err := attributevalue.UnmarshalMap(m, &it); err != nil {
				return nil, err
			}
			out = append(out, it.template(slot, strings.TrimPrefix(text(m[attrSK]), templateHead)))
		}
		if q.after = pg.Next; q.after == nil {
			return out, nil
		}
	}
}

// Used implements messagetemplate.Store. The row is written once an hour at most, however many are sent.
func (s Templates) Used(ctx context.Context, p id.PortalID, slot id.Slot, name string, u messagetemplate.Use) error {
	at := expression.Name("t")
	cond := expression.AttributeNotExists(at).Or(at.LessThan(expression.Value(u.LastAt)))
	return unlessChanged(s.part(p, slot).put(ctx, templateUse+name+"#"+u.Workflow, u, &cond))
}

// UsedBy implements messagetemplate.Store.
func (s Templates) UsedBy(ctx context.Context, p id.PortalID, slot id.Slot, name string) ([]messagetemplate.Use, error) {
	pg, err := s.part(p, slot).query(ctx, query{prefix: templateUse + name + "#", limit: 100})
	if err != nil {
		return nil, err
	}
	out := make([]messagetemplate.Use, len(pg.Items))
	for i, m := range pg.Items {
		if err := attributevalue.UnmarshalMap(m, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
