// Package e2e runs the product as its users do: the real function binaries on the local cloud, against both sandboxes. Every test has a
// HubSpot account and a LINE account of its own, so they run side by side; queues and webhooks duplicate and reorder all the time.
package e2e_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lumo/scripts/harness"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/runner"
	"lumo/scripts/localcloud/sqs"
)

const root = "../.."

var (
	outside *harness.Outside
	cloud   *runner.Cloud
	// stateFolder is the cloud's.
	stateFolder string
	printed     output
)

// environments of a function: on a busy machine all tests can be waiting for the same function at once, and what exceeds the limit is
// refused with a 503, as an HTTP API refuses what Lambda throttles.
const environments = 100

// outage is how long HubSpot is away in TestAnOutageLosesNothing.
var outage = flag.Duration("outage", 6*time.Second, "how long HubSpot is away")

func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		p.Value.Set("16") // the tests mostly wait
	}
	os.Exit(run(m))
}

// run starts one cloud for all tests, and looks at the end for secrets in everything that was printed.
func run(m *testing.M) int {
	state, err := os.MkdirTemp("", "lumo-e2e")
	stateFolder = state
	if err == nil {
		defer os.RemoveAll(state)
		err = start(state)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer outside.Close()
	defer cloud.Close()
	code := m.Run()
	if leaks := printed.leaks(); len(leaks) > 0 {
		fmt.Fprintf(os.Stderr, "the functions printed what must stay secret: %s\n", strings.Join(leaks, ", "))
		code = 1
	}
	if code != 0 {
		if log, err := os.CreateTemp("", "lumo-e2e-*.log"); err == nil {
			log.Write(printed.bytes())
			log.Close()
			fmt.Fprintf(os.Stderr, "what the functions printed is in %s\n", log.Name())
		}
	}
	return code
}

func start(state string) error {
	front, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	if outside, err = harness.Start(root, "http://"+front); err != nil {
		return err
	}
	printed.secret("the app's client secret", outside.Secret)
	// HubSpot delivers late, twice and in any order.
	outside.HubSpot.SetWebhooks(hubspotsandbox.WebhookSettings{DelayMs: 20, JitterMs: 300, Duplicate: 0.3, Shuffle: true, RetryMs: []int64{300, 1000, 3000}})
	cloud, err = runner.Start(context.Background(), runner.Config{
		Root: root, State: state, Front: front, Control: "127.0.0.1:0", Out: &printed, TableInMemory: true, NoSchedules: true, Chaos: sqs.Rough,
		Environments: environments, Again: max(3*time.Second, *outage/5), Parameters: outside.Parameters(),
		Getenv: func(string) string { return "" },
	})
	return err
}

// output keeps what the functions print and knows what they must not.
type output struct {
	mu      sync.Mutex
	b       bytes.Buffer
	secrets map[string]string // by what they are
}

var _ io.Writer = (*output)(nil)

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.b.Bytes())
}

// secret plants a canary. It returns the text.
func (o *output) secret(what, text string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.secrets == nil {
		o.secrets = map[string]string{}
	}
	o.secrets[what] = text
	return text
}

// shapes of what no line may hold, whoever it belongs to.
var shapes = map[string]*regexp.Regexp{
	"something like a HubSpot token or code": regexp.MustCompile(`na1-[0-9A-Za-z_-]{30,}`),
	"something like a LINE token":            regexp.MustCompile(`[0-9A-Za-z_=+-]{100,}`),
	"a LINE User ID":                         regexp.MustCompile(`U[0-9a-f]{32}`),
	"a contact's e-mail address":             regexp.MustCompile(`person[0-9]+@portal`),
	"a phone number":                         regexp.MustCompile(`\+81[0-9]{8}`),
	"a portal's number":                      regexp.MustCompile(`9876543[0-9]{4}`),
	"a secret by its name":                   regexp.MustCompile(`"(access|refresh|secret)[A-Za-z_]*":"[^"]`),
}

func (o *output) leaks() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for what, re := range shapes {
		if found := re.Find(o.b.Bytes()); found != nil {
			out = append(out, fmt.Sprintf("%s (%.12s...)", what, found))
		}
	}
	for what, text := range o.secrets {
		if bytes.Contains(o.b.Bytes(), []byte(text)) {
			out = append(out, what)
		}
	}
	return out
}

// tick fires the minute tick.
func tick(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, cloud.ControlURL()+"/_local/tick?name=Tick", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("tick: %s %s %v", res.Status, b, err)
	}
}

// eventually polls until holds says nothing more; what it says last explains a failure.
func eventually(t *testing.T, within time.Duration, what string, holds func() string) {
	t.Helper()
	end := time.Now().Add(within)
	for {
		still := holds()
		if still == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s: %s", what, within, still)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}
