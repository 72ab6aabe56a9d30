package line

import "testing"

func TestWhatAConversationShowsOfAMessage(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"type":"text","id":"1","text":"hi"}`:                                                                "hi",
		`{"type":"image","id":"1","contentProvider":{"type":"line"}}`:                                         "",
		`{"type":"sticker","id":"1","packageId":"1","stickerId":"2","keywords":["a","b","c","d","e","f"]}`:    "a, b, c, d, e",
		`{"type":"sticker","id":"1","packageId":"1","stickerId":"2","keywords":["a"],"text":"written on it"}`: "written on it",
		`{"type":"sticker","id":"1","packageId":"1","stickerId":"2"}`:                                         "",
		`{"type":"file","id":"1","fileName":"order.pdf","fileSize":7}`:                                        "order.pdf",
		`{"type":"location","id":"1","title":"Shop","address":"1-2-3 Tokyo","latitude":35,"longitude":139}`:   "Shop 1-2-3 Tokyo",
		`{"type":"location","id":"1","latitude":35,"longitude":139}`:                                          "",
	} {
		raw := `{"type":"message","webhookEventId":"01","timestamp":1000,"source":{"type":"user","userId":"` + string(user) + `"},"message":` + event + `}`
		if e, ok := SyncEvent(ParseEvent([]byte(raw))); !ok || e.Text != want || e.MessageID != "1" {
			t.Errorf("%s: %+v, want %q", event, e, want)
		}
	}
}
