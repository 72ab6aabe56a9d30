// Package smoke is the first run without a person: seed, install, connect, sync, import, then a comparison of both sandboxes from outside.
package smoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sandboxes"
)

// Options of a run.
type Options struct {
	Root, State string
	Size        demo.Size // zero: demo.DefaultSize
	// Plant changes one field behind the app's back before the comparison, which must then fail.
	Plant bool
	Out   io.Writer
}

// Report is the last line. Requests count everything since the start.
type Report struct {
	Status          string `json:"status"`
	Contacts        int    `json:"contacts"`
	Lists           int    `json:"lists"`
	Friends         int    `json:"friends"`
	Linked          int    `json:"linked"`
	FieldsWritten   int    `json:"fields_written_hubspot"`
	HubSpotRequests int    `json:"hubspot_requests"`
	LineRequests    int    `json:"line_requests"`
	TableRequests   int    `json:"dynamodb_requests"`
	// HottestKey is the most write units that a partition key of the table took within a second; DynamoDB allows a thousand.
	HottestKey  int               `json:"hottest_key_units"`
	Throttled   int               `json:"throttled"`
	Seconds     float64           `json:"seconds"`
	PeakRSS     float64           `json:"peak_rss_mb"` // largest function process
	Differences []demo.Difference `json:"differences"`
	// PlantFound: a difference planted after everything agreed was found, so the comparison is worth something.
	PlantFound bool `json:"planted_difference_found"`
}

// ErrDisagree: the two sides are not equal.
var ErrDisagree = errors.New("the two sides do not agree")

// Run does it all and stops everything it started.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Size == (demo.Size{}) {
		o.Size = demo.DefaultSize
	}
	if o.State == "" {
		dir, err := os.MkdirTemp("", "lumo-smoke")
		if err != nil {
			return Report{}, err
		}
		defer os.RemoveAll(dir)
		o.State = dir
	}
	var beside *sandboxes.Sandboxes
	cloud, err := runner.Start(ctx, runner.Config{
		Root: o.Root, State: o.State, Front: "127.0.0.1:0", Control: "127.0.0.1:0", Out: o.Out,
		Outside: func(ctx context.Context, front string, say runner.Say) (map[string]string, func(), error) {
			s, err := sandboxes.Start(ctx, sandboxes.Config{
				Root: o.Root, State: o.State, Hubspot: free(), Line: free(), Getenv: os.Getenv, Status: say.Status, Out: say.Lines,
			}, front)
			if err != nil {
				return nil, nil, err
			}
			beside = s
			return s.Parameters, s.Close, nil
		},
	})
	if err != nil {
		return Report{}, err
	}
	defer cloud.Close()
	app, err := strconv.ParseInt(beside.Parameters["HubspotAppId"], 10, 64)
	if err != nil {
		return Report{}, fmt.Errorf("app id: %w", err)
	}
	w := &demo.World{
		Front: cloud.URL(), HubSpot: beside.Parameters["HubspotApiUrl"], Line: beside.Parameters["LineApiUrl"], Portal: demo.Portal, AppID: app,
		Secret: beside.Parameters["HubspotClientSecret"], Say: func(f string, a ...any) { fmt.Fprintf(o.Out, f+"\n", a...) },
	}
	began := time.Now()
	account, status, err := w.FirstRun(ctx, o.Size)
	if err != nil {
		return Report{}, err
	}
	if o.Plant {
		if err := w.Plant(ctx); err != nil {
			return Report{}, err
		}
	}
	r, err := report(ctx, w, cloud, account, status, o.Size, time.Since(began))
	if err != nil {
		return r, err
	}
	if err := w.Plant(ctx); err != nil {
		return r, err
	}
	_, diffs, err := w.Compare(ctx, account)
	if r.PlantFound = len(diffs) == 1; err == nil && !r.PlantFound {
		err = fmt.Errorf("%w: a planted difference was not found", ErrDisagree)
	}
	return r, err
}

func report(ctx context.Context, w *demo.World, cloud *runner.Cloud, account demo.Account, status demo.Status, size demo.Size, took time.Duration) (Report, error) {
	r := Report{Status: status.State, Friends: status.Counters.Friends, Seconds: took.Seconds()}
	if status.LastRun != nil {
		r.Contacts, r.Lists = status.LastRun.Contacts, status.Counters.Lists
	}
	traffic, err := w.Traffic(ctx)
	if err != nil {
		return r, err
	}
	r.FieldsWritten, r.HubSpotRequests, r.LineRequests = traffic.FieldsWritten, traffic.HubSpot, traffic.Line
	for _, f := range cloud.Status().Functions {
		for _, n := range f.DynamoDB {
			r.TableRequests += n
		}
		r.PeakRSS = max(r.PeakRSS, float64(f.PeakRSS)/(1<<20))
	}
	r.HottestKey, r.Throttled = cloud.Status().Hottest.Units, cloud.Status().Throttled
	if r.Linked, r.Differences, err = w.Compare(ctx, account, "firstname", "lastname"); err != nil {
		return r, err
	}
	if len(r.Differences) > 0 || r.Status != "Normal" || r.Linked != size.Linked || r.Friends != size.Friends || r.Lists != size.Lists {
		return r, ErrDisagree
	}
	return r, nil
}

// free finds an address that nobody listens on now.
func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}
