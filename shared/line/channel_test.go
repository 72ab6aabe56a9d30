package line

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"lumo/shared/fault"
	"lumo/shared/id"
)

// Ensure that each call goes where LINE wants it and reads what LINE answers.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, path, query, body, answer string
		call                                    func(context.Context, *ChannelClient) (any, error)
		want                                    any
	}{
		{
			"bot info", "GET", "/api/v2/bot/info", "", "",
			`{"userId":"U0123456789abcdef0123456789abcdef","basicId":"@lumo","premiumId":"@p","displayName":"Lumo","pictureUrl":"https://x/p","chatMode":"chat","markAsReadMode":"manual","new":1}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.BotInfo(ctx) },
			Bot{User: id.BotUserID(user), BasicID: "@lumo", PremiumID: "@p", Name: "Lumo", PictureURL: "https://x/p", ChatOn: true},
		},
		{
			"webhook", "GET", "/api/v2/bot/channel/webhook/endpoint", "", "", `{"endpoint":"https://us/hook","active":true}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.Webhook(ctx) },
			Webhook{URL: "https://us/hook", Active: true},
		},
		{
			"set webhook", "PUT", "/api/v2/bot/channel/webhook/endpoint", "", `{"endpoint":"https://us/hook"}`, `{}`,
			func(ctx context.Context, c *ChannelClient) (any, error) {
				return nil, c.SetWebhook(ctx, "https://us/hook")
			}, nil,
		},
		{
			"test webhook", "POST", "/api/v2/bot/channel/webhook/test", "", `{"endpoint":"https://us/hook"}`,
			`{"success":false,"timestamp":"2026-09-30T05:38:20.031Z","statusCode":404,"reason":"ERROR_STATUS_CODE","detail":"404"}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.TestWebhook(ctx, "https://us/hook") },
			WebhookTest{At: time.Date(2026, 9, 30, 5, 38, 20, 31e6, time.UTC), Status: 404, Reason: "ERROR_STATUS_CODE", Detail: "404"},
		},
		{
			"test the set webhook", "POST", "/api/v2/bot/channel/webhook/test", "", `{}`,
			`{"success":true,"timestamp":"2026-09-30T05:38:20Z","statusCode":200,"reason":"OK","detail":"200"}`,
			func(ctx context.Context, c *ChannelClient) (any, error) {
				r, err := c.TestWebhook(ctx, "")
				return r.Success, err
			}, true,
		},
		{
			"profile", "GET", "/api/v2/bot/profile/" + string(user), "", "",
			`{"userId":"U0123456789abcdef0123456789abcdef","displayName":"美咲","pictureUrl":"https://x/p","language":"ja"}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.Profile(ctx, user) },
			Profile{User: user, Name: "美咲", PictureURL: "https://x/p", Language: "ja"},
		},
		{
			"followers", "GET", "/api/v2/bot/followers/ids", "limit=1000&start=abc%26", "", `{"userIds":["U0123456789abcdef0123456789abcdef"],"next":"def"}`,
			func(ctx context.Context, c *ChannelClient) (any, error) {
				ids, next, err := c.Followers(ctx, "abc&")
				return fmt.Sprint(ids, next), err
			}, "[" + string(user) + "]def",
		},
		{
			"first followers", "GET", "/api/v2/bot/followers/ids", "limit=1000", "", `{"userIds":[]}`,
			func(ctx context.Context, c *ChannelClient) (any, error) {
				ids, next, err := c.Followers(ctx, "")
				return fmt.Sprint(len(ids), next), err
			}, "0",
		},
		{
			"reach", "GET", "/api/v2/bot/insight/followers", "date=20251231", "", `{"status":"ready","followers":7620,"targetedReaches":5848,"blocks":237}`,
			func(ctx context.Context, c *ChannelClient) (any, error) {
				r, ok, err := c.Reach(ctx)
				return fmt.Sprint(r.Followers, r.Blocks, ok), err
			}, "7620 237 true",
		},
		{
			"reach that LINE withholds", "GET", "/api/v2/bot/insight/followers", "date=20251230", "", `{"status":"ready","followers":null,"blocks":null}`,
			func(ctx context.Context, c *ChannelClient) (any, error) {
				r, ok, err := c.Reach(ctx)
				return fmt.Sprint(r.Followers, ok), err
			}, "0 false",
		},
		{
			"quota", "GET", "/api/v2/bot/message/quota", "", "", `{"type":"limited","value":200}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.Quota(ctx) }, Quota{Limited: true, Value: 200},
		},
		{
			"no quota", "GET", "/api/v2/bot/message/quota", "", "", `{"type":"none"}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.Quota(ctx) }, Quota{},
		},
		{
			"consumption", "GET", "/api/v2/bot/message/quota/consumption", "", "", `{"totalUsage":7}`,
			func(ctx context.Context, c *ChannelClient) (any, error) { return c.Consumption(ctx) }, int64(7),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, reply200(c.answer))
			got, err := c.call(t.Context(), s.channel())
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
			q := s.last()
			if q.method != c.method || q.path != c.path || strings.TrimSpace(q.body) != c.body || q.auth != tokenOf+"1" || q.hasRetryKey {
				t.Errorf("called %+v", q)
			}
			if q.query != c.query {
				t.Errorf("query %q, want %q", q.query, c.query)
			}
		})
	}
}

func TestNoWebhookSetIsAnAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t, replyWith(404, `{"message":"Webhook endpoint not found"}`))
	if w, err := s.channel().Webhook(t.Context()); err != nil || w != (Webhook{}) {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestProfileFaults(t *testing.T) {
	t.Parallel()
	s := newServer(t, replyWith(404, `{"message":"Not found"}`))
	_, err := s.channel().Profile(t.Context(), user)
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
	for _, u := range []id.LineUserID{"", "../info", "U0123456789ABCDEF0123456789abcdef", user + "/x"} {
		if _, err := s.channel().Profile(t.Context(), u); !fault.Is(err, fault.Invalid) || s.count() != 1 {
			t.Errorf("%q: %v after %d calls", u, err, s.count())
		}
	}
}

// Ensure that an answer which makes no sense is never taken for data.
func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	for body, call := range map[string]func(*ChannelClient) error{
		`{"userId":"x"}`:  func(c *ChannelClient) error { _, err := c.BotInfo(context.Background()); return err },
		`<html>`:          func(c *ChannelClient) error { _, err := c.BotInfo(context.Background()); return err },
		`{"userId":"U1"}`: func(c *ChannelClient) error { _, err := c.Profile(context.Background(), user); return err },
		`{"userIds":[1]}`: func(c *ChannelClient) error { _, _, err := c.Followers(context.Background(), ""); return err },
		`{"type":"new"}`:  func(c *ChannelClient) error { _, err := c.Quota(context.Background()); return err },
		`{"pad":"` + strings.Repeat("x", maxReply) + `"}`: func(c *ChannelClient) error {
			_, err := c.Consumption(context.Background())
			return err
		},
	} {
		s := newServer(t, reply200(body))
		err := call(s.channel())
		var f *fault.Fault
		if !errors.As(err, &f) || f.Class != fault.Unavailable || f.Code != CodeUnreadable {
			t.Errorf("%.20s: %v", body, err)
		}
	}
}

// Ensure that the SDK's habit of keeping the context in its client does not let one cancelled call spoil the next.
func TestContextIsPerCall(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"totalUsage":7}`))
	c := s.channel()
	if _, err := c.Consumption(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Consumption(ended)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Certainty != fault.NothingHappened || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := c.Consumption(t.Context()); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	if _, err := s.channel().BotInfo(t.Context()); !fault.Is(err, fault.Unavailable) || s.count() != 1 {
		t.Errorf("%v after %d calls", err, s.count())
	}
}

func TestProfileIsPaced(t *testing.T) {
	t.Parallel()
	s := newServer(t, reply200(`{"userId":"`+string(user)+`"}`))
	begun := s.clock.Now()
	const calls = 220
	for range calls {
		if _, err := s.channel().Profile(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	// 200 a second after a first burst of 20 and the call itself
	if took := s.clock.Now().Sub(begun); took != (calls-21)*5*time.Millisecond {
		t.Errorf("%d calls took %v", calls, took)
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		class  fault.Class
		code   string
	}{
		{200, "\x89PNG", "", ""},
		{202, "", fault.Unavailable, CodePreparing},
		{404, `{"message":"not found"}`, fault.NotFound, CodeNotFound},
		{410, `{"message":"The content is gone"}`, fault.NotFound, CodeGone},
		{500, ``, fault.Unavailable, CodeUnavailable},
	} {
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		got, err := s.channel().Content(t.Context(), "123456789012345678")
		if c.class == "" {
			b, _ := io.ReadAll(got.Body)
			got.Body.Close()
			if err != nil || string(b) != c.body || got.Type != "image/png" || got.Size != 4 {
				t.Errorf("%d: %q %+v, %v", c.status, b, got, err)
			}
		} else if f := (*fault.Fault)(nil); !errors.As(err, &f) || f.Class != c.class || f.Code != c.code {
			t.Errorf("%d: %v", c.status, err)
		}
		if q := s.last(); q.path != "/data/v2/bot/message/123456789012345678/content" {
			t.Errorf("path %s", q.path)
		}
	}
	s := newServer(t, nil)
	for _, bad := range []string{"", "../1", "1/2", "12a"} {
		if _, err := s.channel().Content(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
