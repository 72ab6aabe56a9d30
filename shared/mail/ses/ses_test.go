package ses

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"lumo/shared/mail"
)

type fake struct {
	in  *sesv2.SendEmailInput
	err error
}

func (f *fake) SendEmail(_ context.Context, in *sesv2.SendEmailInput, _ ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error) {
	f.in = in
	return &sesv2.SendEmailOutput{}, f.err
}

func TestSend(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := New(f, "lumo@example.com")
	if err := s.Send(t.Context(), mail.Mail{To: "a@example.com", Subject: "同期", Text: "t"}); err != nil {
		t.Fatal(err)
	}
	m := f.in.Content.Simple
	if *f.in.FromEmailAddress != "lumo@example.com" || f.in.Destination.ToAddresses[0] != "a@example.com" ||
		*m.Subject.Data != "同期" || *m.Subject.Charset != "UTF-8" || *m.Body.Text.Data != "t" || m.Body.Html != nil {
		t.Errorf("%+v", f.in)
	}
	if err := s.Send(t.Context(), mail.Mail{To: "a@example.com", Subject: "s", Text: "t", HTML: "<p>h"}); err != nil || *f.in.Content.Simple.Body.Html.Data != "<p>h" {
		t.Errorf("%v", err)
	}
	f.in, f.err = nil, errors.New("throttled")
	if err := s.Send(t.Context(), mail.Mail{To: "nobody"}); !errors.Is(err, mail.ErrInvalid) || f.in != nil {
		t.Errorf("an invalid mail went out: %v", err)
	}
	if err := s.Send(t.Context(), mail.Mail{To: "a@example.com", Subject: "s", Text: "t"}); !errors.Is(err, f.err) {
		t.Errorf("%v", err)
	}
}
