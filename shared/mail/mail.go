// Package mail is the port through which the few e-mails of the app go out: alerts to people who run it.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
)

// Mail is one e-mail to one person. HTML is optional, Text is not.
type Mail struct {
	To      string
	Subject string
	Text    string
	HTML    string
}

// Sender sends. After a nil error the mail is accepted, not delivered.
type Sender interface {
	Send(context.Context, Mail) error
}

// ErrInvalid is wrapped when a mail can never be sent as it is.
var ErrInvalid = errors.New("invalid mail")

// Check tells whether m can be sent. Every Sender refuses the same. Its error does not show the address.
func Check(m Mail) error {
	a, err := netmail.ParseAddress(m.To)
	if err != nil || a.Address != m.To {
		return fmt.Errorf("%w: To must be one plain address", ErrInvalid)
	}
	if m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n") {
		return fmt.Errorf("%w: the subject must be one line", ErrInvalid)
	}
	if m.Text == "" {
		return fmt.Errorf("%w: no text", ErrInvalid)
	}
	return nil
}

// Recorder is a Sender for tests. The zero value is ready.
type Recorder struct {
	mu   sync.Mutex
	sent []Mail
}

var _ Sender = (*Recorder)(nil)

func (r *Recorder) Send(ctx context.Context, m Mail) error {
	if err := Check(m); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, m)
	return nil
}

// Sent returns what was sent so far, in order.
func (r *Recorder) Sent() []Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}
