// Command deploy brings a stage up, takes its last release back, rotates HubSpot's client secret, or takes it down; see docs/deploy.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"lumo/scripts/deploy"
	"lumo/scripts/repository"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	want := 2
	if len(args) > 0 && args[0] == "secret" {
		want = 3
	}
	if len(args) != want {
		return fmt.Errorf("usage: deploy up|back|down|check STAGE, or deploy secret STAGE FILE")
	}
	root, err := repository.Root()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := deploy.Stage{Root: root, Name: args[1], Out: os.Stdout}
	switch args[0] {
	case "up":
		return s.Up(ctx)
	case "back":
		return s.Back(ctx)
	case "down":
		return s.Down(ctx)
	case "secret":
		return s.Secret(ctx, args[2])
	case "check":
		_, err := s.Parameters()
		return err
	}
	return fmt.Errorf("unknown command %s", args[0])
}
