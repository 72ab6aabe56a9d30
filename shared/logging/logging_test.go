package logging_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
	"lumo/shared/logging"
	"lumo/shared/logging/logtest"
	"lumo/shared/queue"
)

func newLog() (*slog.Logger, *logtest.Buffer) {
	out := &logtest.Buffer{}
	return logging.New(out, slog.LevelInfo, logging.Stage("dev"), logging.Function("contact-sync")), out
}

func TestTypedAttributesAppear(t *testing.T) {
	t.Parallel()
	log, out := newLog()
	log.LogAttrs(t.Context(), slog.LevelInfo, "step done", logging.Portal(7), logging.Slot(2), logging.Queue(queue.Flush), logging.Run("r-1"),
		logging.Count("written", 3), logging.Took("ms", 1500*time.Microsecond), logging.State("done"), slog.Bool("cold", true),
		slog.Any("typed", id.PortalID(9)), slog.Any("class", fault.Limited), slog.Any("error", fmt.Errorf("read: %w", errors.New("bad hex"))))
	log.Debug("not at this level")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	for key, want := range map[string]any{
		"msg": "step done", "level": "INFO", "stage": "dev", "function": "contact-sync", "portal": "7", "slot": 2.0, "queue": "Flush",
		"run": "r-1", "typed": 9.0, "class": "limited", "error": "read: bad hex", "written": 3.0, "ms": 1.5, "state": "done", "cold": true,
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
}

type token struct{ Value string }

// Ensure that nothing personal comes through, by whatever door it is put in.
func TestNothingElseComesThrough(t *testing.T) {
	t.Parallel()
	c := logtest.New("logging")
	log, out := newLog()
	text := c.Plant("message text")
	user := c.Add("LINE user id", "U0123456789abcdef0123456789abcdef")
	email := c.Add("e-mail", "canary.person@mail.example.co.jp")
	phone := c.Add("phone", "+81 90-1234-5678")
	bearer := c.Plant("access token")
	log.Info("handled", "text", text, "body", []byte(text), "any", token{bearer}, "error text", errors.New(text), "value", slog.StringValue(text))
	log.Info("for " + email + " and " + user + " " + phone + " Bearer " + bearer)
	log.With("name", text).WithGroup("g").Info("with", "portal", user, "inner", slog.GroupValue(slog.String("x", text)))
	log.Info("failed", logging.Error(fmt.Errorf("profile of %s <%s>: %w", user, email, errors.New("GET https://x.example/a?token="+bearer))))
	f := &fault.Fault{Provider: "hubspot", Class: fault.Invalid, Code: "HUBSPOT_INVALID", Message: "value " + text + " is no number", Status: 400, CorrelationID: "c-1"}
	log.Info("failed", logging.Error(fmt.Errorf("flush: %w", f)))
	log.Info("failed", "error", f.Error())
	log.Info("failed", "cause", errors.New(text), "error", fmt.Errorf("flush: %w", f), "user", id.LineUserID(user), "reason", id.LineUserID(user))
	log.Info("failed", logging.Error(errors.Join(errors.New("first"), fmt.Errorf("second: %w", fmt.Errorf("third: %w", f)))))
	c.Check(t, out.Bytes())
	for _, want := range []string{`"error":"flush: HUBSPOT_INVALID"`, `"class":"invalid"`, `"correlation":"c-1"`, `"status":400`, `"certainty":"unknown"`} {
		if !strings.Contains(string(out.Bytes()), want) {
			t.Errorf("%s is missing in\n%s", want, out.Bytes())
		}
	}
}

func TestNoErrorIsNoAttribute(t *testing.T) {
	t.Parallel()
	log, out := newLog()
	log.Info("fine", logging.Error(nil))
	if strings.Contains(string(out.Bytes()), "error") {
		t.Errorf("%s", out.Bytes())
	}
}

func TestCanariesAreFound(t *testing.T) {
	t.Parallel()
	c := logtest.New("self")
	v := c.Plant("channel secret")
	quoted := c.Add("odd text", "a \"quoted\" canary")
	for _, out := range []string{
		"x" + v + "y", fmt.Sprintf("%x", v), `{"t":"a \"quoted\" canary"}`, "Y2FuYXJ5LXNlbGYtMS1jaGFubmVsLXNlY3JldA==", "a+%22quoted%22+canary",
	} {
		if found := c.Found([]byte(out)); len(found) != 1 {
			t.Errorf("in %s: %v", out, found)
		}
	}
	if found := c.Found([]byte("nothing of " + v[:10] + quoted[:5])); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}
