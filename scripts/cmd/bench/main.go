// Command bench measures the project against its bars. Its last lines are JSON objects {name, value, unit, bar, ok}; it exits with 0 only
// if every bar holds. The bars are meant for the full size; smaller ones are for trying.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"lumo/scripts/bench"
)

func main() {
	o := bench.Options{Out: os.Stdout, Log: os.Stderr}
	flag.StringVar(&o.Root, "root", ".", "folder of template.yaml")
	flag.IntVar(&o.Size, "size", bench.FullSize, "contacts; everything else follows from it")
	flag.StringVar(&o.Only, "only", "", "only the measurements whose name contains this: "+strings.Join(bench.Names(), ", "))
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := bench.Run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}
