// Command line-sandbox runs the LINE sandbox as a server of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"lumo/scripts/linesandbox"
)

type options struct {
	addr, state, public string
	friends             int
	seed                uint64
	every               time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:3002", "listen address")
	flag.StringVar(&o.state, "state", "", "folder that keeps the state; empty: memory only")
	flag.StringVar(&o.public, "public", "", "own origin as others see it; default http://ADDR")
	flag.IntVar(&o.friends, "seed-friends", 25, "friends of the first account when the state is empty; -1: start with nothing at all")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of ids, secrets, names and disorder")
	flag.DurationVar(&o.every, "save-every", 3*time.Second, "pause between saves of the state")
	flag.Parse()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", o.addr)
	if err == nil {
		err = run(ctx, listener, o, log)
	}
	if err != nil {
		log.Error("line sandbox stopped", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listener net.Listener, o options, log *slog.Logger) error {
	if o.public == "" {
		o.public = "http://" + listener.Addr().String()
	}
	webhooks := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}}
	s := linesandbox.New(linesandbox.Config{Seed: o.seed, PublicURL: o.public, Log: log, HTTP: webhooks})
	if err := start(s, o); err != nil {
		return err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener); stop() }()
	log.Info("line sandbox listens", "addr", listener.Addr().String(), "page", o.public+"/_sandbox/")
	keep(ctx, s, o, log)
	select {
	case err := <-served:
		return err
	default:
	}
	last, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if o.state == "" {
		return nil
	}
	_, err := s.Save(o.state, 0)
	return err
}

// start takes up the saved state, or makes a small world.
func start(s *linesandbox.Server, o options) error {
	if o.state != "" {
		if err := os.MkdirAll(o.state, 0o700); err != nil {
			return err
		}
		if loaded, err := s.Load(o.state); loaded || err != nil {
			return err
		}
	}
	if o.friends < 0 {
		return nil
	}
	return s.Seed(o.friends)
}

// keep saves the state from time to time until ctx ends; a save that takes long is made less often.
func keep(ctx context.Context, s *linesandbox.Server, o options, log *slog.Logger) {
	if o.state == "" {
		<-ctx.Done()
		return
	}
	var saved uint64
	pause := o.every
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		start := time.Now()
		generation, err := s.Save(o.state, saved)
		if err != nil {
			log.Error("state not saved", "error", err)
			continue
		}
		saved = generation
		pause = max(o.every, 20*time.Since(start))
	}
}
