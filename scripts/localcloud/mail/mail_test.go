package mail_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/mail"
	"lumo/shared/clock"
)

func message(subject, text string, to ...string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("lumo@example.com"), Destination: &types.Destination{ToAddresses: to},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: &subject}, Body: &types.Body{Text: &types.Content{Data: &text}},
		}},
	}
}

func TestMailsAreKeptAndShown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "outbox.jsonl")
	c := clock.NewVirtual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	open := func() (*mail.Server, *sesv2.Client) {
		s, err := mail.New(file, c)
		if err != nil {
			t.Fatal(err)
		}
		return s, sesv2.NewFromConfig(awslocal.InProcess(s))
	}
	s, ses := open()
	o, err := ses.SendEmail(t.Context(), message("First <b>", "Hello", "a@example.com", "b@example.com"))
	if err != nil || aws.ToString(o.MessageId) == "" {
		t.Fatal(err)
	}
	s.Close()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(b, `{"id":"torn`...), 0o600); err != nil {
		t.Fatal(err)
	}
	s, ses = open()
	if _, err := ses.SendEmail(t.Context(), message("Second", "Again", "a@example.com")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, ses = open()
	defer s.Close()
	mails := s.Mails()
	if len(mails) != 2 || mails[0].ID != *o.MessageId || mails[0].To[1] != "b@example.com" || mails[1].Subject != "Second" {
		t.Errorf("%+v", mails)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	page := w.Body.String()
	if !strings.Contains(page, "First &lt;b&gt;") || strings.Index(page, "Second") > strings.Index(page, "First") {
		t.Errorf("page: %s", page)
	}
	var bad *types.BadRequestException
	if _, err := ses.SendEmail(t.Context(), message("x", "x")); !errors.As(err, &bad) {
		t.Errorf("without recipients: %v", err)
	}
}
