package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"

	"lumo/shared/queue"
)

func environment() map[string]string {
	env := map[string]string{
		"STAGE": "dev", "PUBLIC_URL": "https://lumo.example/",
		"HUBSPOT_API_URL": "https://api.hubapi.com", "HUBSPOT_APP_URL": "https://app.hubspot.com",
		"LINE_API_URL": "https://api.line.me", "LINE_DATA_API_URL": "https://api-data.line.me", "LINE_ACCESS_URL": "http://127.0.0.1:9/base/",
		"HUBSPOT_CLIENT_ID": "client", "HUBSPOT_APP_ID": "42", "HUBSPOT_CLIENT_SECRET": "s3cret",
		"MAIL_FROM": "a@example.com", "TABLE_NAME": "t", "BLOB_BUCKET": "b", "KMS_KEY_ID": "arn:aws:kms:x",
	}
	for _, q := range queue.All() {
		env[q.Env()] = "https://sqs.example/1/" + string(q)
	}
	return env
}

// vault answers for ARNs; each call waits until all expected ones are there, which proves that they run at the same time.
type vault struct {
	values   map[string]string
	together sync.WaitGroup
}

func newVault(calls int, values map[string]string) *vault {
	v := &vault{values: values}
	v.together.Add(calls)
	return v
}

func (v *vault) Secret(_ context.Context, arn string) (string, error) {
	v.together.Done()
	v.together.Wait()
	value, ok := v.values[arn]
	if !ok {
		return "", errors.New("no such secret")
	}
	return value, nil
}

func load(t *testing.T, change map[string]string, s Secrets) (Config, error) {
	t.Helper()
	env := environment()
	maps.Copy(env, change)
	return Load(t.Context(), func(name string) string { return env[name] }, s)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	c, err := load(t, map[string]string{queue.Flush.DeadEnv(): "https://sqs.example/1/FlushDead"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "https://lumo.example" || c.LineAccessURL != "http://127.0.0.1:9/base" || c.HubspotAppID != 42 {
		t.Errorf("%+v", c)
	}
	if c.Queues[queue.SyncSteps] != "https://sqs.example/1/SyncSteps" || len(c.Queues) != len(queue.All()) {
		t.Errorf("queues %v", c.Queues)
	}
	if len(c.DeadQueues) != 1 || c.DeadQueues[queue.Flush] == "" {
		t.Errorf("dead queues %v", c.DeadQueues)
	}
	if got := c.HubspotSecrets(); len(got) != 1 || got[0] != "s3cret" {
		t.Errorf("secrets %v", got)
	}
}

func TestAppEventsAreASwitch(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": false, "off": false, "on": true} {
		if c, err := load(t, map[string]string{"APP_EVENTS": value}, nil); err != nil || c.AppEvents != want {
			t.Errorf("%q: %v, %v", value, c.AppEvents, err)
		}
	}
	if _, err := load(t, map[string]string{"APP_EVENTS": "yes"}, nil); err == nil || !strings.Contains(err.Error(), "APP_EVENTS") {
		t.Error(err)
	}
}

// Ensure that one error names everything that is wrong, and shows no value.
func TestProblemsAreNamed(t *testing.T) {
	t.Parallel()
	_, err := load(t, map[string]string{
		"TABLE_NAME": "", "HUBSPOT_APP_ID": "canary-id", "PUBLIC_URL": "canary-host", "QUEUE_WAKEUPS": "", "LINE_API_URL": "ftp://canary",
		"HUBSPOT_CLIENT_SECRET": "",
	}, nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"TABLE_NAME", "HUBSPOT_APP_ID", "PUBLIC_URL", "QUEUE_WAKEUPS", "LINE_API_URL", "HUBSPOT_CLIENT_SECRET"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("a value is shown: %v", err)
	}
}

func TestARNsAreResolvedTogether(t *testing.T) {
	t.Parallel()
	v := newVault(2, map[string]string{"arn:1": "new", "arn:2": "old"})
	c, err := load(t, map[string]string{"HUBSPOT_CLIENT_SECRET": "arn:1", "HUBSPOT_CLIENT_SECRET_PREVIOUS": "arn:2"}, v)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.HubspotSecrets()); got != "[new old]" {
		t.Error(got)
	}
}

func TestSecretThatCannotBeResolved(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Secrets{
		"no vault":     nil,
		"unknown":      newVault(1, nil),
		"empty secret": newVault(1, map[string]string{"arn:1": ""}),
	} {
		if _, err := load(t, map[string]string{"HUBSPOT_CLIENT_SECRET": "arn:1"}, s); err == nil || !strings.Contains(err.Error(), "HUBSPOT_CLIENT_SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	c, err := load(t, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", c.HubspotClientSecret, "config", c)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %s %q", c, c, c.HubspotClientSecret, c.HubspotClientSecret), string(asJSON), log.String()} {
		if strings.Contains(s, "s3cret") {
			t.Errorf("printed: %s", s)
		}
	}
}
