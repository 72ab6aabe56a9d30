package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/linesandbox"
	"lumo/shared/portal"
)

// The log calls a portal by a name that only the portal's own row explains. After a purge nothing does.
func TestTheLogKeepsNoPortalsNumber(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 3, Lists: 1, Friends: 2, Linked: 1})
	number := fmt.Sprint(c.Portal)
	name := fmt.Sprint(operated(t, "logname", "-portal", number)["logName"])
	if name == portal.Unnamed || strings.Contains(name, number) {
		t.Fatalf("the log calls the portal %s", name)
	}
	room := fmt.Appendf(nil, `{"destination":%q,"events":[{"type":"message","webhookEventId":"01HZ%d","timestamp":%d,"mode":"active","source":{"type":"room","roomId":"R0123456789abcdef0123456789abcdef"},"deliveryContext":{"isRedelivery":false},"message":{"id":"1","type":"text","text":"x"}}]}`,
		c.account.Bot, time.Now().UnixNano(), time.Now().UnixMilli())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Front+"/line/webhooks/"+c.account.Bot, bytes.NewReader(room))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Line-Signature", linesandbox.Sign(c.account.Secret, room))
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	res.Body.Close()
	eventually(t, 30*time.Second, "a line about the room", func() string {
		if !bytes.Contains(printed.bytes(), []byte(`"portal":"`+name+`"`)) {
			return "no line names the portal " + name
		}
		return ""
	})
	c.api("POST", "/api/v1/disconnect", map[string]any{"confirm": true}, nil)
	eventually(t, 30*time.Second, "the purge", func() string {
		if _, err := operate(t, "purge", "-portal", number, "-do"); err != nil {
			return err.Error()
		}
		if n := operated(t, "purge", "-portal", number); n["items"] != 0. {
			return fmt.Sprint(n)
		}
		return ""
	})
	if _, err := operate(t, "logname", "-portal", number); err == nil {
		t.Error("after the purge the name is still known")
	}
}
