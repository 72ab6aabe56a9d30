package contract

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lumo/functions/oauth/handle"
	"lumo/shared/appevent"
	"lumo/shared/friend"
	"lumo/shared/syncrun"
)

// Where HubSpot approved the app, what it learns of a friend stands on the contact's timeline, once; elsewhere nothing is asked and nothing sent.
func TestAppEventsAreBehindASwitch(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprint(on), func(t *testing.T) {
			t.Parallel()
			w := newAPIWorld(t)
			w.app.Config.AppEvents = on
			asked, err := url.Parse(handle.FromApp(w.app).Authorize("state", lumoHost+"/oauth/callback", 0))
			w.must(err)
			if got := strings.Contains(asked.Query().Get("optional_scope"), appevent.Scope); got != on {
				t.Errorf("scope asked for: %v", got)
			}
			ann := w.install(customer)
			user := w.connect(ann, "ann")[0]
			contact := w.contact(customer, map[string]string{"line_user_id": string(user)})
			w.run(ann, syncrun.Contacts)
			types := func() (out []string) {
				for _, e := range w.hub.AppEvents(customer) {
					if e.Contact != contact.String() || e.Properties[appevent.Account] == "" {
						t.Errorf("%+v", e)
					}
					out = append(out, e.Type)
				}
				return out
			}
			wait := func() {
				w.clock.Advance(time.Minute)
				w.work()
			}
			follow := func(follows bool) {
				f, _, err := w.app.Friends().Get(t.Context(), customer, friend.Key{Slot: 1, User: user})
				w.must(err)
				f.ApplyFollow(w.clock.Now().UnixMilli(), follows, true)
				f.MarkDirty(w.clock.Now().UnixMilli())
				_, err = w.app.Friends().Save(t.Context(), customer, f)
				w.must(err)
				w.must(w.app.Outbox().Kick(t.Context(), customer))
				wait()
			}
			wait()
			follow(false)
			follow(true)
			var want []string
			if on {
				want = []string{string(appevent.Followed), string(appevent.Linked), string(appevent.Blocked), string(appevent.Followed)}
			}
			if got := types(); !slices.Equal(got, want) {
				t.Errorf("on the timeline: %q", got)
			}
			req := httptest.NewRequest("GET", fmt.Sprintf("/contacts/%d/record/0-1/%d", customer, contact), nil)
			rec := httptest.NewRecorder()
			w.hub.ServeHTTP(rec, req)
			if strings.Contains(rec.Body.String(), string(appevent.Blocked)) != on {
				t.Error("the sandbox's page does not show it")
			}
		})
	}
}
