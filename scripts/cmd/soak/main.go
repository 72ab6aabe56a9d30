// Command soak runs the acceptance at its full sizes, in some 45 minutes (scripts/soak lists the parts). It prints one JSON line per part and one for all, and exits with 0
// only if every part holds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"

	"lumo/scripts/soak"
)

func main() {
	root := flag.String("root", ".", "the repository")
	base := flag.Int("base", int(time.Now().Unix()%1_000_000), "first seed of the simulation; another one each time")
	only := flag.String("only", "", "the parts whose names match this regular expression")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak: -only:", err)
		os.Exit(2)
	}
	parts := slices.DeleteFunc(soak.Parts(*base), func(p soak.Part) bool { return !wanted.MatchString(p.Name) })
	if len(parts) == 0 {
		fmt.Fprintf(os.Stderr, "soak: no part matches %q\n", *only)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := soak.Run(ctx, *root, parts, os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}
