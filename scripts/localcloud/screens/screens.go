// Package screens starts the preview of the HubSpot screens (hubspot-app/preview) beside the local cloud, as a process of its own.
package screens

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"lumo/scripts/localcloud/child"
)

// Config of the preview.
type Config struct {
	Root      string // of the repository
	Address   string // listen address; the preview listens on 127.0.0.1 only, so the port is what counts
	Front     string // where the functions listen
	PublicURL string // the origin for which they check signatures
	HubSpot   string // address of the HubSpot sandbox
	Line      string // address of the LINE sandbox
	AppID     string
	Secret    string // the app's client secret
	Out       io.Writer
}

// ErrNotInstalled: the preview's packages are not there.
var ErrNotInstalled = errors.New("left out: Node 20.19 or newer and its packages are missing; `make run` installs them")

// Screens is a running preview.
type Screens struct {
	URL     string
	process *child.Process
}

// Start serves the screens; who asks while they are being built, which takes some seconds, waits.
func Start(c Config) (*Screens, error) {
	node, err := installed(c.Root)
	if err != nil {
		return nil, err
	}
	port, err := portOf(c.Address)
	if err != nil {
		return nil, err
	}
	args := []string{
		filepath.Join(c.Root, "hubspot-app/preview/server.mjs"), "--port", port, "--front", c.Front, "--public", c.PublicURL, "--sandbox", c.HubSpot, "--line", c.Line, "--app-id", c.AppID,
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TZ=UTC", "HUBSPOT_CLIENT_SECRET=" + c.Secret}
	p, err := child.Start(node, args, env, "listens", c.Out)
	if err != nil {
		return nil, err
	}
	return &Screens{URL: "http://127.0.0.1:" + port + "/", process: p}, nil
}

// Installed tells whether they can be started.
func Installed(root string) bool {
	_, err := installed(root)
	return err == nil
}

func installed(root string) (node string, err error) {
	if node, err = exec.LookPath("node"); err != nil {
		return "", ErrNotInstalled
	}
	for _, folder := range []string{"node_modules/vite", "src/app/node_modules/@hubspot/ui-extensions"} {
		if _, err := os.Stat(filepath.Join(root, "hubspot-app", folder)); err != nil {
			return "", ErrNotInstalled
		}
	}
	return node, nil
}

// Close ends it.
func (s *Screens) Close() { s.process.Stop() }

func portOf(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("address of the screens: %w", err)
	}
	if host != "127.0.0.1" && host != "localhost" && host != "" {
		return "", fmt.Errorf("address of the screens: %s: they are served on 127.0.0.1 only", address)
	}
	return port, nil
}
