// Command cost measures what scenarios ask of AWS, in the local cloud, and writes docs/cost.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"lumo/scripts/cost"
	"lumo/scripts/repository"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := repository.Root()
	if err != nil {
		return err
	}
	sheet, err := cost.Measure(ctx, root, os.Stderr)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs/cost.md"), []byte(sheet), 0o644)
}
