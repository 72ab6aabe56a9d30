package line

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lumo/shared/id"
	"lumo/shared/linkage"
)

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	// LINE's own example
	const channelSecret = "8c570fa6dd201bb328f1c1eac23a96d8"
	const signature = "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="
	body := `{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}`
	if !VerifySignature(channelSecret, signature, []byte(body)) {
		t.Error("the example of LINE's documentation does not verify")
	}
	for name, bad := range map[string]bool{
		"other body":      VerifySignature(channelSecret, signature, []byte(body+" ")),
		"other secret":    VerifySignature("x"+channelSecret, signature, []byte(body)),
		"other signature": VerifySignature(channelSecret, "A"+signature[1:], []byte(body)),
		"no signature":    VerifySignature(channelSecret, "", []byte(body)),
		"not base64":      VerifySignature(channelSecret, "%", []byte(body)),
		"no secret":       VerifySignature("", "thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0=", nil), // HMAC of nothing under nothing
	} {
		if bad {
			t.Error(name)
		}
	}
}

const bot = "Ubbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func event(kind, rest string) string {
	s := fmt.Sprintf(`{"type":%q,"mode":"active","timestamp":1760000000123,"webhookEventId":"01J0000000000000000000%s","deliveryContext":{"isRedelivery":false},`+
		`"source":{"type":"user","userId":%q}`, kind, kind[:2], user)
	if rest != "" {
		s += "," + rest
	}
	return s + "}"
}

func parse(t testing.TB, events ...string) []Event {
	t.Helper()
	got, destination, err := ParseEvents([]byte(`{"destination":"` + bot + `","events":[` + strings.Join(events, ",") + `]}`))
	if err != nil || destination != id.BotUserID(bot) || len(got) != len(events) {
		t.Fatalf("%d events for %s, %v", len(got), destination, err)
	}
	return got
}

func TestKnownEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw  string
		want Event
	}{
		{event("follow", `"replyToken":"r","follow":{"isUnblocked":true}`), Event{ReplyToken: "r", Follow: &Follow{Unblocked: true}}},
		{event("follow", `"replyToken":"r"`), Event{ReplyToken: "r"}}, // seen in LINE's own guide
		{event("unfollow", ``), Event{}},
		{
			event("message", `"replyToken":"r","message":{"type":"text","id":"1","text":"やあ","quoteToken":"q","quotedMessageId":"0","markAsReadToken":"m","emojis":[{"index":0}]}`),
			Event{ReplyToken: "r", Message: &Message{ID: "1", Type: TextMessage, Text: "やあ", QuoteToken: "q", QuotedMessageID: "0", MarkAsReadToken: "m"}},
		},
		{
			event("message", `"message":{"type":"image","id":"2","contentProvider":{"type":"external","originalContentUrl":"https://o","previewImageUrl":"https://p"},"imageSet":{"id":"s","index":1,"total":2}}`),
			Event{Message: &Message{ID: "2", Type: ImageMessage, Provider: &ContentProvider{"external", "https://o", "https://p"}, ImageSet: &ImageSet{"s", 1, 2}}},
		},
		{
			event("message", `"message":{"type":"video","id":"3","duration":60000,"contentProvider":{"type":"line"}}`),
			Event{Message: &Message{ID: "3", Type: VideoMessage, Duration: 60000, Provider: &ContentProvider{Type: "line"}}},
		},
		{
			event("message", `"message":{"type":"file","id":"4","fileName":"a.txt","fileSize":5000000000}`),
			Event{Message: &Message{ID: "4", Type: FileMessage, FileName: "a.txt", FileSize: 5000000000}},
		},
		{
			event("message", `"message":{"type":"location","id":"5","title":"T","address":"A","latitude":35.5,"longitude":139.25}`),
			Event{Message: &Message{ID: "5", Type: LocationMessage, Title: "T", Address: "A", Latitude: 35.5, Longitude: 139.25}},
		},
		{
			event("message", `"message":{"type":"sticker","id":"6","packageId":"446","stickerId":"1988","stickerResourceType":"STATIC","keywords":["hi"]}`),
			Event{Message: &Message{ID: "6", Type: StickerMessage, PackageID: "446", StickerID: "1988", Keywords: []string{"hi"}}},
		},
		{event("message", `"message":{"type":"hologram","id":"7"}`), Event{Message: &Message{ID: "7", Type: "hologram"}}},
		{event("unsend", `"unsend":{"messageId":"1"}`), Event{Unsend: &Unsend{MessageID: "1"}}},
		{event("postback", `"postback":{"data":"d","params":{"date":"2026-01-01"}}`), Event{Postback: &Postback{Data: "d", Params: map[string]string{"date": "2026-01-01"}}}},
	} {
		got := parse(t, c.raw)[0]
		c.want.Type, c.want.ID, c.want.Timestamp = got.Type, got.ID, time.UnixMilli(1760000000123).UTC()
		c.want.Source, c.want.User, c.want.Active, c.want.Raw = FromUser, user, true, json.RawMessage(c.raw)
		if !reflect.DeepEqual(got, c.want) || !got.Known() {
			t.Errorf("%s\n got %+v\nwant %+v", c.raw, got, c.want)
		}
		if !strings.HasPrefix(got.ID, "01J") || !strings.Contains(c.raw, `"type":"`+string(got.Type)+`"`) {
			t.Errorf("id %s, type %s", got.ID, got.Type)
		}
	}
}

func TestSourcesAndModes(t *testing.T) {
	t.Parallel()
	es := parse(t,
		`{"type":"message","mode":"standby","timestamp":1,"webhookEventId":"a","deliveryContext":{"isRedelivery":true},"source":{"type":"group","groupId":"C1"},"message":{"type":"text","id":"1","text":""}}`,
		`{"type":"message","mode":"active","timestamp":1,"webhookEventId":"b","source":{"type":"room","roomId":"R1","userId":"`+string(user)+`"},"message":{"type":"text","id":"1"}}`,
		`{"type":"accountLink","mode":"active","timestamp":1,"webhookEventId":"c","link":{"result":"failed","nonce":"n"}}`,
		`{"type":"telepathy","mode":"active","timestamp":1,"webhookEventId":"d","telepathy":{"strength":1}}`,
	)
	if e := es[0]; e.Active || !e.Redelivery || e.Source != FromGroup || e.Group != "C1" || e.User != "" || e.Problem != nil {
		t.Errorf("group: %+v", e)
	}
	if e := es[1]; e.Source != FromRoom || e.Group != "R1" || e.User != user {
		t.Errorf("room: %+v", e)
	}
	if e := es[2]; e.Source != "" || e.User != "" || e.Problem != nil || !e.Known() {
		t.Errorf("failed link: %+v", e)
	}
	if e := es[3]; e.Known() || e.Problem != nil || e.Type != "telepathy" || !strings.Contains(string(e.Raw), "strength") {
		t.Errorf("unknown type: %+v", e)
	}
}

// Ensure that an event which cannot be read whole keeps what can be, says why, and never says what.
func TestMalformedEvents(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`7`:    "event is not a JSON object",
		`null`: "no type",
		`{"type":7,"timestamp":1,"webhookEventId":"x"}`:                                                            "type is not of the expected kind",
		`{"timestamp":1,"webhookEventId":"x"}`:                                                                     "no type",
		`{"type":"follow","webhookEventId":"x"}`:                                                                   "no usable timestamp",
		`{"type":"follow","timestamp":"canary","webhookEventId":"x"}`:                                              "timestamp is not of the expected kind",
		`{"type":"follow","timestamp":-5,"webhookEventId":"x"}`:                                                    "no usable timestamp",
		`{"type":"follow","timestamp":1e300,"webhookEventId":"x"}`:                                                 "no usable timestamp",
		`{"type":"follow","timestamp":1}`:                                                                          "no webhookEventId",
		`{"type":"follow","timestamp":1,"webhookEventId":"x","source":{"type":"user","userId":"canary"}}`:          "source.userId is malformed",
		`{"type":"follow","timestamp":1,"webhookEventId":"x","source":"canary"}`:                                   "source is not of the expected kind",
		`{"type":"message","timestamp":1,"webhookEventId":"x"}`:                                                    "no message",
		`{"type":"message","timestamp":1,"webhookEventId":"x","message":{"id":"9","text":{"canary":1}}}`:           "message.text is not of the expected kind",
		`{"type":"postback","timestamp":1,"webhookEventId":"x","postback":{"data":"d","params":{"a":["canary"]}}}`: "postback.params is not of the expected kind",
	} {
		e := parse(t, raw)[0]
		if e.Problem == nil || !strings.Contains(e.Problem.Error(), want) || strings.Contains(e.Problem.Error(), "canary") {
			t.Errorf("%s: %v, want %q", raw, e.Problem, want)
		}
		if string(e.Raw) != raw || e.ID == "" {
			t.Errorf("%s: kept %s as %q", raw, e.Raw, e.ID)
		}
	}
	if e := parse(t, `{"type":"message","timestamp":1.5,"webhookEventId":"x","message":{"id":"9","text":{"a":1},"quoteToken":"q"}}`)[0]; e.Message == nil ||
		e.Message.ID != "9" || e.Message.QuoteToken != "q" || !e.Timestamp.Equal(time.UnixMilli(1)) {
		t.Errorf("lost more than the bad member: %+v", e)
	}
}

// Ensure that whatever stands among the events, the good ones come through whole and every one is kept.
func TestNoEventIsLost(t *testing.T) {
	t.Parallel()
	good := event("unsend", `"unsend":{"messageId":"1"}`)
	rapid.Check(t, func(t *rapid.T) {
		bad := rapid.SampledFrom([]string{
			`{}`, `null`, `7`, `"x"`, `[]`, `{"type":"follow","timestamp":1.5}`, `{"type":"message","message":7}`, `{"type":[1]}`,
			`{"type":"postback","postback":null,"source":{"userId":5}}`, `{"type":"follow","follow":"x","deliveryContext":[]}`,
		})
		var events []string
		for _, ok := range rapid.SliceOfN(rapid.Bool(), 1, 20).Draw(t, "good") {
			if ok {
				events = append(events, good)
			} else {
				events = append(events, bad.Draw(t, "bad"))
			}
		}
		got, _, err := ParseEvents([]byte(`{"events":[` + strings.Join(events, ",") + `],"destination":7}`))
		if err != nil || len(got) != len(events) {
			t.Fatalf("%d of %d events, %v", len(got), len(events), err)
		}
		for i, e := range got {
			if string(e.Raw) != events[i] || events[i] == good && (e.Problem != nil || e.Unsend.MessageID != "1" || e.User != user) {
				t.Fatalf("event %d: %+v", i, e)
			}
		}
	})
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{
		`{"destination":"x","events":[]}`: true, `{}`: true, `{"events":null}`: true,
		``: false, `[]`: false, `{"events":{}}`: false, `{"events":[}`: false, `<html>`: false,
	} {
		events, destination, err := ParseEvents([]byte(body))
		if (err == nil) != ok || len(events) != 0 || destination != "" {
			t.Errorf("%s: %v %v %v", body, events, destination, err)
		}
	}
}

// Ensure that an event without id is recognised when it comes again.
func TestMadeIDIsStable(t *testing.T) {
	t.Parallel()
	raw := `{"type":"follow","timestamp":1}`
	one, two, third := parse(t, raw)[0], ParseEvent([]byte(raw)), ParseEvent([]byte(`{"type":"follow","timestamp":2}`))
	if one.ID != two.ID || one.ID == third.ID || !strings.HasPrefix(one.ID, "sha256-") {
		t.Error(one.ID, two.ID, third.ID)
	}
}

func TestEventsAboutALinking(t *testing.T) {
	t.Parallel()
	const user = `"source":{"type":"user","userId":"U00000000000000000000000000000001"},"replyToken":"r","mode":"active","timestamp":5,"webhookEventId":"e",`
	for name, c := range map[string]struct {
		raw  string
		want linkage.Heard
		ok   bool
	}{
		"a tap":                    {`{` + user + `"type":"postback","postback":{"data":"lumo:link"}}`, linkage.Heard{Event: "e", At: 5, User: "U00000000000000000000000000000001", ReplyToken: "r"}, true},
		"another button":           {`{` + user + `"type":"postback","postback":{"data":"lumo:linked"}}`, linkage.Heard{}, false},
		"the word":                 {`{` + user + `"type":"message","message":{"id":"1","type":"text","text":" LINK "}}`, linkage.Heard{Event: "e", At: 5, User: "U00000000000000000000000000000001", ReplyToken: "r"}, true},
		"a sentence with the word": {`{` + user + `"type":"message","message":{"id":"1","type":"text","text":"link me"}}`, linkage.Heard{}, false},
		"a tap while a module has the chat": {`{"source":{"type":"user","userId":"U00000000000000000000000000000001"},"replyToken":"r","mode":"standby","timestamp":5,"webhookEventId":"e","type":"postback","postback":{"data":"lumo:link"}}`,
			linkage.Heard{Event: "e", At: 5, User: "U00000000000000000000000000000001"}, true},
		"a tap in a group":          {`{"source":{"type":"group","groupId":"C00000000000000000000000000000001","userId":"U00000000000000000000000000000001"},"mode":"active","timestamp":5,"webhookEventId":"e","type":"postback","postback":{"data":"lumo:link"}}`, linkage.Heard{}, false},
		"LINE confirms":             {`{` + user + `"type":"accountLink","link":{"result":"ok","nonce":"n"}}`, linkage.Heard{Event: "e", At: 5, User: "U00000000000000000000000000000001", ReplyToken: "r", Nonce: "n", OK: true}, true},
		"LINE saw another one":      {`{"mode":"active","timestamp":5,"webhookEventId":"e","type":"accountLink","link":{"result":"failed","nonce":"n"}}`, linkage.Heard{Event: "e", At: 5, Nonce: "n"}, true},
		"an account link of nobody": {`{` + user + `"type":"accountLink"}`, linkage.Heard{}, false},
	} {
		got, ok := LinkEvent(ParseEvent([]byte(c.raw)), "link")
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v %t", name, got, ok)
		}
	}
	if got := string(WithoutReply([]byte(`{"replyToken":"r","type":"message"}`))); got != `{"type":"message"}` {
		t.Errorf("without its reply: %s", got)
	}
}
