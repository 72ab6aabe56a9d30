package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/oklog/ulid/v2"

	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/template"
	"lumo/scripts/sim/table"
	"lumo/shared/blob"
	"lumo/shared/clock"
	"lumo/shared/compose"
	"lumo/shared/config"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/lineaccount"
	"lumo/shared/mapping"
	"lumo/shared/pace"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

const (
	hub    = 1001
	slot   = id.Slot(1)
	secret = "bench-secret"
	origin = "http://lumo.test"
	tie    = origin + "/oauth/callback"
)

// setup says what a world is like.
type setup struct {
	contacts, companies int
	// virtual: the clock is virtual, one thing happens at a time, and HubSpot is reached without a network.
	virtual bool
	// held: nobody has confirmed the first writes, so none are made.
	held bool
	// file keeps the table in the DynamoDB stand-in, in a file; else it is in memory.
	file bool
	// latency of HubSpot's replies.
	latency hubspotsandbox.Latency
}

// world is the app in this process, with HubSpot and a table around it. The portal has the app and one LINE account; contacts hold the LINE
// User IDs of users, in order.
type world struct {
	setup
	run      *run
	clock    clock.Clock
	hub      *hubspotsandbox.Server
	calls    *ledger
	table    *meter
	app      *compose.App
	sent     *queue.Recorder
	blobs    blob.Memory
	contacts []int64
	users    []id.LineUserID
	closers  []func()
	retries  int    // invocations that failed and were repeated
	example  string // of a contact that was stale when they were counted last
}

func (w *world) Close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
}

// start is when virtual worlds begin.
var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func (r *run) world(ctx context.Context, s setup) (*world, error) {
	w := &world{setup: s, run: r, clock: clock.Real{}, sent: &queue.Recorder{}}
	if s.virtual {
		w.clock = clock.NewVirtual(start)
	}
	for _, step := range []func(context.Context) error{w.openTable, w.openHubSpot, w.install, w.fill} {
		if err := step(ctx); err != nil {
			w.Close()
			return nil, err
		}
	}
	w.hub.SetLatency(s.latency)
	w.hub.ResetStats()
	w.calls.reset()
	w.table.reset()
	return w, nil
}

func (w *world) openTable(ctx context.Context) error {
	system, err := template.Read(filepath.Join(w.run.Root, "template.yaml"), template.Local{Stack: "bench", SQS: "http://sqs.test"})
	if err != nil {
		return err
	}
	t := system.Tables[0]
	if !w.file {
		w.table = newMeter(&locked{api: table.New(table.Config{Definition: t.Create, Now: w.clock.Now})}, *t.Create.TableName)
		return nil
	}
	c, stop, err := w.run.dynoxide(ctx, t)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, stop)
	w.table = newMeter(c, *t.Create.TableName)
	return nil
}

// dynoxide runs the DynamoDB stand-in on a new file and makes the table.
func (r *run) dynoxide(ctx context.Context, t template.Table) (*awsdynamodb.Client, func(), error) {
	bin, err := dynamodb.Find(r.Root)
	if err != nil {
		return nil, nil, err
	}
	s, err := dynamodb.Start(bin, filepath.Join(r.temp, rand.Text()+".db"), io.Discard)
	if err != nil {
		return nil, nil, err
	}
	c := dynamodb.Client(s.URL)
	if err := dynamodb.Ensure(ctx, c, t); err != nil {
		s.Close()
		return nil, nil, err
	}
	return c, s.Close, nil
}

func (w *world) openHubSpot(context.Context) error {
	w.hub = hubspotsandbox.New(hubspotsandbox.Config{
		Clock: w.clock, Seed: 1, PublicURL: "http://hubspot.test", ClientID: "bench", ClientSecret: secret, AppID: 42, InstallURL: tie, RedirectURLs: []string{tie},
		WriteLogLimit: 1000,
	})
	w.closers = append(w.closers, w.hub.Close)
	w.hub.AddPortal(hub, hubspotsandbox.PortalOptions{})
	w.calls = &ledger{clock: w.clock, next: w.hub}
	address, outside := "http://hubspot.test", &http.Client{Transport: w.hub.TransportTo(w.calls)}
	if !w.virtual {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server := &http.Server{Handler: w.calls, ReadHeaderTimeout: 10 * time.Second}
		go server.Serve(l)
		w.closers = append(w.closers, func() { server.Close() })
		address, outside = "http://"+l.Addr().String(), nil
	}
	env := map[string]string{
		"STAGE": "dev", "PUBLIC_URL": origin, "HUBSPOT_API_URL": address, "HUBSPOT_APP_URL": address, "LINE_API_URL": "http://line.test",
		"LINE_DATA_API_URL": "http://line.test", "LINE_ACCESS_URL": "http://line.test", "HUBSPOT_CLIENT_ID": "bench", "HUBSPOT_APP_ID": "42",
		"HUBSPOT_CLIENT_SECRET": secret, "MAIL_FROM": "lumo@example.com", "TABLE_NAME": w.table.name, "BLOB_BUCKET": "bucket", "KMS_KEY_ID": "key",
	}
	for _, q := range queue.All() {
		env[q.Env()] = "http://sqs.test/1/" + string(q)
	}
	cfg, err := config.Load(context.Background(), func(k string) string { return env[k] }, nil)
	if err != nil {
		return err
	}
	w.app = compose.New(w.parts(cfg, outside))
	return nil
}

// parts makes one process. Every call makes another one over the same table.
func (w *world) parts(cfg config.Config, outside *http.Client) compose.Parts {
	p := compose.Parts{
		Config: cfg, Clock: w.clock, Log: slog.New(slog.DiscardHandler), HubSpotHTTP: outside, Sequential: w.virtual,
		NewID:    func() string { return ulid.MustNew(ulid.Timestamp(w.clock.Now()), rand.Reader).String() },
		Random:   func(n int) []byte { b := make([]byte, n); _, _ = rand.Read(b); return b },
		DynamoDB: func() dynamo.API { return w.table }, Keys: sync.OnceValue(func() seal.KeyService { return &seal.MemoryKeys{} }),
		Queue: func() queue.Sender { return w.sent }, Blobs: func() blob.Store { return &w.blobs },
	}
	if w.virtual {
		p.Pace = pace.NewMemory()
	}
	return p
}

// install gives the portal the app, an account and its properties, and maps names, phone and company.
func (w *world) install(ctx context.Context) error {
	code, err := w.hub.Code(hub, tie)
	if err != nil {
		return err
	}
	if _, err := w.app.Portals().Install(ctx, code, tie); err != nil {
		return err
	}
	// As after a preview that somebody confirmed: what is measured is the writing, not the wait for a person.
	if !w.held {
		if err := w.app.Portals().StartWriteBack(ctx, hub); err != nil {
			return err
		}
	}
	account := lineaccount.Account{Portal: hub, Slot: slot, Name: "Shop", Bot: "Ubench", ChannelID: "1", State: lineaccount.Active, ConnectedAt: w.clock.Now()}
	if _, err := w.app.Accounts().Store.Save(ctx, account); err != nil {
		return err
	}
	if _, err := w.app.Onboarding().EnsureProperties(ctx, hub); err != nil {
		return err
	}
	set := mapping.Default(w.clock.Now().UnixMilli())
	for _, m := range []mapping.Mapping{
		{Property: "phone", Label: "Phone", Type: "string", FieldType: "phonenumber"},
		{Property: mapping.Company, Label: "Company", Type: "string", FieldType: "text"},
	} {
		if set, err = set.Add(m); err != nil {
			return err
		}
	}
	_, err = w.app.Mappings().Save(ctx, hub, set)
	return err
}

func user(i int) id.LineUserID { return id.LineUserID(fmt.Sprintf("U%032x", i+1)) }

// fill seeds HubSpot.
func (w *world) fill(context.Context) error {
	values := make([]string, w.setup.contacts)
	for i := range values {
		u := user(i)
		w.users, values[i] = append(w.users, u), string(u)
	}
	var err error
	w.contacts, _, err = w.hub.Seed(hub, hubspotsandbox.SeedOptions{
		Contacts: w.setup.contacts, Companies: w.companies, Linked: 1, Seed: 7, Property: "line_user_id", Values: values,
	})
	return err
}

// errOver: the run ended otherwise than expected.
var errOver = errors.New("the run did not end well")
