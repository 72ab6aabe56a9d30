package demo

import (
	"context"
	"fmt"
	"time"
)

// Status is what the Dashboard shows.
type Status struct {
	State  string `json:"state"`
	Banner *struct {
		Code string `json:"code"`
	} `json:"banner"`
	Run *struct {
		Status      string `json:"status"`
		Read        int    `json:"read"`
		Expected    int    `json:"expected"`
		Pending     int    `json:"pending"`
		SecondsLeft *int   `json:"secondsLeft"`
	} `json:"run"`
	LastRun *struct {
		ID        string `json:"id"`
		Status    string `json:"status"`
		Contacts  int    `json:"contacts"`
		Lists     int    `json:"lists"`
		Failed    int    `json:"failed"`
		StartedAt int64  `json:"startedAt"`
		Error     *struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	} `json:"lastRun"`
	Counters struct {
		Friends  int `json:"friends"`
		Lists    int `json:"lists"`
		Failures int `json:"failures"`
	} `json:"counters"`
}

// Status asks app-api.
func (w *World) Status(ctx context.Context) (Status, error) {
	var s Status
	err := w.API(ctx, "GET", "/api/v1/status", nil, &s)
	return s, err
}

// poll is how often waiting looks.
const poll = 500 * time.Millisecond

// WaitForRun waits until a run that began after since has ended, telling the progress on the way.
func (w *World) WaitForRun(ctx context.Context, since time.Time) (Status, error) {
	last := ""
	for {
		s, err := w.Status(ctx)
		if err != nil {
			return s, err
		}
		switch {
		case s.Run != nil:
			line := fmt.Sprintf("%s: %d of %d contacts read, %d friends wait for HubSpot", s.State, s.Run.Read, s.Run.Expected, s.Run.Pending)
			if line != last {
				w.say("%s", line)
				last = line
			}
		case s.LastRun != nil && s.LastRun.StartedAt >= since.UnixMilli():
			w.say("%s: %s, %d contacts, %d HubSpot lists", s.State, s.LastRun.Status, s.LastRun.Contacts, s.LastRun.Lists)
			return s, nil
		}
		if err := pause(ctx, poll); err != nil {
			return s, fmt.Errorf("the run does not end: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Import imports the account's existing friends and waits for the end.
func (w *World) Import(ctx context.Context) (added int, err error) {
	if err := w.API(ctx, "POST", "/api/v1/accounts/1/import", map[string]string{"requestId": "import-1"}, nil); err != nil {
		return 0, err
	}
	for {
		var im struct {
			State string `json:"state"`
			Last  *struct {
				Status string `json:"status"`
				Seen   int    `json:"seen"`
				Added  int    `json:"added"`
			} `json:"last"`
		}
		if err := w.API(ctx, "GET", "/api/v1/accounts/1/import", nil, &im); err != nil {
			return 0, err
		}
		if im.Last != nil && im.Last.Status != "processing" {
			w.say("imported friends: %d seen, %d new", im.Last.Seen, im.Last.Added)
			if im.Last.Status != "completed" {
				return im.Last.Added, fmt.Errorf("the import ended as %s", im.Last.Status)
			}
			return im.Last.Added, nil
		}
		if err := pause(ctx, poll); err != nil {
			return 0, fmt.Errorf("the import does not end: %w", err)
		}
	}
}

// Confirm looks at a preview of what would change in HubSpot and lets it go (P-64).
func (w *World) Confirm(ctx context.Context) error {
	began := time.Now()
	var started struct {
		Run struct {
			ID string `json:"id"`
		} `json:"run"`
	}
	err := w.API(ctx, "POST", "/api/v1/sync", map[string]any{"requestId": "preview-1", "extent": "contacts", "dryRun": true}, &started)
	if err != nil {
		return err
	}
	if _, err := w.WaitForRun(ctx, began.Add(-time.Second)); err != nil {
		return err
	}
	var preview struct {
		Fields []struct {
			Field   string `json:"field"`
			Lumo    int    `json:"lumo"`
			HubSpot int    `json:"hubspot"`
		} `json:"fields"`
	}
	if err := w.API(ctx, "GET", "/api/v1/runs/"+started.Run.ID, nil, &preview); err != nil {
		return err
	}
	for _, f := range preview.Fields {
		w.say("preview: %s would change for %d contacts in HubSpot and %d friends in Lumo", f.Field, f.HubSpot, f.Lumo)
	}
	return w.API(ctx, "POST", "/api/v1/sync/confirm", map[string]string{"requestId": "confirm-1"}, nil)
}

// FirstRun is everything from two empty sandboxes to a portal in sync.
func (w *World) FirstRun(ctx context.Context, s Size) (Account, Status, error) {
	a, err := w.Seed(ctx, s)
	if err != nil {
		return a, Status{}, err
	}
	b := NewBrowser()
	if err := w.Install(ctx, b); err != nil {
		return a, Status{}, fmt.Errorf("install: %w", err)
	}
	began := time.Now()
	if err := w.Connect(ctx, b, a); err != nil {
		return a, Status{}, fmt.Errorf("connect: %w", err)
	}
	first, err := w.WaitForRun(ctx, began.Add(-time.Second))
	if err != nil {
		return a, Status{}, fmt.Errorf("initial sync: %w", err)
	}
	if first.Banner != nil && first.Banner.Code == "PREVIEW_NEEDED" {
		if err := w.Confirm(ctx); err != nil {
			return a, Status{}, fmt.Errorf("confirm the preview: %w", err)
		}
	}
	if _, err := w.Import(ctx); err != nil {
		return a, Status{}, fmt.Errorf("import: %w", err)
	}
	st, err := w.Settle(ctx, a)
	return a, st, err
}

// Settle waits until nothing runs and both sides agree. Further changes of a contact that was just written wait half a minute (P-45), so
// this may take as long. When time runs out it returns what is known; comparing tells the rest.
func (w *World) Settle(ctx context.Context, a Account) (Status, error) {
	for end := time.Now().Add(90 * time.Second); ; {
		s, err := w.Status(ctx)
		if err != nil {
			return s, err
		}
		if s.Run == nil {
			_, diffs, err := w.Compare(ctx, a)
			if err != nil || len(diffs) == 0 || time.Now().After(end) {
				return s, err
			}
			w.say("%d values are on their way to HubSpot", len(diffs))
		}
		if err := pause(ctx, 5*time.Second); err != nil {
			return s, err
		}
	}
}

// Portal is the sandbox portal of the first run, EmptyPortal one without the app, for a person to install it.
const (
	Portal      = 1001
	EmptyPortal = 1002
)

// Begin does the first run unless the app is installed already, and leaves a second company to the person: a portal without the app and an
// account that is not connected.
func (w *World) Begin(ctx context.Context, s Size) error {
	var all struct {
		Portals []struct {
			ID        int64 `json:"id"`
			Installed bool  `json:"installed"`
			Contacts  int   `json:"contacts"`
		} `json:"portals"`
	}
	if err := call(ctx, "GET", w.HubSpot+"/_sandbox/portals", nil, &all); err != nil {
		return err
	}
	begun := map[int64]bool{}
	for _, p := range all.Portals {
		begun[p.ID] = p.Installed || p.Contacts > 0
	}
	if !begun[w.Portal] {
		if _, _, err := w.FirstRun(ctx, s); err != nil {
			return err
		}
	}
	if begun[EmptyPortal] {
		return nil
	}
	second := *w
	second.Portal, second.Company = EmptyPortal, midori
	_, err := second.Seed(ctx, emptySize)
	return err
}
