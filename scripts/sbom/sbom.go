// Package sbom lists what is shipped: the Go modules in the functions' binaries and the npm packages in the bundles of the HubSpot app, as a
// CycloneDX bill of materials.
package sbom

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Bill is the part of CycloneDX 1.5 in use.
type Bill struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Components []Component `json:"components"`
}

// Component is one library.
type Component struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []Hash `json:"hashes,omitempty"`
}

// Hash is npm's own, of the package as it was published. Go's are not hashes of a file and stand in go.sum.
type Hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// Make reads both lists below root.
func Make(ctx context.Context, root string) (Bill, error) {
	b := Bill{Format: "CycloneDX", Spec: "1.5", Version: 1}
	gos, err := goModules(ctx, root)
	if err != nil {
		return b, err
	}
	npm, err := npmPackages(filepath.Join(root, "hubspot-app", "src", "app", "package-lock.json"))
	b.Components = append(gos, npm...)
	return b, err
}

func goModules(ctx context.Context, root string) ([]Component, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", "lambda.norpc", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./functions/...")
	var failed bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = root, append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"), &failed
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, failed.Bytes())
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok && version != "" {
			versions[path] = version
		}
	}
	var all []Component
	for _, path := range slices.Sorted(maps.Keys(versions)) {
		all = append(all, Component{Type: "library", Name: path, Version: versions[path], PURL: "pkg:golang/" + path + "@" + versions[path]})
	}
	return all, nil
}

func npmPackages(file string) ([]Component, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity string
			Dev, Link          bool
		}
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all []Component
	for _, path := range slices.Sorted(maps.Keys(lock.Packages)) {
		p := lock.Packages[path]
		_, name, ok := cutLast(path, "node_modules/")
		if !ok || p.Dev || p.Link || p.Version == "" {
			continue
		}
		c := Component{Type: "library", Name: name, Version: p.Version, PURL: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version}
		if alg, content, ok := strings.Cut(p.Integrity, "-"); ok && alg == "sha512" {
			raw, err := base64.StdEncoding.DecodeString(content)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, path, err)
			}
			c.Hashes = []Hash{{"SHA-512", hex.EncodeToString(raw)}}
		}
		all = append(all, c)
	}
	return all, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
