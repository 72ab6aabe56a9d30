package handle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"lumo/functions/internal/entry"
	"lumo/shared/clock"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/queue"
)

// Forwards knows an account's other receivers and remembers how deliveries went.
type Forwards interface {
	Account(ctx context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error)
	RecordForward(ctx context.Context, p id.PortalID, s id.Slot, r lineaccount.ForwardResult) (failing bool, err error)
}

// Forwarder re-posts raw bodies with LINE's own signature to the customer's other tools (P-09).
type Forwarder struct {
	Accounts Forwards
	Sender   queue.Sender
	HTTP     *http.Client // refuses private addresses when it dials
	Clock    clock.Clock
}

// copyOf is one body for one receiver.
type copyOf struct {
	Portal    id.PortalID `json:"portal"`
	Slot      id.Slot     `json:"slot"`
	Forward   string      `json:"forward"`
	Body      []byte      `json:"body"`
	Signature string      `json:"signature"`
}

// attempts of one copy; the queue's redrive would end in the dead letters, where an old webhook helps nobody.
const attempts = 4

// Queue makes one message for each receiver, so that a slow one delays none of the others.
func (f Forwarder) Queue(ctx context.Context, a lineaccount.Account, body []byte, signature string) error {
	var out []queue.Message
	for _, to := range a.Forwards {
		b, err := json.Marshal(copyOf{a.Portal, a.Slot, to.ID, body, signature})
		if err != nil {
			return err
		}
		if len(b) > queue.MaxBody {
			continue // larger than any webhook LINE was seen to send
		}
		out = append(out, queue.Message{Body: b})
	}
	return f.Sender.Send(ctx, queue.LineForwards, out...)
}

// Batch delivers copies.
func (f Forwarder) Batch(ctx context.Context, batch []entry.Record) (failed []string, err error) {
	for _, r := range batch {
		if derr := f.deliver(ctx, r); derr != nil {
			failed, err = append(failed, r.ID), errors.Join(err, derr)
		}
	}
	return failed, err
}

func (f Forwarder) deliver(ctx context.Context, r entry.Record) error {
	var c copyOf
	if err := json.Unmarshal(r.Body, &c); err != nil {
		return err
	}
	a, err := f.Accounts.Account(ctx, c.Portal, c.Slot)
	if err != nil {
		return err
	}
	for _, to := range a.Forwards {
		if to.ID != c.Forward {
			continue
		}
		res := f.post(ctx, to.URL, c)
		res.ForwardID, res.At = to.ID, f.Clock.Now()
		if _, err := f.Accounts.RecordForward(ctx, c.Portal, c.Slot, res); err != nil {
			return err
		}
		if res.Code != "OK" && r.Receives < attempts {
			return errors.New("forward not delivered: " + res.Code)
		}
	}
	return nil
}

func (f Forwarder) post(ctx context.Context, url string, c copyOf) lineaccount.ForwardResult {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(c.Body))
	if err != nil {
		return lineaccount.ForwardResult{Code: "REFUSED_ADDRESS"}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("X-Line-Signature", c.Signature)
	res, err := f.HTTP.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return lineaccount.ForwardResult{Code: "TIMEOUT"}
	case err != nil:
		return lineaccount.ForwardResult{Code: "CONNECT"}
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return lineaccount.ForwardResult{Status: res.StatusCode, Code: "STATUS"}
	}
	return lineaccount.ForwardResult{Status: res.StatusCode, Code: "OK"}
}
