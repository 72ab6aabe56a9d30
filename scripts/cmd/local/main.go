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
	"strings"
	"syscall"

	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sandboxes"
	"lumo/scripts/localcloud/sqs"
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
	parameters                           parameters
	chaos, quiet, freeze, reset          bool
}

func main() {
	o := options{parameters: parameters{}}
	flag.StringVar(&o.state, "state", "", "folder that keeps everything across restarts (default .local in the repository)")
	flag.StringVar(&o.front, "front", "127.0.0.1:3000", "address of the HTTP API")
	flag.StringVar(&o.hubspot, "hubspot", "127.0.0.1:3001", "address of the HubSpot sandbox, unless HUBSPOT_API_URL and HUBSPOT_APP_URL are set")
	flag.StringVar(&o.line, "line", "127.0.0.1:3002", "address of the LINE sandbox, unless LINE_API_URL, LINE_DATA_API_URL and LINE_ACCESS_URL are set")
	flag.StringVar(&o.control, "control", "127.0.0.1:3003", "address of the control endpoint: GET /_local/status, POST /_local/tick?name=..., POST /_local/chaos, GET /mail/")
	flag.Var(o.parameters, "param", "template parameter as Name=value; may be repeated")
	flag.BoolVar(&o.chaos, "chaos", false, "let standard queues duplicate, reorder and return fewer messages than there are")
	flag.BoolVar(&o.quiet, "no-schedules", false, "fire schedules by hand only")
	flag.BoolVar(&o.freeze, "freeze", false, "stop function processes between invocations, as Lambda does")
	flag.BoolVar(&o.reset, "reset", false, "delete the state folder and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	root, err := repository()
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
	config := runner.Config{
		Root: root, State: o.state, Front: o.front, Control: o.control, Parameters: o.parameters, Out: out, NoSchedules: o.quiet, Freeze: o.freeze,
		Outside: func(ctx context.Context, front string, say runner.Say) (map[string]string, func(), error) {
			s, err := sandboxes.Start(ctx, sandboxes.Config{
				Root: root, State: o.state, Hubspot: o.hubspot, Line: o.line, Getenv: os.Getenv, Status: say.Status, Out: say.Lines,
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
	fmt.Fprintf(out, "\nReady. Open %s to begin; mails arrive at %s/mail/. Ctrl-C stops everything; what it did is kept in %s.\n\n", cloud.URL(), cloud.ControlURL(), o.state)
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

// repository is the folder of go.work at or above the working directory.
func repository() (string, error) {
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
			return "", errors.New("run this inside the repository")
		}
		dir = up
	}
}
