// Package ses sends e-mail through Amazon SES.
package ses

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"lumo/shared/mail"
)

// API is the part of the SES client in use.
type API interface {
	SendEmail(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// Sender is mail.Sender over SES.
type Sender struct {
	api  API
	from string
}

var _ mail.Sender = (*Sender)(nil)

// New sends as from, an address that SES has verified.
func New(api API, from string) *Sender { return &Sender{api: api, from: from} }

func (s *Sender) Send(ctx context.Context, m mail.Mail) error {
	if err := mail.Check(m); err != nil {
		return err
	}
	body := &types.Body{Text: content(m.Text)}
	if m.HTML != "" {
		body.Html = content(m.HTML)
	}
	_, err := s.api.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: &s.from,
		Destination:      &types.Destination{ToAddresses: []string{m.To}},
		Content:          &types.EmailContent{Simple: &types.Message{Subject: content(m.Subject), Body: body}},
	})
	if err != nil {
		return fmt.Errorf("SES SendEmail: %w", err)
	}
	return nil
}

func content(s string) *types.Content { return &types.Content{Data: &s, Charset: aws.String("UTF-8")} }
