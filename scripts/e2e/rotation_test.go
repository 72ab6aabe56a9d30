package e2e_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"lumo/scripts/demo"
	"lumo/scripts/harness"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sqs"
)

// rotating is a stage of its own, since its secrets are everybody's.
type rotating struct {
	t       *testing.T
	outside *harness.Outside
	cloud   *runner.Cloud
	state   string
	world   atomic.Pointer[demo.World] // signs as HubSpot does at the moment
	account demo.Account
	people  []person
	refused atomic.Int64 // calls of the screens
}

func newRotating(t *testing.T) *rotating {
	t.Helper()
	r := &rotating{t: t, state: t.TempDir()}
	front, err := harness.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	if r.outside, err = harness.Start(root, "http://"+front); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.outside.Close)
	printed.secret("the client secret of the stage that rotates", r.outside.Secret)
	r.outside.HubSpot.SetWebhooks(hubspotsandbox.WebhookSettings{DelayMs: 20, JitterMs: 100, Duplicate: 0.2, Shuffle: true, RetryMs: []int64{300, 1000, 3000, 5000, 10000}})
	r.cloud, err = runner.Start(t.Context(), runner.Config{
		Root: root, State: r.state, Built: filepath.Join(stateFolder, "bin"), Front: front, Control: "127.0.0.1:0", Out: &printed, TableInMemory: true, NoSchedules: true,
		Chaos: sqs.Rough, Environments: environments, Again: 3 * time.Second, Parameters: r.outside.Parameters(), Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.cloud.Close)
	w := r.outside.World(firstPortal + 9000)
	r.world.Store(w)
	c := &customer{World: w, t: t}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if err := c.begin(ctx, demo.Size{Contacts: 9, Lists: 1, Friends: 9, Linked: 9}); err != nil {
		t.Fatal(err)
	}
	r.account = c.account
	c.api("POST", "/api/v1/mappings", map[string]string{"property": "phone"}, nil)
	records, err := r.outside.HubSpot.Records(w.Portal, "contacts")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range records {
		r.people = append(r.people, person{x.ID, x.Value("line_user_id")})
	}
	return r
}

func (r *rotating) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// says is what HubSpot shows.
func (r *rotating) says(p person, property string) string {
	x, err := r.outside.HubSpot.Record(r.world.Load().Portal, "contacts", p.contact)
	r.check(err)
	return x.Value(property)
}

// load is traffic in all directions, until it is told to stop. It remembers what both sides must show in the end.
type load struct {
	mu   sync.Mutex
	want map[person][2]string // property and value
	made atomic.Int64
	stop chan struct{}
	all  sync.WaitGroup
}

func (r *rotating) load() *load {
	l := &load{want: map[person][2]string{}, stop: make(chan struct{})}
	each := func(pause time.Duration, people []person, act func(n int, p person) (property, value string, err error)) {
		l.all.Go(func() {
			for n := 0; ; n++ {
				p := people[n%len(people)]
				property, value, err := act(n, p)
				if err == nil {
					l.mu.Lock()
					l.want[p] = [2]string{property, value}
					l.mu.Unlock()
					l.made.Add(1)
				}
				select {
				case <-time.After(pause):
				case <-l.stop:
					return
				}
			}
		})
	}
	each(150*time.Millisecond, r.people[:3], func(n int, p person) (string, string, error) { // HubSpot's webhooks
		value := fmt.Sprintf("+8131%07d", n)
		return "phone", value, r.outside.HubSpot.Edit(r.world.Load().Portal, "contacts", p.contact, map[string]string{"phone": value}, hubspotsandbox.By{})
	})
	each(300*time.Millisecond, r.people[3:6], func(n int, p person) (string, string, error) { // the screens' calls
		value := fmt.Sprintf("+8190%08d", n)
		err := r.world.Load().API(r.t.Context(), "PATCH", "/api/v1/friends/1/"+p.user+"/fields", map[string]any{"values": map[string]string{"phone": value}}, nil)
		var no *demo.APIError
		if errors.As(err, &no) && no.Status == http.StatusUnauthorized {
			r.refused.Add(1)
		}
		return "phone", value, err
	})
	each(300*time.Millisecond, r.people[6:], func(n int, p person) (string, string, error) { // LINE's webhooks, whose secret is sealed
		if n/3%2 == 0 {
			return "line_follow_status", "blocked", r.outside.Line.Block(r.account.ID, p.user)
		}
		return "line_follow_status", "following", r.outside.Line.Unblock(r.account.ID, p.user)
	})
	return l
}

// tokenEnds makes the next call fetch another, which needs the client secret, opens sealed text and writes new.
func (r *rotating) tokenEnds() { r.outside.HubSpot.ExpireAccessTokens(r.world.Load().Portal) }

// deploy has a moment of traffic afterwards.
func (r *rotating) deploy(secret, previous string) {
	r.t.Helper()
	r.check(r.cloud.Deploy(map[string]string{"HubspotClientSecret": secret, "HubspotClientSecretPrevious": previous}))
	r.tokenEnds()
	r.moment()
}

func (r *rotating) moment() {
	select {
	case <-time.After(4 * time.Second):
	case <-r.t.Context().Done():
		r.t.Fatal(r.t.Context().Err())
	}
}

// hubspotSigns with the first; the screens' calls are signed by HubSpot's proxy, too.
func (r *rotating) hubspotSigns(secrets ...string) {
	r.outside.HubSpot.SetSecrets(secrets...)
	w := *r.world.Load()
	w.Secret = secrets[0]
	r.world.Store(&w)
}

func (r *rotating) operate(args ...string) map[string]any {
	r.t.Helper()
	lines, err := operateOn(r.t, r.state, args...)
	if err != nil || len(lines) == 0 {
		r.t.Fatalf("operate %v: %v, %v", args, lines, err)
	}
	return lines[len(lines)-1]
}

// The client secret and the encryption key are rotated as docs/deploy.md says, and the client secret once more in a hurry, while people edit on
// both sides, friends come and go, and tokens end at the worst moments. Everything arrives, and where the rotation is prepared nobody is refused.
func TestRotationUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	first, second, third := r.outside.Secret, printed.secret("the second client secret", rand.Text()), printed.secret("the third client secret", rand.Text())
	l := r.load()
	stopped := sync.OnceFunc(func() { close(l.stop); l.all.Wait() })
	defer stopped()
	r.moment()

	r.hubspotSigns(first, second) // HubSpot has a second secret and takes both
	r.deploy(second, first)
	r.hubspotSigns(second, first)
	r.moment()
	r.outside.HubSpot.SetSecrets(second)
	r.deploy(second, "")
	if n := r.refused.Load(); n != 0 {
		t.Errorf("%d calls of the screens were refused while the client secret was rotated", n)
	}

	key := r.cloud.System().Keys[0]
	_, err := awskms.NewFromConfig(awslocal.Config(r.cloud.Endpoint("kms"))).RotateKeyOnDemand(t.Context(), &awskms.RotateKeyOnDemandInput{KeyId: &key})
	r.check(err)
	if n := r.operate("rotate-key"); n["resealed"] != 0. || n["texts"].(float64) < 3 || n["left"] != n["texts"] {
		t.Errorf("counted %v", n)
	}
	r.tokenEnds()
	n := r.operate("rotate-key", "-do", "-settle", "3s")
	if n["left"] != 0. || n["unreadable"] != 0. || n["resealed"].(float64) < n["texts"].(float64)-1 { // the app's own token may end meanwhile
		t.Errorf("rotated %v", n)
	}
	r.moment()
	if n := r.refused.Load(); n != 0 {
		t.Errorf("%d calls of the screens were refused while the encryption key was rotated", n)
	}

	r.hubspotSigns(third) // at once, and the second is worth nothing any more
	r.tokenEnds()
	r.moment()
	r.deploy(third, second)
	hurry := r.refused.Load()
	r.moment()
	if n := r.refused.Load(); n != hurry {
		t.Errorf("%d calls of the screens were refused after the deployment", n-hurry)
	}
	stopped()
	t.Logf("%d changes under load, %d refused in a hurry", l.made.Load(), hurry)

	eventually(t, within, "everything has arrived", func() string {
		for p, x := range l.want {
			if h := r.says(p, x[0]); h != x[1] {
				return fmt.Sprintf("contact %d, %s: HubSpot %q, expected %q", p.contact, x[0], h, x[1])
			}
			if x[0] != "phone" {
				continue
			}
			fields, err := r.world.Load().Friend(t.Context(), p.user)
			r.check(err)
			if fields["phone"] != x[1] {
				return fmt.Sprintf("contact %d: Lumo %q, expected %q", p.contact, fields["phone"], x[1])
			}
		}
		return ""
	})
	c := &customer{World: r.world.Load(), t: t, linked: r.people}
	if fs := c.failures(); len(fs) != 0 {
		t.Errorf("failed items: %+v", fs)
	}
	if s, err := c.Status(t.Context()); err != nil || s.State != "Normal" {
		t.Errorf("state %q, %v", s.State, err)
	}
	for secret, want := range map[string]int{first: http.StatusUnauthorized, second: http.StatusOK, third: http.StatusOK} {
		if got := r.knock(secret); got != want {
			t.Errorf("a webhook signed with secret %d of three is answered with %d, want %d", 1+strings.Index(first+second+third, secret)/len(first), got, want)
		}
	}
}

// knock sends an empty webhook.
func (r *rotating) knock(secret string) int {
	r.t.Helper()
	address, body := r.outside.Front+"/hubspot/webhooks", "[]"
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, address, strings.NewReader(body))
	r.check(err)
	req.Header.Set("Content-Type", "application/json")
	for k, v := range hubspotsandbox.Sign(secret, http.MethodPost, address, []byte(body), strconv.FormatInt(time.Now().UnixMilli(), 10)) {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	r.check(err)
	_, err = io.Copy(io.Discard, res.Body)
	r.check(errors.Join(err, res.Body.Close()))
	return res.StatusCode
}
