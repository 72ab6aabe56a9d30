// Command sbom prints the bill of materials of what is shipped (CycloneDX, JSON).
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"lumo/scripts/repository"
	"lumo/scripts/sbom"
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
	b, err := sbom.Make(context.Background(), root)
	if err != nil {
		return err
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(b)
}
