// Package compose is the composition root: it builds the real services from the environment, each on first use, so that a function
// only makes what it needs. Nothing is decided here.
package compose

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	awssecrets "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	awsses "github.com/aws/aws-sdk-go-v2/service/sesv2"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/oklog/ulid/v2"

	"lumo/shared/blob"
	"lumo/shared/blob/presign"
	"lumo/shared/blob/s3"
	"lumo/shared/clock"
	"lumo/shared/config"
	"lumo/shared/config/secretsmanager"
	"lumo/shared/dynamo"
	"lumo/shared/hubspot"
	"lumo/shared/line"
	"lumo/shared/logging"
	"lumo/shared/mail"
	"lumo/shared/mail/ses"
	"lumo/shared/pace"
	"lumo/shared/queue"
	"lumo/shared/queue/sqs"
	"lumo/shared/seal"
	"lumo/shared/seal/kms"
)

// Parts are what differs between a function in AWS, a test and the simulation. Load fills in the real ones.
type Parts struct {
	Config config.Config
	Clock  clock.Clock
	Log    *slog.Logger
	// NewID makes names that sort by time.
	NewID func() string
	// Random gives n unguessable bytes, for states, cookies and nonces.
	Random func(n int) []byte
	// NewLogKey makes keys of portals' names in the log; nil logs their numbers.
	NewLogKey func() string
	// Jitter in [0,1) spreads repeats; nil uses each client's own.
	Jitter func() float64
	// HubSpotHTTP and LineHTTP; nil uses each client's own.
	HubSpotHTTP, LineHTTP *http.Client
	// The ways out, made on first use.
	DynamoDB func() dynamo.API
	Keys     func() seal.KeyService
	Queue    func() queue.Sender
	Mail     func() mail.Sender
	// Blobs, Depot and Addresses nil: what needs the bucket fails.
	Blobs     func() blob.Store
	Depot     func() blob.Depot
	Addresses func() blob.Addresses
	// Pace nil keeps the pace in the table.
	Pace pace.Store
	// Sequential does one thing at a time, always in the same order (the simulation).
	Sequential bool
}

// App holds the services of one process.
type App struct {
	Parts
	table    func() *dynamo.Table
	sealer   func() seal.Sealer
	queue    func() queue.Sender
	mail     func() mail.Sender
	blobs    func() blob.Store
	limiter  func() *pace.Limiter
	hubspot  func() *hubspot.Client
	line     func() *line.Client
	tenants  tenants
	accounts accounts
}

// Option adds a way out that not every function needs. A client that nobody names is not linked in: S3's alone is megabytes.
type Option func(p *Parts, c aws.Config)

// WithBlobs keeps blobs in the bucket.
func WithBlobs(p *Parts, c aws.Config) {
	bucket := p.Config.BlobBucket
	p.Blobs = func() blob.Store { return s3.New(s3.Client(c), bucket) }
}

// WithDepot streams large files into the bucket.
func WithDepot(p *Parts, c aws.Config) {
	bucket := p.Config.BlobBucket
	p.Depot = func() blob.Depot { return s3.NewDepot(s3.Client(c), bucket) }
}

// WithAddresses signs addresses of objects in the bucket, without the client of S3.
func WithAddresses(p *Parts, c aws.Config) {
	bucket, now := p.Config.BlobBucket, p.Clock
	p.Addresses = func() blob.Addresses {
		endpoint := ""
		for _, s := range c.ConfigSources {
			if env, ok := s.(awsconfig.EnvConfig); ok {
				endpoint, _, _ = env.GetServiceBaseEndpoint(context.Background(), "S3") // it reads the environment, which cannot fail
			}
		}
		return presign.Addresses{Endpoint: endpoint, Region: c.Region, Bucket: bucket, Credentials: c.Credentials, Clock: now}
	}
}

// Load reads the environment. A function calls it once, at start.
func Load(ctx context.Context, options ...Option) (*App, error) {
	// One AWS configuration for all clients; reading it calls nobody.
	c, err := account()
	if err != nil {
		return nil, err
	}
	secrets := secretsmanager.Secrets{Open: func(context.Context) (secretsmanager.API, error) {
		return awssecrets.NewFromConfig(c), nil
	}}
	cfg, err := config.Load(ctx, os.Getenv, secrets)
	if err != nil {
		return nil, err
	}
	p := Parts{Config: cfg, Clock: clock.Real{}, Log: slog.Default(), Random: random}
	p.NewID = newIDs(p.Clock)
	p.NewLogKey = func() string { return hex.EncodeToString(random(32)) }
	p.DynamoDB = sync.OnceValue(func() dynamo.API { return dynamodb.NewFromConfig(c) })
	logging.NamePortals(logNames(func() portalRows { return dynamo.Portals{Table: dynamo.New(p.DynamoDB(), cfg.TableName)} }))
	p.Keys = func() seal.KeyService { return kms.New(awskms.NewFromConfig(c), cfg.KMSKeyID) }
	p.Queue = func() queue.Sender { return sqs.New(awssqs.NewFromConfig(c), cfg.Queues, p.Clock) }
	p.Mail = func() mail.Sender { return ses.New(awsses.NewFromConfig(c), cfg.MailFrom) }
	for _, o := range options {
		o(&p, c)
	}
	return New(p), nil
}

// account is what AWS Lambda puts into a function's environment: credentials, region, endpoints. The SDK's search through profiles, roles and
// single sign-on would find the same, and carries four more services into every binary.
func account() (aws.Config, error) {
	env, err := awsconfig.NewEnvConfig()
	return aws.Config{
		Region: env.Region, Credentials: credentials.StaticCredentialsProvider{Value: env.Credentials}, ConfigSources: []any{env},
	}, err
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails; the process ends instead
	return b
}

// reader makes an io.Reader of Random.
type reader func(n int) []byte

func (r reader) Read(b []byte) (int, error) { return copy(b, r(len(b))), nil }

// newIDs are ULIDs: unique, and sorted by time.
func newIDs(c clock.Clock) func() string {
	return func() string { return ulid.MustNew(ulid.Timestamp(c.Now()), rand.Reader).String() }
}

// New joins the parts.
func New(p Parts) *App {
	a := &App{Parts: p}
	a.table = sync.OnceValue(func() *dynamo.Table { return dynamo.New(p.DynamoDB(), p.Config.TableName) })
	a.sealer = sync.OnceValue(func() seal.Sealer {
		e := seal.New(p.Keys(), p.Clock)
		if p.Random != nil {
			e.Rand = reader(p.Random)
		}
		return e
	})
	a.queue = sync.OnceValue(p.Queue)
	a.mail = sync.OnceValue(p.Mail)
	a.blobs = sync.OnceValue(func() blob.Store {
		if p.Blobs == nil {
			return blob.None{}
		}
		return p.Blobs()
	})
	a.limiter = sync.OnceValue(func() *pace.Limiter {
		store := p.Pace
		if store == nil {
			store = dynamo.NewPace(a.table(), p.Clock)
		}
		return pace.New(pace.Config{Store: store, Clock: p.Clock, NewID: p.NewID, Log: p.Log})
	})
	a.hubspot = sync.OnceValue(a.newHubSpot)
	a.line = sync.OnceValue(func() *line.Client {
		return line.New(line.Config{APIURL: p.Config.LineAPIURL, DataURL: p.Config.LineDataAPIURL, HTTP: p.LineHTTP, Clock: p.Clock})
	})
	a.tenants = newTenants(a)
	a.accounts = newAccounts(a)
	return a
}

func (a *App) newHubSpot() *hubspot.Client {
	c := a.Config
	return hubspot.New(hubspot.Config{
		BaseURL: c.HubspotAPIURL, AppURL: c.HubspotAppURL, AppID: c.HubspotAppID, ClientID: c.HubspotClientID,
		ClientSecret: c.HubspotClientSecret.Reveal(), HTTP: a.HubSpotHTTP, Clock: a.Clock, Tokens: a.Tokens(), AppTokens: appTokens{a}, Pace: a.limiter(), Rand: a.Jitter,
		Log: a.Log,
	})
}

func (a *App) Table() *dynamo.Table        { return a.table() }
func (a *App) Directory() dynamo.Directory { return a.table().Directory() }
func (a *App) Sealer() seal.Sealer         { return a.sealer() }
func (a *App) Sender() queue.Sender        { return a.queue() }
func (a *App) Mail() mail.Sender           { return a.mail() }
func (a *App) Blobs() blob.Store           { return a.blobs() }
func (a *App) HubSpot() *hubspot.Client    { return a.hubspot() }
func (a *App) Line() *line.Client          { return a.line() }

// Pace is this process's share of HubSpot's limits. Release it at the end of every invocation.
func (a *App) Pace() *pace.Limiter { return a.limiter() }
