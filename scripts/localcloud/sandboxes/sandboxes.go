// Package sandboxes starts the HubSpot and LINE sandboxes beside the local cloud, each as a process of its own, unless the environment
// names other servers.
package sandboxes

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lumo/scripts/localcloud/child"
)

// Config of the sandboxes.
type Config struct {
	Root          string // of the repository
	State         string // folder of the local cloud
	Hubspot, Line string // listen addresses
	Screens       string // origin of the HubSpot screens, if they are shown
	Getenv        func(string) string
	Status        func(part, text string)
	Out           func(part string) io.Writer
}

// Sandboxes are the running ones, and the template parameters that lead to them or to what the environment names.
type Sandboxes struct {
	Parameters map[string]string
	running    []*child.Process
	ended      chan string
}

// app is how the sandbox knows us when the environment names no other app.
const (
	localClientID = "lumo-local"
	localAppID    = "7654321"
)

// Start runs what the environment does not bring. front is our own origin, which the sandboxes call.
func Start(ctx context.Context, c Config, front string) (*Sandboxes, error) {
	s := &Sandboxes{Parameters: map[string]string{}, ended: make(chan string, 2)}
	for _, start := range []func(context.Context, Config, string) error{s.hubspot, s.line} {
		if err := start(ctx, c, front); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Ended yields the name of a sandbox whose process has ended.
func (s *Sandboxes) Ended() <-chan string { return s.ended }

// Own tells that both sandboxes are ours, not servers that the environment names.
func (s *Sandboxes) Own() bool { return len(s.running) == 2 }

// Close stops them.
func (s *Sandboxes) Close() {
	for _, p := range s.running {
		p.Stop()
	}
}

// brought copies variables that the environment sets to their parameters and tells whether all the required ones are set.
func (s *Sandboxes) brought(c Config, parameters map[string]string, required ...string) (bool, error) {
	for variable, parameter := range parameters {
		if v := c.Getenv(variable); v != "" {
			s.Parameters[parameter] = v
		}
	}
	var set, missing []string
	for _, r := range required {
		if c.Getenv(r) == "" {
			missing = append(missing, r)
		} else {
			set = append(set, r)
		}
	}
	if len(set) > 0 && len(missing) > 0 {
		return false, fmt.Errorf("%s is set, so %s must be set, too", strings.Join(set, ", "), strings.Join(missing, ", "))
	}
	return len(missing) == 0, nil
}

func (s *Sandboxes) hubspot(ctx context.Context, c Config, front string) error {
	if v := c.Getenv("APP_EVENTS"); v != "" {
		s.Parameters["AppEvents"] = v
	}
	own, err := s.brought(c, map[string]string{
		"HUBSPOT_API_URL": "HubspotApiUrl", "HUBSPOT_APP_URL": "HubspotAppUrl", "HUBSPOT_CLIENT_ID": "HubspotClientId", "HUBSPOT_APP_ID": "HubspotAppId",
		"HUBSPOT_CLIENT_SECRET": "HubspotClientSecret", "HUBSPOT_CLIENT_SECRET_PREVIOUS": "HubspotClientSecretPrevious",
	}, "HUBSPOT_API_URL", "HUBSPOT_APP_URL")
	if err != nil || own {
		return err
	}
	secret, err := appSecret(filepath.Join(c.State, "hubspot-app-secret"))
	if err != nil {
		return err
	}
	url := "http://" + c.Hubspot
	for name, value := range map[string]string{
		"HubspotApiUrl": url, "HubspotAppUrl": url, "HubspotClientId": localClientID, "HubspotAppId": localAppID, "HubspotClientSecret": secret,
	} {
		s.Parameters[name] = value
	}
	return s.run(ctx, c, "hubspot-sandbox", "/ui", []string{
		"-addr", c.Hubspot, "-state", filepath.Join(c.State, "hubspot-sandbox"), "-app-url", front, "-client-id", localClientID, "-app-id", localAppID,
		"-webhooks", filepath.Join(c.Root, "hubspot-app/src/app/webhooks/webhooks-hsmeta.json"), "-seed-contacts", "0", "-seed-companies", "0", "-screens-url", c.Screens,
	}, "HUBSPOT_CLIENT_SECRET="+secret)
}

func (s *Sandboxes) line(ctx context.Context, c Config, _ string) error {
	own, err := s.brought(c, map[string]string{"LINE_API_URL": "LineApiUrl", "LINE_DATA_API_URL": "LineDataApiUrl", "LINE_ACCESS_URL": "LineAccessUrl"},
		"LINE_API_URL", "LINE_DATA_API_URL", "LINE_ACCESS_URL")
	if err != nil || own {
		return err
	}
	for _, name := range []string{"LineApiUrl", "LineDataApiUrl", "LineAccessUrl"} {
		s.Parameters[name] = "http://" + c.Line
	}
	return s.run(ctx, c, "line-sandbox", "/_sandbox/", []string{"-addr", c.Line, "-state", filepath.Join(c.State, "line-sandbox"), "-seed-friends", "-1"})
}

// run builds and starts a command of this module and waits until it says that it listens.
func (s *Sandboxes) run(ctx context.Context, c Config, name, page string, args []string, env ...string) error {
	bin, err := filepath.Abs(filepath.Join(c.State, "bin", name))
	if err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/"+name)
	build.Dir = filepath.Join(c.Root, "scripts")
	var printed bytes.Buffer
	build.Stdout, build.Stderr = &printed, &printed
	if err := build.Run(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, printed.Bytes())
	}
	p, err := child.Start(bin, args, append(env, "PATH="+os.Getenv("PATH"), "HOME="+os.TempDir(), "TZ=UTC"), "listens", c.Out(name))
	if err != nil {
		return err
	}
	s.running = append(s.running, p)
	go func() {
		<-p.Done()
		s.ended <- name
	}()
	c.Status(name, "http://"+args[1]+page)
	return nil
}

// appSecret is made once per state folder: even a secret of a sandbox has no business in a repository.
func appSecret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil && len(b) > 0 {
		return string(b), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	secret := rand.Text()
	return secret, os.WriteFile(file, []byte(secret), 0o600)
}
