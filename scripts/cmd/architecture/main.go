// Command architecture writes docs/architecture.md.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"lumo/scripts/architecture"
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
	text, err := architecture.Page(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs/architecture.md"), []byte(text), 0o644)
}
