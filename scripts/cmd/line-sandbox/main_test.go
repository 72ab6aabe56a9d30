package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Ensure that the program keeps its world over a stop and a start, and that secrets stay out of its log.
func TestKeepsItsWorld(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	o := options{state: t.TempDir(), friends: 5, seed: 3, every: time.Hour}
	session := func(visit func(base string) string) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		o.public = "http://" + listener.Addr().String()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx, listener, o, slog.New(slog.NewJSONHandler(&log, nil))) }()
		out := visit(o.public)
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		return out
	}
	get := func(url string) string {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v", url, res.StatusCode, err)
		}
		return string(body)
	}
	first := session(func(base string) string {
		res, err := http.Post(base+"/_sandbox/users/u000001/rename", "application/json", strings.NewReader(`{"name":"kept"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return get(base + "/_sandbox/channels")
	})
	second := session(func(base string) string {
		if !strings.Contains(get(base+"/_sandbox/users/u000001"), "kept") {
			t.Error("the rename is gone")
		}
		return get(base + "/_sandbox/channels")
	})
	if first != second || !strings.Contains(first, `"friends":5`) {
		t.Errorf("before %s\nafter %s", first, second)
	}
	for _, part := range strings.Split(first, `"secret":"`)[1:] {
		if strings.Contains(log.String(), part[:32]) {
			t.Error("a secret is in the log")
		}
	}
}
