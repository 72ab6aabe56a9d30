package handle

import (
	"context"

	"lumo/shared/bubble"
	"lumo/shared/id"
	"lumo/shared/messagetemplate"
)

type templateRow struct {
	ID        string `json:"id"`
	Slot      int    `json:"slot"`
	Name      string `json:"name"`
	Summary   string `json:"summary"`
	CreatedAt int64  `json:"createdAt"`
	UpdatedAt int64  `json:"updatedAt"`
	UpdatedBy string `json:"updatedBy"`
}

func templateRowOf(t messagetemplate.Template) templateRow {
	return templateRow{t.ID, int(t.Slot), t.Name, t.Summary, t.CreatedAt, t.UpdatedAt, t.UpdatedBy.Email}
}

type templateView struct {
	templateRow
	Bubbles []bubble.Bubble       `json:"bubbles"`
	UsedBy  []messagetemplate.Use `json:"usedBy"`
}

// getTemplates lists an account's templates, newest first; q looks for a part of the name or the text.
func getTemplates(ctx context.Context, c *call) (any, error) {
	slot, err := c.querySlot(ctx)
	if err != nil {
		return nil, err
	}
	typed, err := c.text("q", 100)
	if err != nil {
		return nil, err
	}
	all, err := c.Templates.Store.All(ctx, c.portal(), slot)
	if err != nil {
		return nil, err
	}
	var found []messagetemplate.Template
	for _, t := range all {
		if t.Match(typed) {
			found = append(found, t)
		}
	}
	return slice(c, found, templateRowOf)
}

func (c *call) templateName() (id.Slot, string, error) {
	slot, err := c.slot()
	if err != nil {
		return 0, "", err
	}
	name, err := c.name("template")
	return slot, name, err
}

func (c *call) showTemplate(ctx context.Context, t messagetemplate.Template, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	uses, err := c.Templates.Store.UsedBy(ctx, c.portal(), t.Slot, t.ID)
	return templateView{templateRowOf(t), t.Bubbles, uses}, err
}

func getTemplate(ctx context.Context, c *call) (any, error) {
	slot, name, err := c.templateName()
	if err != nil {
		return nil, err
	}
	t, err := c.Templates.Store.Get(ctx, c.portal(), slot, name)
	return c.showTemplate(ctx, t, err)
}

type templateContent struct {
	request
	Slot    int             `json:"slot"`
	Name    string          `json:"name"`
	Bubbles []bubble.Bubble `json:"bubbles"`
}

func (c *call) newTemplate(slot int, content messagetemplate.Content) (messagetemplate.New, error) {
	s, err := id.ParseSlot(id.Slot(slot).String())
	return messagetemplate.New{Slot: s, By: c.who, At: c.attempt.At, Seed: c.attempt.Seed, Content: content}, malformed("slot", err)
}

func postTemplate(ctx context.Context, c *call) (any, error) {
	in, err := read[templateContent](c)
	if err != nil {
		return nil, err
	}
	n, err := c.newTemplate(in.Slot, messagetemplate.Content{Name: in.Name, Bubbles: in.Bubbles})
	if err != nil {
		return nil, err
	}
	t, err := c.Templates.Create(ctx, c.portal(), n)
	return c.showTemplate(ctx, t, err)
}

func putTemplate(ctx context.Context, c *call) (any, error) {
	in, err := read[templateContent](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.templateName()
	if err != nil {
		return nil, err
	}
	t, err := c.Templates.Edit(ctx, c.portal(), slot, name, c.who, messagetemplate.Content{Name: in.Name, Bubbles: in.Bubbles})
	return c.showTemplate(ctx, t, err)
}

type templateCopy struct {
	request
	Slot int    `json:"slot"`
	Name string `json:"name"`
}

// postTemplateCopy copies into the same account unless another is named.
func postTemplateCopy(ctx context.Context, c *call) (any, error) {
	in, err := read[templateCopy](c)
	if err != nil {
		return nil, err
	}
	slot, name, err := c.templateName()
	if err != nil {
		return nil, err
	}
	if in.Slot == 0 {
		in.Slot = int(slot)
	}
	n, err := c.newTemplate(in.Slot, messagetemplate.Content{Name: in.Name})
	if err != nil {
		return nil, err
	}
	t, err := c.Templates.Copy(ctx, c.portal(), slot, name, n)
	return c.showTemplate(ctx, t, err)
}

func deleteTemplate(ctx context.Context, c *call) (any, error) {
	slot, name, err := c.templateName()
	if err != nil {
		return nil, err
	}
	return deleted{true}, c.Templates.Store.Delete(ctx, c.portal(), slot, name)
}
