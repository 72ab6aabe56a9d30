// Package logging writes the structured log. It is closed by default: only numbers, booleans, times, error values and the texts that
// attrs.go names reach the output, so that no token, secret, message text or personal data gets there by oversight. Anything else
// keeps its key and loses its value. Give errors as values (logging.Error, or "error", err), never as err.Error().
package logging

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"time"
)

const dropped = "[dropped]"

// New writes JSON lines to w. Attributes of service (stage, function) are on each line.
func New(w io.Writer, level slog.Leveler, service ...slog.Attr) *slog.Logger {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: guard})
	return slog.New(guarded{h}.WithAttrs(service))
}

// Discard is for tests that do not look at the log.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// textKeys are the attributes whose text may appear, still scrubbed. Each has a constructor in attrs.go, or is slog's own.
var textKeys = []string{
	slog.TimeKey, slog.LevelKey, slog.MessageKey,
	keyStage, keyFunction, keyRequest, keyKind, keyRoute, keyPortal, keyRun, keyQueue, keyJob, keyState, keyReason,
	keyCode, keyClass, keyCertainty, keyCorrelation, keyObject, keyList, keyStack,
}

// guard decides what an attribute may show; slog calls it for each one, in groups too.
func guard(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool, slog.KindTime, slog.KindGroup:
		return a
	case slog.KindDuration:
		return slog.Float64(a.Key, float64(a.Value.Duration())/float64(time.Millisecond))
	case slog.KindString:
		return guardText(a.Key, a.Value.String())
	case slog.KindAny:
		return guardAny(a)
	}
	return slog.String(a.Key, dropped)
}

func guardText(key, text string) slog.Attr {
	if slices.Contains(textKeys, key) {
		return slog.String(key, Scrub(text))
	}
	return slog.String(key, dropped)
}

// guardAny lets levels, errors and our own id and enumeration types through.
func guardAny(a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case slog.Level:
		return a
	case namedPortal:
		return slog.String(a.Key, v.text())
	case metric:
		return slog.Int(a.Key, int(v))
	case embedded:
		return a
	case safeText:
		return slog.String(a.Key, Scrub(string(v)))
	case error:
		if a.Key == keyError {
			return slog.String(a.Key, Scrub(describe(v)))
		}
	}
	switch v := reflect.ValueOf(a.Value.Any()); v.Kind() {
	case reflect.Int, reflect.Int64:
		return slog.Int64(a.Key, v.Int())
	case reflect.String:
		return guardText(a.Key, v.String())
	}
	return slog.String(a.Key, dropped)
}

// guarded scrubs the message too, in case someone built it from data.
type guarded struct{ slog.Handler }

func (g guarded) Handle(ctx context.Context, r slog.Record) error {
	r.Message = Scrub(r.Message)
	if e, ok := embed(r); ok {
		r = r.Clone()
		r.AddAttrs(slog.Any("_aws", e))
	}
	return g.Handler.Handle(ctx, r)
}

func (g guarded) WithAttrs(a []slog.Attr) slog.Handler { return guarded{g.Handler.WithAttrs(a)} }
func (g guarded) WithGroup(name string) slog.Handler   { return guarded{g.Handler.WithGroup(name)} }

var scrubbed = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+`), "[e-mail]"},
	{regexp.MustCompile(`\b[UCR][0-9a-f]{32}\b`), "[line id]"},
	{regexp.MustCompile(`(?i)\bbearer\s+\S+`), "[token]"},
	{regexp.MustCompile(`\+[0-9][0-9 ()\-]{6,}[0-9]`), "[phone]"},
	{regexp.MustCompile(`https?://[^\s"]*\?[^\s"]*`), "[url]"},
	{regexp.MustCompile(`\b(eyJ[A-Za-z0-9_\-.]{10,}|s1\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]+)`), "[token]"},
}

// Scrub masks what looks like personal data or a credential. It is the second line of defence: the first is not to log texts.
func Scrub(s string) string {
	for _, p := range scrubbed {
		s = p.pattern.ReplaceAllString(s, p.with)
	}
	return s
}
