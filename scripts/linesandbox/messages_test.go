package linesandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Ensure that message objects are refused as LINE refuses them, and that the limits themselves pass.
func TestMessageRules(t *testing.T) {
	t.Parallel()
	button := `{"type":"postback","label":"Go","data":"x"}`
	bubble := func(text string) string {
		return fmt.Sprintf(`{"type":"bubble","body":{"type":"box","layout":"vertical","contents":[{"type":"text","text":%q}]}}`, text)
	}
	quick := func(n int) string {
		item := `{"type":"action","action":{"type":"message","label":"a","text":"b"}}`
		return `{"type":"text","text":"x","quickReply":{"items":[` + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + `]}}`
	}
	for _, c := range []struct {
		name, message, property, says string // empty: accepted
	}{
		{"text", `{"type":"text","text":"hello"}`, "", ""},
		{"longest text", `{"type":"text","text":"` + strings.Repeat("あ", 5000) + `"}`, "", ""},
		{"text is counted in UTF-16", `{"type":"text","text":"` + strings.Repeat("😀", 2501) + `"}`, "messages[0].text", "Length must be between 0 and 5000"},
		{"empty text", `{"type":"text","text":""}`, "messages[0].text", "May not be empty"},
		{"text is no string", `{"type":"text","text":5}`, "", "The property, messages[0].text, in the request body is invalid (line: -, column: -)"},
		{"unknown type", `{"type":"hologram"}`, "", "The property, messages[0].type, in the request body is invalid (line: -, column: -)"},
		{"emoji on its $", `{"type":"text","text":"$ hi","emojis":[{"index":0,"productId":"a","emojiId":"1"}]}`, "", ""},
		{"emoji beside its $", `{"type":"text","text":"$ hi","emojis":[{"index":1,"productId":"a","emojiId":"1"}]}`, "messages[0].emojis[0].index", "The index of emoji is invalid"},
		{"image over http", `{"type":"image","originalContentUrl":"http://x.example/a.jpg","previewImageUrl":"https://x.example/a.jpg"}`, "messages[0].originalContentUrl", "invalid uri scheme"},
		{"video without preview", `{"type":"video","originalContentUrl":"https://x.example/a.mp4"}`, "messages[0].previewImageUrl", "May not be empty"},
		{"location", `{"type":"location","title":"t","address":"a","latitude":35.6,"longitude":139.7}`, "", ""},
		{"buttons", `{"type":"template","altText":"a","template":{"type":"buttons","text":"` + strings.Repeat("x", 160) + `","actions":[` + button + `]}}`, "", ""},
		{"buttons with a title have less room", `{"type":"template","altText":"a","template":{"type":"buttons","title":"t","text":"` + strings.Repeat("x", 61) + `","actions":[` + button + `]}}`, "messages[0].template.text", "Length must be between 0 and 60"},
		{"five buttons", `{"type":"template","altText":"a","template":{"type":"buttons","text":"x","actions":[` + strings.Repeat(button+",", 4) + button + `]}}`, "messages[0].template.actions", "Size must be between 1 and 4"},
		{"confirm", `{"type":"template","altText":"a","template":{"type":"confirm","text":"x","actions":[` + button + `,` + button + `]}}`, "", ""},
		{"uneven carousel", `{"type":"template","altText":"a","template":{"type":"carousel","columns":[{"text":"a","actions":[` + button + `]},{"text":"b","actions":[` + button + `,` + button + `]}]}}`, "messages[0].template.columns[1].actions", "The number of actions must be the same in all columns"},
		{"labels count people's characters", `{"type":"template","altText":"a","template":{"type":"buttons","text":"x","actions":[{"type":"postback","label":"` + strings.Repeat("👩‍👧‍👦", 20) + `","data":"x"}]}}`, "", ""},
		{"long label", `{"type":"template","altText":"a","template":{"type":"buttons","text":"x","actions":[{"type":"postback","label":"` + strings.Repeat("🇯🇵", 21) + `","data":"x"}]}}`, "messages[0].template.actions[0].label", "Length must be between 0 and 20"},
		{"long postback data", `{"type":"template","altText":"a","template":{"type":"buttons","text":"x","actions":[{"type":"postback","label":"a","data":"` + strings.Repeat("x", 301) + `"}]}}`, "messages[0].template.actions[0].data", "Length must be between 0 and 300"},
		{"bubble", `{"type":"flex","altText":"a","contents":` + bubble("x") + `}`, "", ""},
		{"too large a bubble", `{"type":"flex","altText":"a","contents":` + bubble(strings.Repeat("x", 31<<10)) + `}`, "messages[0].contents", "The size of the bubble must be at most 30 KB"},
		{"13 bubbles", `{"type":"flex","altText":"a","contents":{"type":"carousel","contents":[` + strings.Repeat(bubble("x")+",", 12) + bubble("x") + `]}}`, "messages[0].contents.contents", "Size must be between 1 and 12"},
		{"link in a bubble", `{"type":"flex","altText":"a","contents":{"type":"bubble","footer":{"type":"box","layout":"vertical","contents":[{"type":"button","action":{"type":"uri","label":"a","uri":"javascript:1"}}]}}}`, "messages[0].contents.footer.contents[0].action.uri", "invalid uri scheme"},
		{"13 quick replies", quick(13), "", ""},
		{"14 quick replies", quick(14), "messages[0].quickReply.items", "Size must be between 1 and 13"},
		{"sender", `{"type":"text","text":"x","sender":{"name":"Aoi","iconUrl":"https://x.example/i.png"}}`, "", ""},
		{"sender called LINE", `{"type":"text","text":"x","sender":{"name":"Line Staff"}}`, "messages[0].sender.name", "The name contains a word that cannot be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := w.friends(1)[0]
			for path, body := range map[string]string{
				"/v2/bot/message/push":          `{"to":"` + f.LineUserID + `","messages":[` + c.message + `]}`,
				"/v2/bot/message/validate/push": `{"messages":[` + c.message + `]}`,
			} {
				r := w.call("POST", path, body)
				if c.says == "" {
					w.want(r, 200)
					continue
				}
				var got struct {
					Message string
					Details []struct{ Message, Property string }
				}
				if r.status != 400 || json.Unmarshal(r.body, &got) != nil {
					t.Fatalf("%d %.200s", r.status, r.body)
				}
				if c.property == "" && got.Message != c.says {
					t.Errorf("%s", r.body)
				}
				if c.property != "" && (got.Message != "The request body has 1 error" || got.Details[0].Property != c.property || got.Details[0].Message != c.says) {
					t.Errorf("%s", r.body)
				}
			}
		})
	}
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.call("POST", "/v2/bot/message/push", `{"to":`), 400)
	w.want(w.call("POST", "/v2/bot/message/push", `{"to":"x","messages":[]}`), 400)
	w.want(w.call("POST", "/v2/bot/message/push", `{"messages":[1]}`), 400)
	w.want(w.call("POST", "/v2/bot/message/push", `{"messages":null}`), 400)
	w.want(w.call("POST", "/v2/bot/message/push", `{"to":"`+strings.Repeat("x", 2<<20)+`"}`), 413)
	w.wantMessage(w.call("POST", "/v2/bot/message/push", `{}`, "Content-Type", "text/plain"), 415, "The content type, text/plain, is not supported")
	w.want(w.call("POST", "/v2/bot/message/validate/pigeon", `{"messages":[]}`), 404)
}
