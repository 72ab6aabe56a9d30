// Command crash kills the functions and the local cloud at every point of an initial sync and checks that nothing gets lost or doubled.
// It prints one JSON object per point and a summary, and ends with status 0 only if all hold.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"lumo/scripts/crash"
)

func main() {
	crash.Main()
	o := crash.Options{Out: os.Stdout}
	flag.StringVar(&o.Root, "root", ".", "the repository")
	flag.StringVar(&o.Only, "only", "", "points whose names match this regular expression")
	flag.IntVar(&o.Parallel, "parallel", 3, "worlds at a time")
	flag.StringVar(&o.Kept, "logs", "", "folder for what failed worlds printed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sum, err := crash.Run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
	}
	if err != nil || !sum.OK {
		os.Exit(1)
	}
}
