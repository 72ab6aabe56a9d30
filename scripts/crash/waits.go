package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// synced waits for the end of the initial sync: a run over everything that began after the account was there, and every field read.
func (s *scenario) synced(ctx context.Context, since time.Time) error {
	return insist(ctx, "initial sync", func() error {
		st, err := s.world.Status(ctx)
		switch {
		case err != nil:
			return err
		case st.Run != nil:
			return fmt.Errorf("a run is %s: %d of %d contacts", st.Run.Status, st.Run.Read, st.Run.Expected)
		case st.LastRun == nil || st.LastRun.StartedAt < since.UnixMilli():
			return errors.New("the run has not begun")
		case st.LastRun.Status == "failed":
			return fmt.Errorf("the run failed: %+v", st.LastRun.Error)
		}
		return nil
	})
}

// confirm looks at the preview of the first writes and lets them go.
func (s *scenario) confirm(ctx context.Context) error {
	tries := 0
	return insist(ctx, "preview", func() error {
		tries++
		began := time.Now().Add(-time.Second)
		var answer struct {
			Started bool
			Reason  string
		}
		request := map[string]any{"requestId": fmt.Sprintf("preview-%d", tries), "extent": "contacts", "dryRun": true}
		if err := s.world.API(ctx, "POST", "/api/v1/sync", request, &answer); err != nil {
			return err
		}
		if !answer.Started {
			return errors.New("the preview does not begin: " + answer.Reason)
		}
		if err := s.synced(ctx, began); err != nil {
			return err
		}
		return s.world.API(ctx, "POST", "/api/v1/sync/confirm", map[string]string{"requestId": fmt.Sprintf("confirm-%d", tries)}, nil)
	})
}

// mapped tells what keeps the fields from flowing: the run that reads them must be over before the account is connected, or the way
// that a scenario takes would depend on who is faster.
func (s *scenario) mapped(ctx context.Context) error {
	st, err := s.world.Status(ctx)
	if err != nil {
		return err
	}
	if st.Run != nil {
		return errors.New("a run is at work")
	}
	var all struct {
		Items []struct{ Property, Status string } `json:"items"`
	}
	if err := s.world.API(ctx, "GET", "/api/v1/mappings", nil, &all); err != nil {
		return err
	}
	for _, m := range all.Items {
		if m.Status != "active" {
			return fmt.Errorf("%s is %s", m.Property, m.Status)
		}
	}
	if len(all.Items) != 4 {
		return fmt.Errorf("%d mappings", len(all.Items))
	}
	return nil
}

func (s *scenario) importFriends(ctx context.Context) error {
	err := insist(ctx, "start the import", func() error { return s.world.API(ctx, "POST", "/api/v1/accounts/1/import", map[string]string{}, nil) })
	if err != nil {
		return err
	}
	return insist(ctx, "import", func() error {
		var im struct {
			Last *struct {
				Status string `json:"status"`
				Seen   int    `json:"seen"`
			} `json:"last"`
		}
		if err := s.world.API(ctx, "GET", "/api/v1/accounts/1/import", nil, &im); err != nil {
			return err
		}
		if im.Last == nil || im.Last.Status != "completed" {
			return fmt.Errorf("the import is not completed: %+v", im.Last)
		}
		return nil
	})
}

// settled tells what is still under way.
func (s *scenario) settled(ctx context.Context) error {
	st, err := s.world.Status(ctx)
	if err != nil {
		return err
	}
	if st.Run != nil {
		return errors.New("a run is at work")
	}
	return s.empty(ctx)
}

// empty tells when queues still hold something.
func (s *scenario) empty(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cloud.endpoint()+"/_local/status", http.NoBody)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var st struct {
		Queues []struct {
			Name              string
			Visible, InFlight int
		} `json:"queues"`
	}
	if err := json.NewDecoder(res.Body).Decode(&st); err != nil {
		return err
	}
	for _, q := range st.Queues {
		if q.Visible+q.InFlight > 0 {
			return fmt.Errorf("queue %s is not empty", q.Name)
		}
	}
	return nil
}
