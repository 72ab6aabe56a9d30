// Command soak runs the acceptance at its full sizes, in at most twenty minutes: a large first run, an outage of two minutes, the
// simulation with seeds of its own, and every point of the crash harness. It prints one JSON line per part and one for all, and exits with 0
// only if every part holds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"lumo/scripts/soak"
)

func main() {
	root := flag.String("root", ".", "the repository")
	base := flag.Int("base", int(time.Now().Unix()%1_000_000), "first seed of the simulation; another one each time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := soak.Run(ctx, *root, soak.Parts(*base), os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}
