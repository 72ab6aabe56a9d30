package sim

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	hs "lumo/scripts/hubspotsandbox"
	ls "lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/sqs"
	"lumo/scripts/localcloud/template"
	"lumo/scripts/repository"
	"lumo/scripts/sim/table"
	"lumo/shared/blob"
	"lumo/shared/compose"
	"lumo/shared/config"
	"lumo/shared/dynamo"
	"lumo/shared/logging"
	"lumo/shared/logging/logtest"
	"lumo/shared/mail"
	"lumo/shared/queue"
	sqssender "lumo/shared/queue/sqs"
	"lumo/shared/seal"
)

// World is everything that one seed makes.
type World struct {
	*scheduler
	options Options
	weather *weather
	rng     *rand.Rand // of what people do
	ids     *rand.Rand // of what the code under test draws

	hubspot *hs.Server
	line    *ls.Server
	sqs     *sqs.Server
	table   *table.Table
	poller  *awssqs.Client
	sender  queue.Sender
	keys    *seal.MemoryKeys
	system  *template.System

	functions map[string]*function
	sources   []*source
	portals   []*tenant
	people    []*person
	log       logtest.Buffer
	canaries  *logtest.Canaries
	mails     mail.Recorder
	blobs     blob.Memory

	hash   hash.Hash
	lines  []string // the last of the trace
	report io.Writer

	violations  []Violation
	failure     error // of the simulation itself
	lastTrouble string
	pending     int       // things people wait for
	planned     time.Time // of the last edit in HubSpot that is still to come
	casts       []*cast
	written     []*letter
	labels      []*label
	flows       []*flow
	named       []named

	compares bool // somebody presses Sync now and then; where nobody does, no full compare makes up for what was missed
	doubled  int  // batches of contact-sync that were given to two invocations

	invocations, opened, crashes, faults, timeouts, hubspotCalls, forced429, serial, lineActs int
	journal                                                                                   *journal
	evaluated                                                                                 map[string]int // looks at each invariant
	seen                                                                                      newestSeen     // of the plant of this name
}

// Violation is a broken invariant.
type Violation struct {
	Invariant string `json:"invariant"`
	Detail    string `json:"detail"`
}

func (v Violation) String() string { return v.Invariant + ": " + v.Detail }

const (
	publicURL    = "https://lumo.sim"
	redirectURL  = publicURL + "/oauth/callback"
	appID        = 7654321
	clientID     = "sim-client"
	traceKept    = 400
	tableName    = "sim"
	hubspotOwner = "https://hubspot.sim"
	lineOwner    = "https://line.sim"
)

// start of every world: a Tuesday noon in Tokyo, far from the nightly compare.
var start = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

func newWorld(seed uint64, o Options) (*World, error) {
	root, err := repository.Root()
	if err != nil {
		return nil, err
	}
	w := &World{
		scheduler: newScheduler(start), options: o, weather: newWeather(seed, o.Climate), rng: rand.New(rand.NewPCG(seed, 0x70656f706c65)),
		ids: rand.New(rand.NewPCG(seed, 0x696473)), functions: map[string]*function{}, evaluated: map[string]int{}, canaries: logtest.New(fmt.Sprint(seed)), hash: sha256.New(), report: o.Trace,
	}
	w.journal = newJournal()
	secret := w.canaries.Plant("client secret")
	if err := w.openCloud(root, secret, seed); err != nil {
		return nil, err
	}
	if err := w.openSandboxes(root, secret, seed); err != nil {
		return nil, err
	}
	return w, w.openFunctions()
}

func (w *World) openCloud(root, secret string, seed uint64) (err error) {
	w.system, err = template.Read(filepath.Join(root, "template.yaml"), template.Local{Stack: "sim", SQS: "https://sqs.sim", Parameters: map[string]string{
		"PublicUrl": publicURL, "HubspotApiUrl": hubspotOwner, "HubspotAppUrl": hubspotOwner, "LineApiUrl": lineOwner, "LineDataApiUrl": lineOwner,
		"LineAccessUrl": lineOwner, "HubspotClientId": clientID, "HubspotAppId": fmt.Sprint(appID), "HubspotClientSecret": secret,
	}})
	if err != nil {
		return err
	}
	clock := simClock{w.scheduler}
	if w.sqs, err = sqs.New(sqs.Config{BaseURL: "https://sqs.sim", Clock: clock, Rand: rand.New(rand.NewPCG(seed, 0x737173))}); err != nil {
		return err
	}
	w.sqs.SetChaos(w.weather.chaos)
	w.poller = awssqs.NewFromConfig(awslocal.InProcess(w.sqs))
	for _, q := range w.system.Queues {
		if _, err := w.poller.CreateQueue(context.Background(), &awssqs.CreateQueueInput{QueueName: &q.Name, Attributes: q.Attributes}); err != nil {
			return fmt.Errorf("queue %s: %w", q.ID, err)
		}
	}
	w.table = table.New(table.Config{
		Definition: w.system.Tables[0].Create, Now: func() time.Time { return w.now },
		Lag: func() time.Duration {
			if w.weather.indexLag == 0 || !w.weather.storm {
				return 0
			}
			return w.weather.between(0, w.weather.indexLag)
		},
	})
	w.keys = &seal.MemoryKeys{Rand: drawer(w.draw)}
	return nil
}

func (w *World) openSandboxes(root, secret string, seed uint64) error {
	hooks, err := hs.ReadWebhookFile(filepath.Join(root, "hubspot-app", "src", "app", "webhooks", "webhooks-hsmeta.json"))
	if err != nil {
		return err
	}
	actions, err := hs.ReadActionFiles(filepath.Join(root, "hubspot-app", "src", "app", "workflow-actions"), map[string]string{"API_ORIGIN": publicURL})
	if err != nil {
		return err
	}
	clock, client := simClock{w.scheduler}, &http.Client{Transport: front{w}}
	w.hubspot = hs.New(hs.Config{
		Clock: clock, HTTP: client, Seed: seed, PublicURL: hubspotOwner, AppID: appID, ClientID: clientID, ClientSecret: secret, InstallURL: publicURL + "/oauth/install",
		RedirectURLs: []string{redirectURL}, WebhookTarget: hs.Expand(hooks.Target, map[string]string{"API_ORIGIN": publicURL}), Subscriptions: hooks.Subscriptions,
		MaxConcurrent: hooks.MaxConcurrent, Actions: actions,
	})
	w.hubspot.SetWebhooks(w.weather.hooks)
	w.hubspot.SetFlows(hs.FlowSettings{Repeat: 0.2, NewID: 0.5, MaxRepeats: 3, RetryMs: 5000})
	w.hubspot.SetSkew(w.weather.skew)
	if w.weather.journal == "late" {
		w.hubspot.SetJournalDelay(90 * time.Second)
	}
	w.line = ls.New(ls.Config{Clock: clock, HTTP: client, Seed: seed, PublicURL: lineOwner})
	return nil
}

// drawer makes an io.Reader of a source of bytes.
type drawer func(n int) []byte

func (d drawer) Read(b []byte) (int, error) { return copy(b, d(len(b))), nil }

// draw gives bytes to the code under test.
func (w *World) draw(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, w.ids.Uint64())
	}
	return b[:n]
}

// newID is unique and sorts by time.
func (w *World) newID() string {
	w.serial++
	return fmt.Sprintf("%012x%06d%08x", w.now.UnixMilli(), w.serial, w.ids.Uint32())
}

// newApp composes the services of one environment.
func (w *World) newApp(f template.Function) (*compose.App, error) {
	c, err := config.Load(context.Background(), func(name string) string { return f.Environment[name] }, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.ID, err)
	}
	clock := simClock{w.scheduler}
	if w.sender == nil {
		a := awslocal.InProcess(nil)
		a.HTTPClient = &http.Client{Transport: queueWire{w}}
		a.Retryer = func() aws.Retryer { return aws.NopRetryer{} } // its pauses would be real
		s := sqssender.New(awssqs.NewFromConfig(a), c.Queues, clock)
		s.Jitter = w.weather.rng.Float64
		w.sender = s
	}
	return compose.New(compose.Parts{
		Config: c, Clock: clock, Log: logging.New(&w.log, slog.LevelDebug, logging.Function(folderOf(f))), NewID: w.newID, Random: w.draw,
		Jitter: w.weather.rng.Float64, HubSpotHTTP: &http.Client{Transport: hubspotWire{w}}, LineHTTP: &http.Client{Transport: lineWire{w}},
		DynamoDB: func() dynamo.API { return tableWire{w, w.table} }, Keys: func() seal.KeyService { return keys{w, w.keys} },
		Queue: func() queue.Sender { return w.sender }, Mail: func() mail.Sender { return &w.mails }, Blobs: func() blob.Store { return &w.blobs }, Sequential: true,
	}), nil
}

// trace adds a line to what the hash is made of.
func (w *World) trace(format string, a ...any) {
	line := fmt.Sprintf("%d ", w.now.Sub(start).Milliseconds()) + fmt.Sprintf(format, a...)
	io.WriteString(w.hash, line+"\n")
	if w.report != nil {
		fmt.Fprintln(w.report, line)
	}
	w.lines = append(w.lines, line)
	if len(w.lines) > 2*traceKept {
		w.lines = append(w.lines[:0], w.lines[traceKept:]...)
	}
}

func digest(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:6])
}

func (w *World) violate(invariant, format string, a ...any) {
	v := Violation{invariant, fmt.Sprintf(format, a...)}
	w.trace("VIOLATION %s", v)
	w.violations = append(w.violations, v)
}

// fail is trouble of the simulation itself.
func (w *World) fail(format string, a ...any) {
	if w.failure == nil {
		w.failure = fmt.Errorf(format, a...)
	}
}
