// Command deploy brings a stage up, takes its last release back, or takes it down; see docs/deploy.md.
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
	if len(args) != 2 {
		return fmt.Errorf("usage: deploy up|back|down|check STAGE")
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
	case "check":
		_, err := s.Parameters()
		return err
	}
	return fmt.Errorf("unknown command %s", args[0])
}
