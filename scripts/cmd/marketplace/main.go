// Command marketplace writes docs/marketplace/shared-data.md.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"lumo/scripts/marketplace"
	"lumo/scripts/repository"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	root, err := repository.Root()
	if err != nil {
		return err
	}
	text, err := marketplace.SharedData(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs/marketplace/shared-data.md"), []byte(text), 0o644)
}
