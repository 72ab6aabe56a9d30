// Package config reads the environment of a function once, at start, and says everything that is wrong with it in one error.
package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"lumo/shared/queue"
)

// Config is what every function knows. template.yaml sets the variables.
type Config struct {
	Stage     string
	PublicURL string // our own origin, without a slash at the end: part of every signature

	HubspotAPIURL, HubspotAppURL               string
	LineAPIURL, LineDataAPIURL, LineAccessURL  string
	HubspotClientID                            string
	HubspotAppID                               int64
	HubspotClientSecret, HubspotPreviousSecret Secret // the previous one is empty unless a rotation is under way

	// LinkSigningKey signs tracked links.
	LinkSigningKey Secret

	// AppEvents: HubSpot approved the app for events on the contact timeline, and its project declares them (docs/workflows.md).
	AppEvents bool

	MailFrom, TableName, BlobBucket, KMSKeyID string

	Queues     map[queue.Queue]string // URLs
	DeadQueues map[queue.Queue]string // URLs; filled only in the function that consumes dead letters
}

// HubspotSecrets lists the secrets a signature may have been made with, newest first.
func (c Config) HubspotSecrets() []string {
	all := []string{c.HubspotClientSecret.Reveal()}
	if previous := c.HubspotPreviousSecret.Reveal(); previous != "" {
		all = append(all, previous)
	}
	return all
}

// Secret is text that must not be printed. Printing, logging and encoding it shows a placeholder.
type Secret struct{ value string }

const hidden = "[secret]"

// Reveal returns the text itself, for the one call that needs it.
func (s Secret) Reveal() string { return s.value }

func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Secrets resolves a Secrets Manager ARN. It is asked only when a variable holds one.
type Secrets interface {
	Secret(ctx context.Context, arn string) (string, error)
}

const arnPrefix = "arn:"

// minFrontKey keeps the key that only our CloudFront distribution knows from being guessed.
const minFrontKey = 24

// Load reads the environment through getenv (os.Getenv). The error names every variable that is missing or wrong.
func Load(ctx context.Context, getenv func(string) string, secrets Secrets) (Config, error) {
	r := reader{getenv: getenv}
	c := Config{
		Stage:                 r.text("STAGE"),
		PublicURL:             r.address("PUBLIC_URL"),
		HubspotAPIURL:         r.address("HUBSPOT_API_URL"),
		HubspotAppURL:         r.address("HUBSPOT_APP_URL"),
		LineAPIURL:            r.address("LINE_API_URL"),
		LineDataAPIURL:        r.address("LINE_DATA_API_URL"),
		LineAccessURL:         r.address("LINE_ACCESS_URL"),
		HubspotClientID:       r.text("HUBSPOT_CLIENT_ID"),
		HubspotAppID:          r.number("HUBSPOT_APP_ID"),
		HubspotClientSecret:   Secret{r.text("HUBSPOT_CLIENT_SECRET")},
		HubspotPreviousSecret: Secret{getenv("HUBSPOT_CLIENT_SECRET_PREVIOUS")},
		MailFrom:              r.text("MAIL_FROM"),
		TableName:             r.text("TABLE_NAME"),
		BlobBucket:            r.text("BLOB_BUCKET"),
		KMSKeyID:              r.text("KMS_KEY_ID"),
		Queues:                map[queue.Queue]string{},
		DeadQueues:            map[queue.Queue]string{},
	}
	if key := getenv("FRONT_KEY"); key != "" && len(key) < minFrontKey { // package entry compares it
		r.bad("FRONT_KEY", "is too short")
	}
	switch v := getenv("APP_EVENTS"); v {
	case "on":
		c.AppEvents = true
	case "", "off":
	default:
		r.bad("APP_EVENTS", "must be on or off")
	}
	c.LinkSigningKey = Secret{getenv("LINK_SIGNING_KEY")}
	if c.LinkSigningKey.value == "" && c.Stage != "dev" {
		r.bad("LINK_SIGNING_KEY", "is missing")
	}
	for _, q := range queue.All() {
		c.Queues[q] = r.address(q.Env())
		if dead := getenv(q.DeadEnv()); dead != "" {
			c.DeadQueues[q] = dead
		}
	}
	if err := errors.Join(r.problems...); err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	err := resolve(ctx, secrets, map[string]*Secret{
		"HUBSPOT_CLIENT_SECRET": &c.HubspotClientSecret, "HUBSPOT_CLIENT_SECRET_PREVIOUS": &c.HubspotPreviousSecret, "LINK_SIGNING_KEY": &c.LinkSigningKey,
	})
	if c.LinkSigningKey.value == "" { // a developer's machine
		c.LinkSigningKey = Secret{"links of " + c.HubspotClientSecret.value}
	}
	return c, err
}

// reader collects what is wrong. Values never appear in its errors: some are secrets.
type reader struct {
	getenv   func(string) string
	problems []error
}

func (r *reader) bad(name, why string) {
	r.problems = append(r.problems, fmt.Errorf("%s %s", name, why))
}

func (r *reader) text(name string) string {
	v := r.getenv(name)
	if v == "" {
		r.bad(name, "is missing")
	}
	return v
}

func (r *reader) number(name string) int64 {
	v := r.text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 {
		r.bad(name, "is not a positive whole number")
	}
	return n
}

// address reads an http(s) URL and takes the slash off its end, since paths are appended.
func (r *reader) address(name string) string {
	v := r.text(name)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		r.bad(name, "is not an http(s) URL")
	}
	return strings.TrimRight(v, "/")
}
