package bubble

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object in the making. encoding/json sorts its keys, so the same bubble always gives the same bytes: a repeated send
// must not change under its retry key.
type object map[string]any

// Messages turns bubbles into LINE's message objects, merge fields filled with values. Without values every field takes its fallback.
// What it returns for checked bubbles keeps LINE's limits.
func Messages(bs []Bubble, values Values) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, len(bs))
	for i, b := range bs {
		raw, err := b.message(values)
		if err != nil {
			return nil, fmt.Errorf("bubble %d: %w", i, err)
		}
		out[i] = raw
	}
	return out, nil
}

func (b Bubble) message(values Values) (json.RawMessage, error) {
	b = b.Clone()
	b.merge(values)
	o, err := b.object()
	if err != nil {
		return nil, err
	}
	if b.Kind == Raw && len(b.QuickReplies) == 0 {
		return b.Contents, nil
	}
	if len(b.QuickReplies) > 0 {
		items := make([]object, len(b.QuickReplies))
		for i, a := range b.QuickReplies {
			items[i] = object{"type": "action", "action": a.object(true)}
		}
		o["quickReply"] = object{"items": items}
	}
	return encode(o)
}

// encode keeps <, > and & as they are, as people who read the sent message expect.
func encode(v any) (json.RawMessage, error) {
	var w bytes.Buffer
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(w.Bytes(), []byte("\n")), nil
}

func (b Bubble) object() (object, error) {
	switch b.Kind {
	case Text:
		o := object{"type": "text", "text": b.Text}
		if len(b.Emojis) > 0 {
			o["emojis"] = b.Emojis
		}
		return o, nil
	case Sticker:
		return object{"type": "sticker", "packageId": b.PackageID, "stickerId": b.StickerID}, nil
	case Image, Video:
		return object{"type": string(b.Kind), "originalContentUrl": b.URL, "previewImageUrl": b.PreviewURL}, nil
	case Rich:
		return b.imagemap(), nil
	case Cards:
		columns := make([]object, len(b.Cards))
		for i, c := range b.Cards {
			columns[i] = c.object()
		}
		return object{"type": "template", "altText": b.AltText, "template": object{"type": "carousel", "columns": columns}}, nil
	case Flex:
		return object{"type": "flex", "altText": b.AltText, "contents": b.Contents}, nil
	case Raw:
		var o map[string]json.RawMessage
		if err := json.Unmarshal(b.Contents, &o); err != nil {
			return nil, err
		}
		out := object{}
		for k, v := range o {
			out[k] = v
		}
		return out, nil
	}
	return nil, fmt.Errorf("no bubble is a %.20q", b.Kind)
}

func (b Bubble) imagemap() object {
	actions := make([]object, len(b.Areas))
	for i, a := range b.Areas {
		area := object{"x": a.X, "y": a.Y, "width": a.Width, "height": a.Height}
		actions[i] = object{"type": string(a.Action.Type), "area": area}
		if a.Action.Label != "" {
			actions[i]["label"] = a.Action.Label
		}
		if a.Action.Type == OpenURI {
			actions[i]["linkUri"] = a.Action.URI
		} else {
			actions[i]["text"] = a.Action.Text
		}
	}
	o := object{
		"type": "imagemap", "baseUrl": b.BaseURL, "altText": b.AltText, "actions": actions,
		"baseSize": object{"width": imagemapWidth, "height": b.Height},
	}
	if v := b.Film; v != nil {
		film := object{
			"originalContentUrl": v.URL, "previewImageUrl": v.PreviewURL,
			"area": object{"x": v.X, "y": v.Y, "width": v.Width, "height": v.Height},
		}
		if v.Link != "" {
			film["externalLink"] = object{"linkUri": v.Link, "label": v.Label}
		}
		o["video"] = film
	}
	return o
}

func (c Card) object() object {
	o := object{"text": c.Text}
	if c.ImageURL != "" {
		o["thumbnailImageUrl"] = c.ImageURL
	}
	if c.Title != "" {
		o["title"] = c.Title
	}
	actions := make([]object, len(c.Actions))
	for i, a := range c.Actions {
		actions[i] = a.object(true)
	}
	o["actions"] = actions
	return o
}

func (a Action) object(labelled bool) object {
	o := object{"type": string(a.Type)}
	if labelled {
		o["label"] = a.Label
	}
	switch a.Type {
	case OpenURI:
		o["uri"] = a.URI
	case SayText:
		o["text"] = a.Text
	case Postback:
		o["data"] = a.Data
		if a.DisplayText != "" {
			o["displayText"] = a.DisplayText
		}
	}
	return o
}
