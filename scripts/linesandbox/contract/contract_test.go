package contract_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lumo/scripts/linesandbox"
	"lumo/scripts/linesandbox/contract"
)

// Ensure that every operation of the official specs is known to the sandbox, if only to answer 501.
func TestSandboxKnowsEveryOfficialOperation(t *testing.T) {
	t.Parallel()
	c, err := contract.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[[2]string]bool{}
	for _, e := range linesandbox.Endpoints() {
		known[[2]string{e.Method, e.Path}] = true
		for _, param := range []string{"{kind}"} {
			for _, kind := range []string{"reply", "push", "multicast", "narrowcast", "broadcast", "pnp"} {
				known[[2]string{e.Method, strings.Replace(e.Path, param, kind, 1)}] = true
			}
		}
	}
	for _, op := range c.Operations() {
		if !known[op] {
			t.Errorf("%s %s is unknown to the sandbox", op[0], op[1])
		}
	}
}

// Ensure that the checker finds breaches on either side: it would be worthless otherwise.
func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	c, err := contract.Load()
	if err != nil {
		t.Fatal(err)
	}
	const user = "U0123456789abcdef0123456789abcdef"
	for _, b := range []struct {
		name, method, path, request string
		status                      int
		answer                      string
		breach                      bool
	}{
		{"all well", "POST", "/v2/bot/message/push", `{"to":"` + user + `","messages":[{"type":"text","text":"x"}]}`, 200, `{"sentMessages":[{"id":"1"}]}`, false},
		{"below a host prefix", "POST", "/api/v2/bot/message/push", `{"to":"` + user + `","messages":[{"type":"text","text":"x"}]}`, 200, `{"sentMessages":[{"id":"1"}]}`, false},
		{"unknown property in a message", "POST", "/v2/bot/message/push", `{"to":"` + user + `","messages":[{"type":"text","text":"x","bold":true}]}`, 200, `{"sentMessages":[{"id":"1"}]}`, true},
		{"missing property of a variant", "POST", "/v2/bot/message/push", `{"to":"` + user + `","messages":[{"type":"image","previewImageUrl":"https://x.example"}]}`, 200, `{"sentMessages":[{"id":"1"}]}`, true},
		{"unknown variant", "POST", "/v2/bot/message/push", `{"to":"` + user + `","messages":[{"type":"hologram"}]}`, 200, `{"sentMessages":[{"id":"1"}]}`, true},
		{"deep in a bubble", "POST", "/v2/bot/message/push", `{"to":"` + user + `","messages":[{"type":"flex","altText":"a","contents":{"type":"bubble","body":{"type":"box","layout":"sideways","contents":[]}}}]}`, 200, `{"sentMessages":[{"id":"1"}]}`, true},
		{"invented property in an answer", "GET", "/v2/bot/profile/" + user, "", 200, `{"userId":"` + user + `","displayName":"a","age":5}`, true},
		{"missing property in an answer", "GET", "/v2/bot/profile/" + user, "", 200, `{"userId":"` + user + `"}`, true},
		{"wrong type in an answer", "GET", "/v2/bot/message/quota", "", 200, `{"type":"limited","value":"many"}`, true},
		{"empty answer", "GET", "/v2/bot/info", "", 200, ``, true},
		{"undocumented status", "GET", "/v2/bot/info", "", 206, `{}`, true},
		{"200 on a path that does not exist", "GET", "/v2/bot/moods", "", 200, `{}`, true},
		{"refused rubbish is fine", "POST", "/v2/bot/message/push", `{}`, 400, `{"message":"no"}`, false},
		{"error without a message", "POST", "/v2/bot/message/push", `{}`, 400, `{"error":"no"}`, true},
		{"login has no spec", "GET", "/v2/profile", "", 200, `{"userId":"x"}`, false},
		{"token form", "POST", "/oauth2/v3/token", "grant_type=client_credentials&client_id=1&client_secret=2", 200, `{"access_token":"a","expires_in":900,"token_type":"Bearer"}`, false},
		{"token form without secret", "POST", "/oauth2/v3/token", "grant_type=client_credentials&client_id=1", 200, `{"access_token":"a","expires_in":900,"token_type":"Bearer"}`, true},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			var breach error
			h := c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(b.status)
				_, _ = w.Write([]byte(b.answer))
			}), func(err error) { breach = err })
			r := httptest.NewRequest(b.method, b.path, strings.NewReader(b.request))
			switch {
			case strings.HasPrefix(b.request, "{"):
				r.Header.Set("Content-Type", "application/json")
			case b.request != "":
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			if (breach != nil) != b.breach {
				t.Errorf("breach: %v", breach)
			}
		})
	}
}

func TestWebhookBreaches(t *testing.T) {
	t.Parallel()
	c, err := contract.Load()
	if err != nil {
		t.Fatal(err)
	}
	event := func(more string) string {
		return `{"destination":"U0123456789abcdef0123456789abcdef","events":[{"type":"message","mode":"active","timestamp":1,"webhookEventId":"x","deliveryContext":{"isRedelivery":false}` + more + `}]}`
	}
	for body, breach := range map[string]bool{
		`{"destination":"U0123456789abcdef0123456789abcdef","events":[]}`:              false,
		`{"destination":"someone","events":[]}`:                                        true,
		event(`,"message":{"type":"text","id":"1","text":"x","quoteToken":"q"}`):       false,
		event(`,"sandboxFuture":1,"message":{"type":"file","id":"1","fileName":"a"}`):  true,
		event(`,"message":{"type":"text","id":"1","text":"x"}`):                        true,
		event(`,"message":{"type":"text","id":"1","text":"x","quoteToken":"q","x":1}`): true,
		event(``): true,
	} {
		if err := c.Webhook([]byte(body)); (err != nil) != breach {
			t.Errorf("%s: %v", body, err)
		}
	}
}
