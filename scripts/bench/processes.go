package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sandboxes"
)

// measureProcesses runs the real binaries in the local cloud through a first import and its write-back, at a tenth of the size and at the
// full size: what a process needs must not grow with the portal.
func measureProcesses(ctx context.Context, r *run) ([]Figure, error) {
	small, err := r.largestProcess(ctx, max(r.Size/10, 1))
	if err != nil {
		return nil, err
	}
	full, err := r.largestProcess(ctx, r.Size)
	if err != nil {
		return nil, err
	}
	return []Figure{
		atMost("process_memory_tenth", small, "MB, largest function process", 64), atMost("process_memory_full", full, "MB, largest function process", 64),
		atMost("process_memory_growth", full/small, "full size / a tenth", 1.5),
	}, nil
}

func (r *run) largestProcess(ctx context.Context, contacts int) (float64, error) {
	cloud, w, err := r.cloud(ctx, "contacts", contacts)
	if err != nil {
		return 0, err
	}
	defer cloud.Close()
	began := time.Now()
	if err := firstSync(ctx, w, contacts); err != nil {
		return 0, err
	}
	largest := 0.0
	for id, f := range cloud.Status().Functions {
		if f.PeakRSS > 0 {
			r.say("%d contacts: %s needed %.1f MB", contacts, id, float64(f.PeakRSS)/mega)
		}
		largest = max(largest, float64(f.PeakRSS)/mega)
	}
	r.say("%d contacts in %.0f s", contacts, time.Since(began).Seconds())
	return largest, nil
}

// cloud is the local cloud with the real binaries, and a world beside it whose size is still open.
func (r *run) cloud(ctx context.Context, name string, size int) (*runner.Cloud, *demo.World, error) {
	if err := r.buildAll(ctx); err != nil {
		return nil, nil, err
	}
	state := filepath.Join(r.temp, fmt.Sprintf("cloud-%s-%d", name, size))
	var beside *sandboxes.Sandboxes
	cloud, err := runner.Start(ctx, runner.Config{
		Root: r.Root, State: state, Front: "127.0.0.1:0", Control: "127.0.0.1:0", Out: io.Discard, Built: filepath.Join(r.temp, "bin"),
		Outside: func(ctx context.Context, front string, say runner.Say) (map[string]string, func(), error) {
			s, err := sandboxes.Start(ctx, sandboxes.Config{
				Root: r.Root, State: state, Hubspot: freeAddress(), Line: freeAddress(), Getenv: os.Getenv, Status: say.Status, Out: say.Lines,
			}, front)
			if err != nil {
				return nil, nil, err
			}
			beside = s
			return s.Parameters, s.Close, nil
		},
	})
	if err != nil {
		return nil, nil, err
	}
	app, err := strconv.ParseInt(beside.Parameters["HubspotAppId"], 10, 64)
	if err != nil {
		cloud.Close()
		return nil, nil, fmt.Errorf("app id: %w", err)
	}
	return cloud, &demo.World{
		Front: cloud.URL(), HubSpot: beside.Parameters["HubspotApiUrl"], Line: beside.Parameters["LineApiUrl"], Portal: demo.Portal, AppID: app,
		Secret: beside.Parameters["HubspotClientSecret"],
	}, nil
}

func (r *run) buildAll(ctx context.Context) error {
	fs, err := r.functions()
	if err != nil {
		return err
	}
	for _, f := range fs {
		if _, err := r.build(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// firstSync installs the app in a portal whose contacts all hold a LINE User ID, and waits until HubSpot has been told everything.
func firstSync(ctx context.Context, w *demo.World, contacts int) error {
	account, err := w.Seed(ctx, demo.Size{Contacts: contacts, Companies: contacts / 10, Lists: 5, Friends: contacts, Linked: contacts})
	if err != nil {
		return err
	}
	b := demo.NewBrowser()
	if err := w.Install(ctx, b); err != nil {
		return err
	}
	began := time.Now().Add(-time.Second)
	if err := w.Connect(ctx, b, account); err != nil {
		return err
	}
	status, err := waitForRun(ctx, w, began)
	if err != nil {
		return fmt.Errorf("initial sync: %w", err)
	}
	if status.LastRun == nil || status.LastRun.Contacts < contacts {
		return errors.New("the first sync did not read every contact")
	}
	if status.Banner != nil && status.Banner.Code == "PREVIEW_NEEDED" {
		if err := confirm(ctx, w); err != nil {
			return err
		}
	}
	return written(ctx, w, min(contacts, enoughWritten))
}

// looks is how many questions may stay without an answer: the machine is busy with the sync.
const looks = 10

// waitForRun waits for the end of a run that began after since.
func waitForRun(ctx context.Context, w *demo.World, since time.Time) (status demo.Status, err error) {
	for range looks {
		if status, err = w.WaitForRun(ctx, since); err == nil || ctx.Err() != nil {
			break
		}
		if err := sleep(ctx, time.Second); err != nil {
			return status, err
		}
	}
	return status, err
}

// confirm looks at a preview of the first writes and lets them go.
func confirm(ctx context.Context, w *demo.World) error {
	began := time.Now().Add(-time.Second)
	if err := w.API(ctx, "POST", "/api/v1/sync", map[string]any{"requestId": "bench-preview", "extent": "contacts", "dryRun": true}, nil); err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	if _, err := waitForRun(ctx, w, began); err != nil {
		return err
	}
	return w.API(ctx, "POST", "/api/v1/sync/confirm", map[string]string{"requestId": "bench-confirm"}, nil)
}

// enoughWritten: the flusher handles some hundred contacts at a time, whatever is still to come.
const enoughWritten = 20_000

// written waits until HubSpot has been told of so many contacts.
func written(ctx context.Context, w *demo.World, contacts int) error {
	const look, patience = 500 * time.Millisecond, 1200
	for waited := 0; ; waited++ {
		calls, err := batchUpdates(ctx, w)
		if err != nil || calls*100 >= contacts {
			return err
		}
		if waited > patience {
			return fmt.Errorf("HubSpot got %d of %d batches", calls, contacts/100)
		}
		if err := sleep(ctx, look); err != nil {
			return err
		}
	}
}

// batchUpdates is how often HubSpot was written to.
func batchUpdates(ctx context.Context, w *demo.World) (int, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/_sandbox/stats?portal=%d", w.HubSpot, w.Portal), nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var s hubspotsandbox.Stats
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		return 0, err
	}
	n := 0
	for endpoint, calls := range s.Endpoints {
		if strings.HasSuffix(endpoint, "/batch/update") {
			n += calls
		}
	}
	return n, nil
}

// freeAddress is one that nobody listens on now.
func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}
