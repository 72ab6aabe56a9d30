package demo

import (
	"context"
	"errors"
	"fmt"
)

// Traffic is what the sandboxes counted.
type Traffic struct {
	HubSpot, Line int // requests
	FieldsWritten int // property values that changed in contacts by the app's writes
}

// Traffic reads the counters of both sandboxes.
func (w *World) Traffic(ctx context.Context) (Traffic, error) {
	var out Traffic
	var hub struct {
		Total int `json:"total"`
	}
	if err := call(ctx, "GET", fmt.Sprintf("%s/_sandbox/stats?portal=%d", w.HubSpot, w.Portal), nil, &hub); err != nil {
		return out, err
	}
	var line struct {
		Calls int `json:"calls"`
	}
	if err := call(ctx, "GET", w.Line+"/_sandbox/stats", nil, &line); err != nil {
		return out, err
	}
	var writes []struct {
		Object  string   `json:"object"`
		Action  string   `json:"action"`
		Changed []string `json:"changed"`
	}
	if err := call(ctx, "GET", fmt.Sprintf("%s/_sandbox/writes?portal=%d", w.HubSpot, w.Portal), nil, &writes); err != nil {
		return out, err
	}
	out.HubSpot, out.Line = hub.Total, line.Calls
	for _, x := range writes {
		if x.Object == "contacts" {
			out.FieldsWritten += len(x.Changed)
		}
	}
	return out, nil
}

// Plant changes a display name in HubSpot while no webhook is delivered: a difference that a comparison must find.
func (w *World) Plant(ctx context.Context) error {
	if err := call(ctx, "PUT", w.HubSpot+"/_sandbox/webhooks", map[string]any{"drop": 1}, nil); err != nil {
		return err
	}
	contacts, err := w.Contacts(ctx)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if c.Values["line_user_id"] != "" {
			return call(ctx, "PATCH", w.portal(fmt.Sprintf("/records/contacts/%d", c.ID)), map[string]any{"values": map[string]string{"line_display_name": "planted"}}, nil)
		}
	}
	return errors.New("no linked contact to plant a difference in")
}
