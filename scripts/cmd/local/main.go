// Command local runs the whole system on one machine: stand-ins for the AWS services, the real function binaries as template.yaml
// describes them, and sandboxes of HubSpot and LINE to talk to.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"lumo/scripts/demo"
	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sandboxes"
	"lumo/scripts/localcloud/screens"
	"lumo/scripts/localcloud/sqs"
	"lumo/scripts/repository"
)

type parameters map[string]string

func (p parameters) String() string { return "" }

func (p parameters) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("expected Name=value")
	}
	p[name] = value
	return nil
}

type options struct {
	state, front, control, hubspot, line string
	screens                              string
	parameters                           parameters
	chaos, quiet, freeze, reset, empty   bool
	noScreens, elsewhere                 bool
	size                                 demo.Size
}

func main() {
	o := options{parameters: parameters{}}
	flag.StringVar(&o.state, "state", "", "folder that keeps everything across restarts (default .local in the repository)")
	flag.StringVar(&o.front, "front", "127.0.0.1:3000", "address of the HTTP API")
	flag.StringVar(&o.hubspot, "hubspot", "127.0.0.1:3001", "address of the HubSpot sandbox, unless HUBSPOT_API_URL and HUBSPOT_APP_URL are set")
	flag.StringVar(&o.line, "line", "127.0.0.1:3002", "address of the LINE sandbox, unless LINE_API_URL, LINE_DATA_API_URL and LINE_ACCESS_URL are set")
	flag.StringVar(&o.control, "control", "127.0.0.1:3003", "address of the control endpoint: GET /_local/status, POST /_local/tick?name=..., POST /_local/chaos, GET /mail/")
	flag.StringVar(&o.screens, "screens", "127.0.0.1:3004", "address of the HubSpot screens")
	flag.BoolVar(&o.noScreens, "no-screens", false, "leave the HubSpot screens out; with -screens, somebody else shows them there")
	flag.Var(o.parameters, "param", "template parameter as Name=value; may be repeated")
	flag.BoolVar(&o.chaos, "chaos", false, "let standard queues duplicate, reorder and return fewer messages than there are")
	flag.BoolVar(&o.quiet, "no-schedules", false, "fire schedules by hand only")
	flag.BoolVar(&o.freeze, "freeze", false, "stop function processes between invocations, as Lambda does")
	flag.BoolVar(&o.empty, "empty", false, "leave installing, connecting and filling the sandboxes to you")
	flag.IntVar(&o.size.Contacts, "contacts", demo.DefaultSize.Contacts, "contacts of the first run")
	flag.IntVar(&o.size.Companies, "companies", demo.DefaultSize.Companies, "companies of the first run")
	flag.IntVar(&o.size.Lists, "lists", demo.DefaultSize.Lists, "HubSpot lists of the first run")
	flag.IntVar(&o.size.Friends, "friends", demo.DefaultSize.Friends, "LINE friends of the first run")
	flag.IntVar(&o.size.Linked, "linked", demo.DefaultSize.Linked, "contacts of the first run that hold a friend's LINE User ID")
	flag.BoolVar(&o.reset, "reset", false, "delete the state folder and end")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { o.elsewhere = o.elsewhere || f.Name == "screens" })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	root, err := repository.Root()
	if err != nil {
		return err
	}
	if o.state == "" {
		o.state = filepath.Join(root, ".local")
	}
	if o.reset {
		return runner.Reset(o.state)
	}
	var beside *sandboxes.Sandboxes
	var say runner.Say
	at := ""
	if o.noScreens && o.elsewhere || !o.noScreens && screens.Installed(root) {
		at = "http://" + o.screens
	}
	config := runner.Config{
		Root: root, State: o.state, Front: o.front, Control: o.control, Parameters: o.parameters, Out: out, NoSchedules: o.quiet, Freeze: o.freeze,
		Outside: func(ctx context.Context, front string, printer runner.Say) (map[string]string, func(), error) {
			say = printer
			s, err := sandboxes.Start(ctx, sandboxes.Config{
				Root: root, State: o.state, Hubspot: o.hubspot, Line: o.line, Screens: at, Getenv: os.Getenv, Status: say.Status, Out: say.Lines,
			}, front)
			if err != nil {
				return nil, nil, err
			}
			beside = s
			return s.Parameters, s.Close, nil
		},
	}
	if o.chaos {
		config.Chaos = sqs.Rough
	}
	cloud, err := runner.Start(ctx, config)
	if err != nil {
		return err
	}
	defer cloud.Close()
	shown := ""
	if !o.noScreens {
		s, err := show(o, root, cloud, beside, say)
		if err != nil {
			shown = err.Error() // without them the cloud is complete
		} else {
			defer s.Close()
			shown = s.URL + "            begin here: an account in sync, and one to install Lumo in"
		}
		say.Status("screens", shown)
	}
	if err := begin(ctx, o, cloud, beside, shown, out); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
		return nil
	case err := <-cloud.Failed():
		return err
	case name := <-beside.Ended():
		return fmt.Errorf("%s has ended", name)
	}
}

// begin walks through the product as its user would, once per state folder, and says where to look.
func begin(ctx context.Context, o options, cloud *runner.Cloud, beside *sandboxes.Sandboxes, shown string, out io.Writer) error {
	w := &demo.World{
		Front: cloud.URL(), HubSpot: beside.Parameters["HubspotApiUrl"], Line: beside.Parameters["LineApiUrl"], Portal: demo.Portal,
		Secret: beside.Parameters["HubspotClientSecret"], Say: func(f string, a ...any) { fmt.Fprintf(out, f+"\n", a...) },
	}
	w.AppID, _ = strconv.ParseInt(beside.Parameters["HubspotAppId"], 10, 64)
	if !o.empty && beside.Own() {
		if err := w.Begin(ctx, o.size); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("first run: %w; `make reset` starts over", err)
		}
	}
	fmt.Fprintln(out, "\nReady.")
	if shown != "" {
		fmt.Fprintf(out, "  HubSpot screens  %s\n", shown)
	}
	fmt.Fprintf(out, "  Lumo             %s\n", cloud.URL())
	if beside.Own() {
		fmt.Fprintf(out, "  HubSpot sandbox  %s/ui            edit contacts, merge, uninstall\n  LINE sandbox     %s/_sandbox/     be a friend: follow, block, write, rename\n", w.HubSpot, w.Line)
	}
	fmt.Fprintf(out, "  mails            %s/mail/\n  state            %s (make reset clears it)\nCtrl-C stops everything.\n\n", cloud.ControlURL(), o.state)
	return nil
}

// show starts the HubSpot screens.
func show(o options, root string, cloud *runner.Cloud, beside *sandboxes.Sandboxes, say runner.Say) (*screens.Screens, error) {
	public := cloud.URL()
	for _, f := range cloud.System().Functions {
		if url := f.Environment["PUBLIC_URL"]; url != "" {
			public = url
		}
	}
	return screens.Start(screens.Config{
		Root: root, Address: o.screens, Front: cloud.URL(), PublicURL: public, HubSpot: beside.Parameters["HubspotApiUrl"], Line: beside.Parameters["LineApiUrl"],
		AppID: beside.Parameters["HubspotAppId"], Secret: beside.Parameters["HubspotClientSecret"], Out: say.Lines("screens"),
	})
}
