// Command smoke runs the whole system without a person: it does the first run, reads both sandboxes from outside, and ends by itself. Its
// last line is one JSON object; it exits with 0 only if both sides agree field by field.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/smoke"
)

func main() {
	var o smoke.Options
	flag.StringVar(&o.Root, "root", ".", "folder of template.yaml")
	flag.StringVar(&o.State, "state", "", "folder for the run's state; empty makes one and removes it")
	flag.BoolVar(&o.Plant, "plant", false, "change one field behind the app's back, so that the comparison must fail")
	o.Size = demo.DefaultSize
	flag.IntVar(&o.Size.Contacts, "contacts", o.Size.Contacts, "contacts in HubSpot")
	flag.IntVar(&o.Size.Companies, "companies", o.Size.Companies, "companies in HubSpot")
	flag.IntVar(&o.Size.Lists, "lists", o.Size.Lists, "HubSpot lists")
	flag.IntVar(&o.Size.Friends, "friends", o.Size.Friends, "LINE friends")
	flag.IntVar(&o.Size.Linked, "linked", o.Size.Linked, "contacts that hold a friend's LINE User ID")
	limit := flag.Duration("limit", 5*time.Minute, "give up after this time")
	quiet := flag.Bool("quiet", false, "print the last line only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	o.Out = io.Writer(os.Stderr)
	if *quiet {
		o.Out = io.Discard
	}
	r, err := smoke.Run(ctx, o)
	if err != nil && !errors.Is(err, smoke.ErrDisagree) {
		fmt.Fprintln(os.Stderr, "smoke:", err)
		os.Exit(1)
	}
	b, jerr := json.Marshal(r)
	if jerr != nil {
		fmt.Fprintln(os.Stderr, "smoke:", jerr)
		os.Exit(1)
	}
	fmt.Println(string(b))
	if err != nil {
		os.Exit(1)
	}
}
