// Command operate works on a running stage: doctor, redrive, resync, export, purge, rotate-key. docs/runbook.md tells when.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"lumo/scripts/operate"
	"lumo/shared/id"
)

const usage = `usage: operate [-environment FILE] COMMAND [flags]

  doctor                          look at everything that the stage needs
  redrive -portal N [-do]         count failed items; with -do try each again
  resync  -portal N               begin a run over everything
  logname -portal N               what the log calls the portal
  export  -portal N -to FOLDER    write all that is kept of a portal into a new folder
  purge   -portal N [-do]         count what is kept of a removed portal; with -do delete it for good
  rotate-key [-do] [-settle 6m]   count sealed texts and their data keys; with -do seal each again under a new data key

FILE holds the stage's variables as JSON (default .local/environment.json, as make run leaves it):
  aws lambda get-function-configuration --function-name NAME-OF-DEADLETTERS --query Environment.Variables > FILE`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "operate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	first := flag.NewFlagSet("operate", flag.ContinueOnError)
	first.SetOutput(io.Discard)
	file := first.String("environment", ".local/environment.json", "")
	if err := first.Parse(args); err != nil || first.NArg() == 0 {
		return errors.New(usage)
	}
	command := first.Arg(0)
	more := flag.NewFlagSet(command, flag.ContinueOnError)
	number := more.String("portal", "", "HubSpot's number of the account")
	folder := more.String("to", "", "a folder that is not there yet")
	do := more.Bool("do", false, "do it, instead of only counting")
	settle := more.Duration("settle", operate.Settle, "how long to go on looking for texts under old keys")
	if err := more.Parse(first.Args()[1:]); err != nil {
		return err
	}
	var p id.PortalID
	if command != "doctor" && command != "rotate-key" {
		var err error
		if p, err = id.ParsePortal(*number); err != nil {
			return fmt.Errorf("-portal: %w", err)
		}
	}
	s, err := operate.Open(ctx, *file, out)
	if err != nil {
		return err
	}
	switch command {
	case "doctor":
		return s.Doctor(ctx)
	case "redrive":
		return s.Redrive(ctx, p, *do)
	case "resync":
		return s.Resync(ctx, p)
	case "logname":
		return s.LogName(ctx, p)
	case "export":
		if *folder == "" {
			return errors.New("-to: name a folder that is not there yet")
		}
		return s.Export(ctx, p, *folder)
	case "rotate-key":
		return s.RotateKey(ctx, *do, *settle)
	case "purge":
		return s.Purge(ctx, p, *do)
	}
	return errors.New(usage)
}
