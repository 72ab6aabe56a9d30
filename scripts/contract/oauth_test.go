package contract

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/oklog/ulid/v2"

	"lumo/functions/oauth/handle"
	workflowactions "lumo/functions/workflow-actions/handle"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/httpapi"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/template"
	"lumo/shared/blob"
	"lumo/shared/clock"
	"lumo/shared/compose"
	"lumo/shared/config"
	"lumo/shared/directory"
	"lumo/shared/dynamo"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/lineproperty"
	"lumo/shared/logging"
	"lumo/shared/mail"
	"lumo/shared/pace"
	"lumo/shared/portal"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

const (
	customer  = 4711
	lumoHost  = "http://lumo.test"
	hubHost   = "http://hubspot.test"
	lineHost  = "http://line.test"
	appSecret = "app-secret-canary-77f1"
)

// tables is one DynamoDB stand-in for all tests of this kind.
var tables = sync.OnceValues(func() (*dynamodb.Server, error) {
	bin, err := dynamodb.Find(repository)
	if err != nil {
		return nil, err
	}
	return dynamodb.Start(bin, "", io.Discard)
})

var (
	repository  = filepath.Join("..", "..")
	tableNumber = make(chan int, 1)
)

func init() { tableNumber <- 0 }

// installWorld is the real oauth function behind the template's routes, the real services on a table, and both sandboxes; nothing but
// the table leaves the process.
type installWorld struct {
	t     *testing.T
	app   *compose.App
	hub   *hubspotsandbox.Server
	line  *linesandbox.Server
	clock *clock.Virtual
	sent  *queue.Recorder
	log   *bytes.Buffer
	hosts map[string]http.RoundTripper
}

func (w *installWorld) RoundTrip(r *http.Request) (*http.Response, error) {
	to := w.hosts[r.URL.Host]
	if to == nil {
		return nil, fmt.Errorf("%s is not part of this test", r.URL.Host)
	}
	return to.RoundTrip(r)
}

// function lets the HTTP API invoke a handler in this process.
type function struct{ lambda.Handler }

func (f function) Invoke(ctx context.Context, payload []byte) (lambdahost.Result, error) {
	out, err := f.Handler.Invoke(ctx, payload)
	return lambdahost.Result{Payload: out}, err
}

func newInstallWorld(t *testing.T) *installWorld {
	t.Helper()
	w := &installWorld{t: t, clock: clock.NewVirtual(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)), sent: &queue.Recorder{}, log: &bytes.Buffer{}, hosts: map[string]http.RoundTripper{}}
	system, err := template.Read(filepath.Join(repository, "template.yaml"), template.Local{Stack: "test", SQS: "http://sqs.test"})
	w.must(err)
	outside := &http.Client{Transport: w}
	actions, err := hubspotsandbox.ReadActionFiles(filepath.Join(repository, "hubspot-app/src/app/workflow-actions"), map[string]string{"API_ORIGIN": lumoHost})
	w.must(err)
	w.hub = hubspotsandbox.New(hubspotsandbox.Config{
		HTTP: outside, Actions: actions, Clock: w.clock, Seed: 5, PublicURL: hubHost, ClientID: "client-1", ClientSecret: appSecret, AppID: 42,
		InstallURL: lumoHost + "/oauth/callback", RedirectURLs: []string{lumoHost + "/oauth/callback"},
	})
	w.hub.AddPortal(customer, hubspotsandbox.PortalOptions{TimeZone: "Asia/Jakarta"})
	w.line = linesandbox.New(linesandbox.Config{Clock: w.clock, Seed: 6, PublicURL: lineHost, HTTP: outside})
	w.app = compose.New(w.parts(system, outside))
	api := httpapi.New()
	for _, f := range system.Functions {
		for _, r := range f.Routes {
			switch f.Code {
			case "functions/oauth":
				api.Add(r, function{handle.New(handle.FromApp(w.app)).Lambda()})
			case "functions/workflow-actions":
				api.Add(r, function{workflowactions.Lambda(w.app)})
			}
		}
	}
	ours := http.NewServeMux()
	ours.HandleFunc("POST /line/webhooks/{bot}", w.webhook)
	ours.Handle("/", api)
	w.hosts = map[string]http.RoundTripper{
		"lumo.test": linesandbox.InProcess(ours), "line.test": linesandbox.InProcess(w.line), "hubspot.test": w.hub.Transport(),
	}
	return w
}

func (w *installWorld) parts(system *template.System, outside *http.Client) compose.Parts {
	w.t.Helper()
	server, err := tables()
	w.must(err)
	n := <-tableNumber + 1
	tableNumber <- n
	table := system.Tables[0]
	name := fmt.Sprintf("install-%d", n)
	table.Create.TableName = &name
	db := dynamodb.Client(server.URL)
	w.must(dynamodb.Ensure(w.t.Context(), db, table))
	env := map[string]string{
		"STAGE": "dev", "PUBLIC_URL": lumoHost, "HUBSPOT_API_URL": hubHost, "HUBSPOT_APP_URL": hubHost, "LINE_API_URL": lineHost, "LINE_DATA_API_URL": lineHost,
		"LINE_ACCESS_URL": lineHost, "HUBSPOT_CLIENT_ID": "client-1", "HUBSPOT_APP_ID": "42", "HUBSPOT_CLIENT_SECRET": appSecret, "MAIL_FROM": "lumo@example.com",
		"TABLE_NAME": name, "BLOB_BUCKET": "bucket", "KMS_KEY_ID": "key",
	}
	for _, q := range queue.All() {
		env[q.Env()] = "http://sqs.test/1/" + string(q)
	}
	cfg, err := config.Load(w.t.Context(), func(k string) string { return env[k] }, nil)
	w.must(err)
	return compose.Parts{
		Config: cfg, Clock: w.clock, Log: logging.New(w.log, slog.LevelDebug), HubSpotHTTP: outside, LineHTTP: outside, Pace: pace.NewMemory(),
		NewID:    func() string { return ulid.MustNew(ulid.Timestamp(w.clock.Now()), rand.Reader).String() },
		Random:   func(n int) []byte { b := make([]byte, n); _, _ = rand.Read(b); return b },
		DynamoDB: func() dynamo.API { return db }, Keys: sync.OnceValue(func() seal.KeyService { return &seal.MemoryKeys{} }),
		Queue: func() queue.Sender { return w.sent }, Mail: func() mail.Sender { return &mail.Recorder{} }, Blobs: sync.OnceValue(func() blob.Store { return &blob.Memory{} }),
	}
}

func (w *installWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// webhook stands for the LINE webhook function: it knows the account and checks the signature.
func (w *installWorld) webhook(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	account, err := w.app.Accounts().ByBot(r.Context(), id.BotUserID(r.PathValue("bot")))
	if err != nil {
		rw.WriteHeader(http.StatusNotFound)
		return
	}
	secret, err := w.app.Accounts().Secret(r.Context(), account)
	if err != nil || !line.VerifySignature(secret, r.Header.Get(line.SignatureHeader), body) {
		rw.WriteHeader(http.StatusUnauthorized)
	}
}

func (w *installWorld) channel(verified bool) linesandbox.Channel {
	w.t.Helper()
	c, err := w.line.CreateChannel(linesandbox.ChannelSpec{Provider: w.line.CreateProvider("Shop").ID, Name: "Corner Shop", Verified: verified})
	w.must(err)
	return c
}

// person is a browser with cookies that follows links and fills in forms.
type person struct {
	w      *installWorld
	client *http.Client
	at     *url.URL
	page   string
	status int
}

func (w *installWorld) person() *person {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &person{w: w, client: &http.Client{Transport: w, Jar: jar}}
}

func (p *person) read(res *http.Response, err error) *person {
	p.w.t.Helper()
	p.w.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	p.w.must(err)
	p.at, p.page, p.status = res.Request.URL, string(b), res.StatusCode
	return p
}

func (p *person) open(address string) *person {
	p.w.t.Helper()
	return p.read(p.client.Get(address))
}

var (
	forms  = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)".*?</form>`)
	inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// submit sends the form of the page whose action ends so, with its hidden fields.
func (p *person) submit(action string, pairs ...string) *person {
	p.w.t.Helper()
	for _, m := range forms.FindAllStringSubmatch(p.page, -1) {
		if !strings.HasSuffix(m[1], action) {
			continue
		}
		form := url.Values{}
		for _, in := range inputs.FindAllStringSubmatch(m[0], -1) {
			form.Set(in[1], html.UnescapeString(in[2]))
		}
		for pair := range slices.Chunk(pairs, 2) {
			form.Set(pair[0], pair[1])
		}
		return p.read(p.client.PostForm(p.at.ResolveReference(&url.URL{Path: m[1]}).String(), form))
	}
	p.w.t.Fatalf("%s has no form %s:\n%s", p.at, action, p.page)
	return nil
}

// allow approves on HubSpot's page.
func (p *person) allow() *person {
	p.w.t.Helper()
	return p.submit("/oauth/consent", "portal", fmt.Sprint(customer), "decision", "allow")
}

func (p *person) sees(texts ...string) {
	p.w.t.Helper()
	for _, s := range texts {
		if !strings.Contains(html.UnescapeString(p.page), s) {
			p.w.t.Fatalf("%s (%d) does not show %q:\n%s", p.at, p.status, s, p.page)
		}
	}
}

func (p *person) isAt(prefix string) {
	p.w.t.Helper()
	if !strings.HasPrefix(p.at.String(), prefix) {
		p.w.t.Fatalf("at %s, want %s:\n%s", p.at, prefix, p.page)
	}
}

func (w *installWorld) portal() portal.Portal {
	w.t.Helper()
	got, err := w.app.Portals().Get(w.t.Context(), customer)
	w.must(err)
	return got
}

// lineProperties counts our properties in HubSpot.
func (w *installWorld) lineProperties() (out []string) {
	w.t.Helper()
	all, err := w.hub.Properties(customer, "contacts")
	w.must(err)
	for _, p := range all {
		if strings.Contains(p.Name, "line_") {
			out = append(out, p.Name)
		}
	}
	return out
}

// noSecrets scans the log for everything that is secret.
func (w *installWorld) noSecrets(more ...string) {
	w.t.Helper()
	for _, s := range append(append(w.hub.Secrets(), more...), appSecret) {
		if s != "" && strings.Contains(w.log.String(), s) {
			w.t.Errorf("a secret is in the log: %.12s...", s)
		}
	}
}

func TestInstallConnectUseAndDisconnect(t *testing.T) {
	t.Parallel()
	w := newInstallWorld(t)
	shop := w.channel(true)
	ann := w.person().open(lumoHost + "/")
	ann.sees("Connect LINE with HubSpot")
	ann.open(lumoHost + "/oauth/install").allow()
	ann.isAt(lumoHost + "/setup/line")
	ann.sees("No LINE Official Account is connected yet", "All HubSpot permissions are granted")
	if p := w.portal(); p.State != portal.Connected || p.TimeZone != "Asia/Jakarta" || p.InstalledBy.UserID == 0 || p.InstalledBy.Email == "" {
		t.Fatalf("portal %+v", p)
	}

	ann.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", strings.Repeat("0", 32))
	ann.sees("The LINE account could not be connected", "LINE_TOKEN")
	if strings.Contains(ann.page, strings.Repeat("0", 32)) {
		t.Fatal("the page shows a secret")
	}
	ann.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret)
	ann.isAt(lumoHost + "/setup/line#account-1")
	ann.sees("Corner Shop", "A test event arrived", "Existing friends can be imported", "Open the dashboard in HubSpot", hubHost+"/app/4711/42")
	if strings.Contains(ann.page, "Needs attention") {
		t.Fatalf("a check failed:\n%s", ann.page)
	}
	if steps := w.sent.Take(queue.SyncSteps); len(steps) != 1 {
		t.Fatalf("%d first syncs begun", len(steps))
	}
	due, err := w.app.Directory().DuePortals(t.Context(), directory.ShardOf(customer), w.clock.Now(), 10)
	if w.must(err); !slices.Equal(due, []id.PortalID{customer}) {
		t.Fatalf("due: %v", due)
	}
	made := w.lineProperties()

	// Connecting again, as often as anybody likes, makes nothing twice.
	for range 2 {
		ann.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret)
		ann.isAt(lumoHost + "/setup/line#account-1")
	}
	ann.open(lumoHost + "/oauth/install?portal=4711").allow()
	ann.isAt(lumoHost + "/setup/line")
	ann.submit("/setup/line/check", "slot", "1")
	if now := w.lineProperties(); !slices.Equal(now, made) || len(made) < 15 {
		t.Fatalf("properties %v, before %v", now, made)
	}

	// Our calls keep working long after the first token has ended.
	w.clock.Advance(3 * time.Hour)
	_, err = w.app.Properties().Candidates(t.Context(), customer, 1)
	w.must(err)

	ann.submit("/setup/disconnect", "confirm", "1")
	ann.sees("HubSpot is disconnected")
	if _, there := w.hub.Installed(customer); there {
		t.Fatal("the app is still installed in HubSpot")
	}
	if p := w.portal(); p.State != portal.Removed {
		t.Fatalf("portal %+v", p)
	}
	if tok, err := (dynamo.Portals{Table: w.app.Table()}).Token(t.Context(), customer); err != nil || tok != nil {
		t.Fatalf("the grant is still there: %v", err)
	}
	if now := w.lineProperties(); !slices.Equal(now, made) {
		t.Fatal("what is in HubSpot must stay there")
	}
	ann.open(lumoHost + "/setup/line")
	ann.isAt(lumoHost + "/")

	// Installing again restores the slot.
	ann.open(lumoHost + "/oauth/install").allow()
	ann.sees("Corner Shop", "Connected")
	w.noSecrets(shop.Secret)
}

func TestMarketplaceInstalls(t *testing.T) {
	t.Parallel()
	t.Run("without sign-in", func(t *testing.T) {
		t.Parallel()
		w := newInstallWorld(t)
		p := w.person().open(hubHost + "/marketplace/consent?flow=direct&portal=4711").allow()
		p.isAt(hubHost + "/marketplace/done")
		if w.portal().State != portal.Connected {
			t.Fatalf("portal %+v", w.portal())
		}
		p.open(lumoHost + "/setup/line")
		p.isAt(lumoHost + "/") // the page knows nobody who did not begin here
	})
	t.Run("with sign-in", func(t *testing.T) {
		t.Parallel()
		w := newInstallWorld(t)
		p := w.person()
		p.open(lumoHost + "/oauth/callback?step=authorize&returnUrl=" + url.QueryEscape(hubHost+"/marketplace/consent?flow=finalize&portal=4711"))
		p.allow()
		p.isAt(hubHost + "/marketplace/done")
		p.open(lumoHost + "/setup/line")
		p.sees("Set up Lumo")
	})
}

func TestGoingBackAndCancelling(t *testing.T) {
	t.Parallel()
	w := newInstallWorld(t)
	p := w.person()
	var callback string
	p.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/oauth/callback" {
			callback = r.URL.String()
		}
		return nil
	}
	p.open(lumoHost + "/oauth/install").allow()
	before := w.portal().Version
	for range 3 {
		p.open(callback)
		p.isAt(lumoHost + "/setup/line")
	}
	if w.portal().Version != before {
		t.Fatal("going back changed the tenant")
	}
	stranger := w.person().open(callback)
	if stranger.status != http.StatusBadRequest {
		t.Fatalf("another browser got %d", stranger.status)
	}
	q := w.person()
	q.open(lumoHost+"/oauth/install").submit("/oauth/consent", "portal", fmt.Sprint(customer), "decision", "deny")
	q.sees("HubSpot was not connected")
}

func TestTheSecondPortalIsToldThatTheAccountIsTaken(t *testing.T) {
	t.Parallel()
	w := newInstallWorld(t)
	shop := w.channel(false)
	w.hub.AddPortal(4712, hubspotsandbox.PortalOptions{})
	first := w.person().open(lumoHost + "/oauth/install").allow()
	first.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret)
	first.sees("LINE_VERIFIED") // the note that explains why friends cannot be imported
	second := w.person().open(lumoHost+"/oauth/install").submit("/oauth/consent", "portal", "4712", "decision", "allow")
	second.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret)
	second.sees("connected to another HubSpot account", directory.CodeClaimed)
	if strings.Contains(second.page, "Corner Shop") {
		t.Fatal("the second portal sees the first one's account")
	}
	first.submit("/setup/line/disconnect", "slot", "1")
	second.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret)
	second.sees("Corner Shop")
	a, err := w.app.Accounts().ByBot(t.Context(), id.BotUserID(shop.BotUserID))
	if w.must(err); a.Portal != 4712 {
		t.Fatalf("account %+v", a)
	}
}

func TestUninstallInHubSpotIsNoticed(t *testing.T) {
	t.Parallel()
	w := newInstallWorld(t)
	w.person().open(lumoHost + "/oauth/install").allow()
	w.must(w.hub.Uninstall(customer))
	w.clock.Advance(time.Minute)
	w.hub.ResetStats()
	for range 4 {
		_, err := w.app.Properties().Candidates(t.Context(), customer, 1)
		if err == nil {
			t.Fatal("a call worked after the app was uninstalled")
		}
		w.clock.Advance(time.Minute)
	}
	// One call is refused, then the grant is asked for twice, and after that HubSpot is left alone (P-159).
	if st := w.hub.Stats(0); st.Total != 3 || w.hub.Stats(customer).Total != 0 {
		t.Fatalf("HubSpot was asked %v", st.Endpoints)
	}
	w.must(w.app.Portals().Uninstalled(t.Context(), customer, w.clock.Now()))
	if p := w.portal(); p.State != portal.Removed || p.Reason != portal.ReasonUninstalled {
		t.Fatalf("portal %+v", p)
	}
	// Our own wrong secret, on the other hand, is never the customer's fault.
	w.person().open(lumoHost + "/oauth/install").allow()
	w.hub.SetSecrets("another secret")
	w.clock.Advance(2 * time.Hour)
	for range 4 {
		if _, err := w.app.Properties().Candidates(t.Context(), customer, 1); err == nil {
			t.Fatal("a call worked with a wrong secret")
		}
		w.clock.Advance(2 * time.Minute)
	}
	if p := w.portal(); p.State != portal.Connected {
		t.Fatalf("portal %+v", p)
	}
}

func TestPropertiesThatAreThereAlready(t *testing.T) {
	t.Parallel()
	w := newInstallWorld(t)
	shop := w.channel(true)
	for _, d := range []hubspotsandbox.Definition{
		{Name: "line_user_id", Label: "A number", Type: "number", FieldType: "number"},
		{Name: "line_display_name", Label: "Their own", Type: "string", FieldType: "text"},
		{Name: "lhc_line_user_id", Label: "LINE User ID _ 1", Type: "string", FieldType: "text"},
	} {
		w.must(w.hub.DefineProperty(customer, "contacts", d))
	}
	p := w.person().open(lumoHost + "/oauth/install").allow()
	p.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret)
	p.sees("line_user_id_app", "line_display_name", "Already existed in HubSpot")
	p.open(lumoHost + "/setup/property?slot=1")
	p.sees("LINE User ID _ 1")
	p.submit("/setup/property", "name", "email")
	p.sees("cannot hold a LINE User ID")
	p.submit("/setup/property", "name", "lhc_line_user_id")
	p.isAt(lumoHost + "/setup/line#account-1")
	sets, err := w.app.Properties().Sets(t.Context(), customer, 1)
	w.must(err)
	if name, _ := sets[1].Name(lineproperty.UserID); name != "lhc_line_user_id" {
		t.Fatalf("LINE User ID is %q", name)
	}
	// A property that a user deletes in HubSpot stays deleted until somebody asks for it (P-48).
	w.must(w.hub.ArchiveProperty(customer, "contacts", "line_consent"))
	p.submit("/setup/line/check", "slot", "1")
	if slices.Contains(w.lineProperties(), "line_consent") {
		t.Fatal("a deleted property came back by itself")
	}
	_, err = w.app.Properties().Recreate(t.Context(), customer, portal.Actor{}, lineproperty.Wish{Slot: 1, AccountName: "Corner Shop"}, lineproperty.Consent)
	w.must(err)
	if !slices.Contains(w.lineProperties(), "line_consent") {
		t.Fatal("the property was not made again")
	}
	// Tags become options, under HubSpot's own rules for options.
	tags := []lineproperty.Tag{{ID: "t1", Name: "VIP"}, {ID: "t2", Name: "New"}}
	for range 2 {
		_, err = w.app.Properties().SetTags(t.Context(), customer, lineproperty.Wish{Slot: 1, AccountName: "Corner Shop"}, tags)
		w.must(err)
		tags[0].Name, tags[1].Deleted = "Gold", true
	}
}

func TestAnotherToolKeepsItsEvents(t *testing.T) {
	t.Parallel()
	w := newInstallWorld(t)
	shop := w.channel(true)
	w.must(w.app.Line().Channel(line.Channel{ID: shop.ID, Secret: shop.Secret}).SetWebhook(t.Context(), "https://rival.example.com/hook"))
	p := w.person().open(lumoHost + "/oauth/install").allow()
	p.submit("/setup/line/connect", "channel_id", shop.ID, "channel_secret", shop.Secret, "keep_previous", "1")
	all, err := w.app.Accounts().Accounts(t.Context(), customer)
	w.must(err)
	if len(all) != 1 || len(all[0].Forwards) != 1 || all[0].Forwards[0].URL != "https://rival.example.com/hook" || all[0].Verified != lineaccount.VerifiedYes {
		t.Fatalf("accounts %+v", all)
	}
}
