// Command hubspot-sandbox serves a HubSpot of your own: API, install pages, webhooks, journal, and pages to play the customer on /ui.
// Everything it can be told to do is described in package hubspotsandbox.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"lumo/scripts/hubspotsandbox"
)

type options struct {
	addr, state, public, appURL, webhooks string
	screens                               string
	clientID, clientSecret                string
	appID                                 int64
	developerKey                          string
	seed                                  uint64
	portals                               string
	contacts, companies                   int
	latency, jitter                       time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:3001", "address to listen on")
	flag.StringVar(&o.state, "state", "", "directory that keeps the state; empty forgets it at the end")
	flag.StringVar(&o.public, "public", "", "origin under which others reach the sandbox; default http://ADDR")
	flag.StringVar(&o.appURL, "app-url", "http://127.0.0.1:3000", "origin of the app: install URL, redirect URL, webhooks")
	flag.StringVar(&o.screens, "screens-url", "", "origin at which the app's screens are shown; empty: nowhere")
	flag.StringVar(&o.webhooks, "webhooks", "", "the app's webhooks file; default: "+webhooksFile+" of this repository")
	flag.StringVar(&o.clientID, "client-id", "lumo-local-client", "client id of the app")
	flag.StringVar(&o.clientSecret, "client-secret", os.Getenv("HUBSPOT_CLIENT_SECRET"), "client secret of the app; default $HUBSPOT_CLIENT_SECRET")
	flag.StringVar(&o.developerKey, "developer-key", os.Getenv("HUBSPOT_DEVELOPER_KEY"), "key of the account that owns the app; default $HUBSPOT_DEVELOPER_KEY")
	flag.Int64Var(&o.appID, "app-id", 7654321, "id of the app")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of everything random")
	flag.StringVar(&o.portals, "portals", "1001,1002", "accounts to make when there are none")
	flag.IntVar(&o.contacts, "seed-contacts", 50, "contacts in each new account")
	flag.IntVar(&o.companies, "seed-companies", 8, "companies in each new account")
	flag.DurationVar(&o.latency, "latency", 0, "time that every API answer takes, without using the processor")
	flag.DurationVar(&o.jitter, "jitter", 0, "up to so much more, drawn for each")
	flag.Parse()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, log); err != nil {
		log.Error("the HubSpot sandbox stopped", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, log *slog.Logger) error {
	s, err := build(o, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	saving := make(chan struct{})
	go func() {
		defer close(saving)
		if o.state != "" {
			s.KeepSaving(ctx, o.state)
		}
	}()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Info("HubSpot sandbox listens", "url", "http://"+listener.Addr().String()+"/ui")
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Close()
	bye, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(bye); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	<-saving
	return nil
}

func build(o options, log *slog.Logger) (*hubspotsandbox.Server, error) {
	if o.public == "" {
		o.public = "http://" + o.addr
	}
	app := strings.TrimSuffix(o.appURL, "/")
	if o.webhooks == "" {
		o.webhooks = findUp(webhooksFile)
	}
	file, err := hubspotsandbox.ReadWebhookFile(o.webhooks)
	if err != nil {
		return nil, err
	}
	actions, err := hubspotsandbox.ReadActionFiles(filepath.Join(filepath.Dir(o.webhooks), "../workflow-actions"), map[string]string{"API_ORIGIN": app})
	if err != nil {
		return nil, err
	}
	callback := app + "/oauth/callback"
	s := hubspotsandbox.New(hubspotsandbox.Config{
		Seed: o.seed, Log: log, PublicURL: o.public, AppID: o.appID, ClientID: o.clientID, ClientSecret: o.clientSecret, DeveloperKey: o.developerKey, ScreensURL: o.screens,
		InstallURL: callback, RedirectURLs: []string{callback}, MaxConcurrent: file.MaxConcurrent, Subscriptions: file.Subscriptions, Actions: actions,
		WebhookTarget: hubspotsandbox.Expand(file.Target, map[string]string{"API_ORIGIN": app}),
		HTTP:          &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	})
	if o.state != "" {
		if err := s.LoadDir(o.state); err != nil {
			return nil, err
		}
	}
	if len(s.Channels()) == 0 { // what the deploy command does at HubSpot
		s.DefineChannel("LINE", app+"/hubspot/channel", app+"/setup/inbox")
	}
	s.SetLatency(hubspotsandbox.Latency{Millis: o.latency.Milliseconds(), Jitter: o.jitter.Milliseconds()})
	return s, fill(s, o)
}

const webhooksFile = "hubspot-app/src/app/webhooks/webhooks-hsmeta.json"

// findUp looks for a file of the repository above the working directory, then above the program itself.
func findUp(name string) string {
	starts := []string{}
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, dir := range starts {
		for ; ; dir = filepath.Dir(dir) {
			if path := filepath.Join(dir, name); exists(path) {
				return path
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// fill makes the first accounts.
func fill(s *hubspotsandbox.Server, o options) error {
	if len(s.Portals()) > 0 {
		return nil
	}
	for _, part := range strings.Split(o.portals, ",") {
		var id int64
		if _, err := fmt.Sscan(part, &id); err != nil {
			return fmt.Errorf("portals: %q is no account id", part)
		}
		s.AddPortal(id, hubspotsandbox.PortalOptions{})
		if _, _, err := s.Seed(id, hubspotsandbox.SeedOptions{Contacts: o.contacts, Companies: o.companies, Seed: o.seed + uint64(id)}); err != nil {
			return err
		}
	}
	return nil
}
