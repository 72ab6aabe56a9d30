package bubble

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func uri(u string) Action { return Action{Type: OpenURI, Label: "Open", URI: u} }

func rich() Bubble {
	return Bubble{Kind: Rich, AltText: "Sale", BaseURL: "https://img.example/sale", Height: 520, Areas: []Area{{0, 0, 1040, 520, uri("https://shop.example/")}}}
}

func cards(n int) Bubble {
	b := Bubble{Kind: Cards, AltText: "Shoes"}
	for range n {
		b.Cards = append(b.Cards, Card{ImageURL: "https://img.example/1.jpg", Title: "Red", Text: "Shoe", Actions: []Action{uri("https://shop.example/1")}})
	}
	return b
}

func TestCheck(t *testing.T) {
	t.Parallel()
	change := func(b Bubble, f func(*Bubble)) Bubble { f(&b); return b }
	for _, c := range []struct {
		name        string
		in          []Bubble
		code, place string
	}{
		{"text", OfText("hi"), "", ""},
		{"longest text", OfText(strings.Repeat("😀", 2500)), "", ""},
		{"text too long in UTF-16 units", OfText(strings.Repeat("😀", 2501)), CodeTooLong, "bubbles[0].text"},
		{"no text", OfText("  "), CodeEmpty, "bubbles[0].text"},
		{"not text", OfText("a\xff"), CodeText, "bubbles[0].text"},
		{"none", nil, CodeCount, "bubbles"},
		{"six", append(OfText("1"), append(OfText("2"), OfText("3")[0], OfText("4")[0], OfText("5")[0], OfText("6")[0])...), CodeCount, "bubbles"},
		{"unknown kind", []Bubble{{Kind: "audio"}}, CodeKind, "bubbles[0].kind"},
		{"image", OfImage("https://a.example/1.jpg", "https://a.example/2.jpg"), "", ""},
		{"image without TLS", OfImage("http://a.example/1.jpg", "https://a.example/2.jpg"), CodeURL, "bubbles[0].url"},
		{"image with a password", OfImage("https://a:b@a.example/1.jpg", "https://a.example/2.jpg"), CodeURL, "bubbles[0].url"},
		{"image with a space", OfImage("https://a.example/1 2.jpg", "https://a.example/2.jpg"), CodeURL, "bubbles[0].url"},
		{"image without preview", OfImage("https://a.example/1.jpg", ""), CodeEmpty, "bubbles[0].previewUrl"},
		{"sticker", []Bubble{{Kind: Sticker, PackageID: "446", StickerID: "1988"}}, "", ""},
		{"sticker by name", []Bubble{{Kind: Sticker, PackageID: "bear", StickerID: "1988"}}, CodeSticker, "bubbles[0].packageId"},
		{"emoji", []Bubble{{Kind: Text, Text: "😀$", Emojis: []Emoji{{2, "p", "001"}}}}, "", ""},
		{"emoji beside the $", []Bubble{{Kind: Text, Text: "😀$", Emojis: []Emoji{{1, "p", "001"}}}}, CodeEmoji, "bubbles[0].emojis[0]"},
		{"emoji within a field", []Bubble{{Kind: Text, Text: "{{line.name|$}}", Emojis: []Emoji{{12, "p", "001"}}}}, CodeEmoji, "bubbles[0].emojis[0]"},
		{"rich", []Bubble{rich()}, "", ""},
		{"area outside", []Bubble{change(rich(), func(b *Bubble) { b.Areas[0].X = 1 })}, CodeArea, "bubbles[0].areas[0]"},
		{"rich with a postback", []Bubble{change(rich(), func(b *Bubble) { b.Areas[0].Action.Type = Postback })}, CodeAction, "bubbles[0].areas[0].action.type"},
		{"cards", []Bubble{cards(10)}, "", ""},
		{"too many cards", []Bubble{cards(11)}, CodeCards, "bubbles[0].cards"},
		{"uneven cards", []Bubble{change(cards(2), func(b *Bubble) { b.Cards[1].Title = "" })}, CodeCards, "bubbles[0].cards[1]"},
		{"card text beside a picture", []Bubble{change(cards(1), func(b *Bubble) { b.Cards[0].Text = strings.Repeat("x", 61) })}, CodeTooLong, "bubbles[0].cards[0].text"},
		{"javascript link", []Bubble{change(cards(1), func(b *Bubble) { b.Cards[0].Actions[0].URI = "javascript:alert(1)" })}, CodeURL, "bubbles[0].cards[0].actions[0].uri"},
		{"telephone", []Bubble{change(cards(1), func(b *Bubble) { b.Cards[0].Actions[0].URI = "tel:+8190" })}, "", ""},
		{"flex", []Bubble{{Kind: Flex, AltText: "x", Contents: json.RawMessage(`{"type":"bubble"}`)}}, "", ""},
		{"flex too large", []Bubble{{Kind: Flex, AltText: "x", Contents: json.RawMessage(`{"type":"bubble","x":"` + strings.Repeat("x", 31<<10) + `"}`)}}, CodeTooLarge, "bubbles[0].contents"},
		{"flex of something else", []Bubble{{Kind: Flex, AltText: "x", Contents: json.RawMessage(`{"type":"text"}`)}}, CodeJSON, "bubbles[0].contents.type"},
		{"flex without alternative", []Bubble{{Kind: Flex, Contents: json.RawMessage(`{"type":"bubble"}`)}}, CodeEmpty, "bubbles[0].altText"},
		{"raw", []Bubble{{Kind: Raw, Contents: json.RawMessage(`{"type":"location"}`)}}, "", ""},
		{"raw array", []Bubble{{Kind: Raw, Contents: json.RawMessage(`[]`)}}, CodeJSON, "bubbles[0].contents"},
		{"broken raw", []Bubble{{Kind: Raw, Contents: json.RawMessage(`{"type":"tex`)}}, CodeJSON, "bubbles[0].contents"},
		{"merge", OfText("Hi {{line.name|friend}}, {{firstname|you}}"), "", ""},
		{"no fallback", OfText("Hi {{firstname}}"), CodeMergeFallback, "bubbles[0].text"},
		{"blank fallback", OfText("Hi {{firstname| }}"), CodeMergeFallback, "bubbles[0].text"},
		{"not mapped", OfText("Hi {{salary|friend}}"), CodeMergeField, "bubbles[0].text"},
		{"no field of friends", OfText("Hi {{line.token|friend}}"), CodeMergeField, "bubbles[0].text"},
		{"open braces", OfText("Hi {{firstname|you"), CodeMergeSyntax, "bubbles[0].text"},
		{"merge in a link", OfText("https://a.example/{{firstname|you}}"), CodeMergeURL, "bubbles[0].text"},
		{"merge in an address", OfImage("https://a.example/{{firstname|you}}", "https://a.example/2.jpg"), CodeMergeURL, "bubbles[0].url"},
		{"merge in raw link", []Bubble{{Kind: Raw, Contents: json.RawMessage(`{"type":"x","uri":"https://a.example/{{firstname|you}}"}`)}}, CodeMergeURL, "bubbles[0].contents"},
		{"merge in raw", []Bubble{{Kind: Raw, Contents: json.RawMessage(`{"type":"x","text":"{{firstname}}"}`)}}, CodeMergeFallback, "bubbles[0].contents"},
		{"fallback too long", OfText("{{firstname|" + strings.Repeat("x", 5001) + "}}"), CodeTooLong, "bubbles[0].text"},
	} {
		err := Check(c.in, func(p string) bool { return p == "firstname" })
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var ps Problems
		if !errors.As(err, &ps) || ps[0].Code != c.code || ps[0].Place != c.place {
			t.Errorf("%s: %v, want %s at %s", c.name, err, c.code, c.place)
		}
	}
}

func rendered(t *testing.T, v Values, bs ...Bubble) string {
	t.Helper()
	ms, err := Messages(bs, v)
	if err != nil {
		t.Fatal(err)
	}
	return string(ms[0])
}

func values(m map[string]string) Values {
	return func(f string) (string, bool) { v, ok := m[f]; return v, ok }
}

func TestMessages(t *testing.T) {
	t.Parallel()
	flex := `{ "type":"bubble", "body":{"type":"box","layout":"horizontal","contents":[{"type":"text","text":"<Hi> {{firstname|\"you\"}}","flex":0}]}}`
	anna := values(map[string]string{"firstname": `An"na`, "line.name": "あん"})
	for _, c := range []struct {
		name string
		in   Bubble
		v    Values
		want string
	}{
		{"text", OfText("a & b")[0], nil, `{"text":"a & b","type":"text"}`},
		{"name", OfText("Hi {{line.name|friend}}!")[0], anna, `{"text":"Hi あん!","type":"text"}`},
		{"fallback", OfText("Hi {{ line.name | friend }}!")[0], nil, `{"text":"Hi friend!","type":"text"}`},
		{"a value is not a field", OfText("Hi {{line.name|x}}")[0], values(map[string]string{"line.name": "{{firstname|y}}"}), `{"text":"Hi {{firstname|y}}","type":"text"}`},
		{"a value too long for its place", OfText(strings.Repeat("x", 4999) + "{{line.name|x}}")[0], anna, `{"text":"` + strings.Repeat("x", 4999) + `x","type":"text"}`},
		{"emoji moves", Bubble{Kind: Text, Text: "{{line.name|friend}} $", Emojis: []Emoji{{21, "p", "1"}}}, anna, `{"emojis":[{"index":3,"productId":"p","emojiId":"1"}],"text":"あん $","type":"text"}`},
		{"flex keeps what it does not know", Bubble{Kind: Flex, AltText: "x", Contents: json.RawMessage(flex)}, anna,
			`{"altText":"x","contents":{"type":"bubble","body":{"type":"box","layout":"horizontal","contents":[{"type":"text","text":"<Hi> An\"na","flex":0}]}},"type":"flex"}`},
		{"raw is untouched", Bubble{Kind: Raw, Contents: json.RawMessage(`{ "type": "new", "n": 1.0 }`)}, anna, `{ "type": "new", "n": 1.0 }`},
		{"quick replies", Bubble{Kind: Text, Text: "x", QuickReplies: []Action{{Type: SayText, Label: "Yes", Text: "yes"}}}, nil,
			`{"quickReply":{"items":[{"action":{"label":"Yes","text":"yes","type":"message"},"type":"action"}]},"text":"x","type":"text"}`},
		{"rich", rich(), nil, `{"actions":[{"area":{"height":520,"width":1040,"x":0,"y":0},"label":"Open","linkUri":"https://shop.example/","type":"uri"}],"altText":"Sale","baseSize":{"height":520,"width":1040},"baseUrl":"https://img.example/sale","type":"imagemap"}`},
		{"card", cards(1), nil, `{"altText":"Shoes","template":{"columns":[{"actions":[{"label":"Open","type":"uri","uri":"https://shop.example/1"}],"text":"Shoe","thumbnailImageUrl":"https://img.example/1.jpg","title":"Red"}],"type":"carousel"},"type":"template"}`},
	} {
		if got := rendered(t, c.v, c.in); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestRenderingLeavesTheBubblesAlone(t *testing.T) {
	t.Parallel()
	b := []Bubble{cards(1), {Kind: Text, Text: "{{line.name|x}} $", Emojis: []Emoji{{16, "p", "1"}}}, {Kind: Raw, Contents: json.RawMessage(`{"type":"text","text":"{{line.name|x}}"}`)}}
	b[0].Cards[0].Actions[0].Label = "{{line.name|x}}"
	before, _ := json.Marshal(b)
	if _, err := Messages(b, values(map[string]string{"line.name": "N"})); err != nil {
		t.Fatal(err)
	}
	MapLinks(b, func(string) string { return "https://t.example/" })
	if after, _ := json.Marshal(b); string(after) != string(before) {
		t.Errorf("changed to %s", after)
	}
	if got := Fields(b); len(got) != 1 || got[0] != "line.name" || !Personal(b) {
		t.Errorf("fields %v", got)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"see https://a.example/x?y=1&z=2.", "see <https://a.example/x?y=1&z=2>."},
		{"(https://a.example/x)", "(<https://a.example/x>)"},
		{"https://a.example/x_(y)", "<https://a.example/x_(y)>"},
		{"https://a.example/xをご覧ください", "<https://a.example/x>をご覧ください"},
		{"https://a.example http://b.example/", "<https://a.example> <http://b.example/>"},
		{"{{firstname|https://a.example}}", "{{firstname|<https://a.example>}}"},
		{"https:// and ftp://x", "https:// and ftp://x"},
	} {
		if got := MapLinks(OfText(c.in), func(u string) string { return "<" + u + ">" })[0].Text; got != c.want {
			t.Errorf("%s became %s", c.in, got)
		}
	}
	b := []Bubble{rich(), cards(1), {Kind: Flex, Contents: json.RawMessage(`{"type":"bubble","hero":{"url":"https://img.example/","action":{"type":"uri","label":"https://label.example","uri":"https://flex.example/","altUri":{"desktop":"https://desk.example/"}}}}`)},
		{Kind: Raw, Contents: json.RawMessage(`{"type":"text","text":"go https://raw.example/ now"}`)}}
	b[1].QuickReplies = []Action{uri("tel:1"), uri("https://quick.example/")}
	want := "https://shop.example/ https://shop.example/1 https://quick.example/ https://flex.example/ https://desk.example/ https://raw.example/"
	if got := strings.Join(Links(b), " "); got != want {
		t.Errorf("links %s", got)
	}
	moved := MapLinks([]Bubble{{Kind: Text, Text: "https://a.example/long/address $", Emojis: []Emoji{{31, "p", "1"}}}}, func(string) string { return "https://t.example" })[0]
	if moved.Emojis[0].Index != strings.IndexByte(moved.Text, '$') {
		t.Errorf("emoji at %d of %s", moved.Emojis[0].Index, moved.Text)
	}
}

// Whatever people write and friends are called: a checked message renders to valid JSON within LINE's limit.
func TestWhatPassesTheCheckFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`([a-z $あ😀"\\]|\{\{line\.name\|[a-z]{1,5}\}\}|https://a\.example/[a-z]{0,4} ){0,30}`).Draw(t, "text")
		name := rapid.String().Draw(t, "name")
		bs := OfText(text)
		if Check(bs, nil) != nil {
			return
		}
		ms, err := Messages(bs, values(map[string]string{"line.name": name}))
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ Text string }
		if err := json.Unmarshal(ms[0], &m); err != nil || m.Text == "" || units(m.Text) > maxText {
			t.Fatalf("%s: %v", ms[0], err)
		}
		again, _ := Messages(bs, values(map[string]string{"line.name": name}))
		if string(again[0]) != string(ms[0]) {
			t.Fatal("a repetition differs")
		}
	})
}

func FuzzContents(f *testing.F) {
	f.Add([]byte(`{"type":"bubble","a":["{{line.name|x}}","é",{"uri":"https://a.example"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		bs := []Bubble{{Kind: Raw, Contents: raw}}
		if Check(bs, nil) != nil {
			return
		}
		ms, err := Messages(MapLinks(bs, func(string) string { return `https://t.example/"` }), values(map[string]string{"line.name": `"\`}))
		if err != nil || !json.Valid(ms[0]) {
			t.Fatalf("%s became %s: %v", raw, ms[0], err)
		}
	})
}
