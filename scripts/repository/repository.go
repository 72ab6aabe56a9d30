// Package repository finds the folder that everything lies in.
package repository

import (
	"errors"
	"os"
	"path/filepath"
)

// Root is the folder of go.work at or above the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.work here or above: run this inside the repository")
		}
		dir = up
	}
}
