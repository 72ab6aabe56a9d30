// Package runner is the local cloud as one value: it reads template.yaml, builds the functions, starts stand-ins for the AWS services,
// hosts the functions and joins them to HTTP routes, queues and schedules. `make run`, the smoke test and the crash harness start the
// same value.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/httpapi"
	"lumo/scripts/localcloud/kms"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/mail"
	"lumo/scripts/localcloud/mapping"
	"lumo/scripts/localcloud/s3"
	"lumo/scripts/localcloud/sqs"
	"lumo/scripts/localcloud/template"
	"lumo/shared/clock"
)

// Config of a cloud.
type Config struct {
	// Root is the folder of template.yaml; function code is found relative to it.
	Root string
	// Repository is the folder with scripts/node_modules; empty means Root.
	Repository string
	// State is a folder that survives restarts.
	State string
	// Front and Control are listen addresses; port 0 takes a free one.
	Front, Control string
	// Parameters replace defaults of the template. PublicUrl is the front's origin unless it is given.
	Parameters map[string]string
	// Outside starts what the functions talk to beyond AWS, once our own origin is known, and returns parameters that lead there and
	// a function that stops it; nil means nothing.
	Outside func(ctx context.Context, front string, say Say) (parameters map[string]string, stop func(), err error)
	// Built holds bootstraps made earlier, as <function's logical id>/bootstrap; empty builds them below State.
	Built string
	// Getenv finds endpoint variables (AWS_ENDPOINT_URL_<SERVICE>) that are used instead of a stand-in; nil means os.Getenv.
	Getenv func(string) string
	// Out receives status lines and what the functions print; nil means nothing.
	Out io.Writer
	// Chaos of the queues from the start.
	Chaos sqs.Chaos
	// NoSchedules leaves the schedules to Tick.
	NoSchedules bool
	// Freeze stops function processes between invocations.
	Freeze bool
	// Environments is how many of a function may be at work at once where the template reserves nothing; 0 is lambdahost's own limit.
	Environments int
	// TableInMemory forgets the table at the end; for tests.
	TableInMemory bool
	// Tap replaces the address by which the functions and the event source mappings reach a service: for harnesses that watch or cut
	// their calls. nil changes nothing.
	Tap func(service, url string) string
	// Again, when set, brings messages of a failed invocation back after so many seconds instead of the queue's visibility timeout, for
	// harnesses that cannot wait minutes for each.
	Again time.Duration
}

// Say prints whole lines that do not mix with those of other parts.
type Say interface {
	// Status says that a part is up.
	Status(part, text string)
	// Lines prefixes lines with the part they come from; each Write must be one line.
	Lines(part string) io.Writer
}

// Cloud is a running local cloud.
type Cloud struct {
	config  Config
	system  *template.System
	started time.Time
	say     *printer
	clock   clock.Clock

	frontURL, controlURL string
	outside              map[string]string // parameters
	endpoints            map[string]string // by service
	sqs                  *sqs.Server       // nil when the endpoint was brought
	kms                  *kms.Server
	mail                 *mail.Server
	counter              *dynamodb.Counter
	counterURL           string
	functions            map[string]*lambdahost.Function // by logical id
	mappings             map[string]*mapping.Mapping     // by logical id of the function and event
	schedules            []*scheduled

	failed  chan error
	closers []func() // run in reverse
	once    sync.Once
}

// Start brings everything up, or nothing.
func Start(ctx context.Context, config Config) (*Cloud, error) {
	if config.Repository == "" {
		config.Repository = config.Root
	}
	if config.Getenv == nil {
		config.Getenv = os.Getenv
	}
	if config.Out == nil {
		config.Out = io.Discard
	}
	c := &Cloud{
		config: config, started: time.Now(), say: &printer{out: config.Out}, clock: clock.Real{}, endpoints: map[string]string{},
		functions: map[string]*lambdahost.Function{}, mappings: map[string]*mapping.Mapping{}, failed: make(chan error, 1),
	}
	if err := c.start(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Cloud) start(ctx context.Context) error {
	if err := c.lock(); err != nil {
		return err
	}
	front, err := listen(c.config.Front, "-front")
	if err != nil {
		return err
	}
	c.onClose(func() { front.Close() })
	control, err := listen(c.config.Control, "-control")
	if err != nil {
		return err
	}
	c.onClose(func() { control.Close() })
	c.frontURL, c.controlURL = "http://"+front.Addr().String(), "http://"+control.Addr().String()

	if err := c.readTemplate("http://127.0.0.1"); err != nil { // before anything is started or built
		return err
	}
	if err := c.startOutside(ctx); err != nil {
		return err
	}
	if err := c.startSQS(); err != nil {
		return err
	}
	if err := c.readTemplate(c.endpoints[serviceSQS]); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{c.createQueues, c.startTable, c.startObjects, c.startKeys, c.startMail, c.startFunctions, c.startMappings, c.startSchedules} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.serve(control, c.controlHandler())
	c.say.Status("control", c.controlURL)
	c.serve(front, c.api())
	c.say.Status("front", c.frontURL)
	return nil
}

// stack is what the resources' names begin with.
const stack = "lumo"

func (c *Cloud) readTemplate(queues string) (err error) {
	c.system, err = c.resolve(queues, nil)
	return err
}

func (c *Cloud) resolve(queues string, others map[string]string) (*template.System, error) {
	parameters := map[string]string{"PublicUrl": c.frontURL}
	maps.Copy(parameters, c.outside)
	maps.Copy(parameters, c.config.Parameters)
	maps.Copy(parameters, others)
	return template.Read(filepath.Join(c.config.Root, "template.yaml"), template.Local{Stack: stack, SQS: queues, Parameters: parameters})
}

func (c *Cloud) startOutside(ctx context.Context) error {
	if c.config.Outside == nil {
		return nil
	}
	parameters, stop, err := c.config.Outside(ctx, c.frontURL, c.say)
	if err != nil {
		return err
	}
	c.onClose(stop)
	c.outside = parameters
	return nil
}

// lock makes this process the only user of the state folder.
func (c *Cloud) lock() error {
	release, err := lock(c.config.State)
	if err != nil {
		return err
	}
	c.onClose(release)
	return nil
}

func lock(state string) (release func(), err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(state, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another local cloud uses the folder %s: stop it, or choose another folder with -state", state)
	}
	return func() { f.Close() }, nil
}

// Reset forgets everything that a cloud with this state folder kept.
func Reset(state string) error {
	release, err := lock(state)
	if err != nil {
		return err
	}
	defer release()
	return os.RemoveAll(state)
}

func listen(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use: stop what listens there, or choose another with %s", addr, flag)
	}
	return l, err
}

func (c *Cloud) onClose(f func()) { c.closers = append(c.closers, f) }

// serve answers on l until the cloud closes; requests at work get a moment to end.
func (c *Cloud) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l)
	c.onClose(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	})
}

// api joins the routes of all functions.
func (c *Cloud) api() http.Handler {
	a := httpapi.New()
	for _, f := range c.system.Functions {
		for _, r := range f.Routes {
			a.Add(r, c.functions[f.ID])
		}
	}
	return a
}

// fail reports the end of a part that must not end.
func (c *Cloud) fail(err error) {
	select {
	case c.failed <- err:
	default:
	}
}

// Failed yields an error when a part has ended by itself; the cloud is of no use then.
func (c *Cloud) Failed() <-chan error { return c.failed }

// URL is the origin of the HTTP front.
func (c *Cloud) URL() string { return c.frontURL }

// ControlURL is the origin of the control endpoint.
func (c *Cloud) ControlURL() string { return c.controlURL }

// Endpoint is the address of a service: "dynamodb", "sqs", "s3", "kms" or "sesv2".
func (c *Cloud) Endpoint(service string) string { return c.endpoints[service] }

// System is the resolved template.
func (c *Cloud) System() *template.System { return c.system }

// Close stops everything in order. Invocations at work get a moment, then their processes end; their messages come again.
func (c *Cloud) Close() {
	c.once.Do(func() {
		for _, f := range slices.Backward(c.closers) {
			f()
		}
	})
}

// startObjects, startKeys and startMail run stand-ins in this process.
func (c *Cloud) startObjects(context.Context) error {
	return c.standIn(serviceS3, "s3", func() (http.Handler, error) {
		s, err := s3.New(c.file("s3.db"), c.system.Buckets...)
		if err != nil {
			return nil, err
		}
		c.onClose(func() { s.Close() })
		return s, nil
	})
}

func (c *Cloud) startKeys(context.Context) error {
	return c.standIn(serviceKMS, "kms", func() (http.Handler, error) {
		s, err := kms.New(c.file("kms.json"), c.system.Keys...)
		c.kms = s
		return s, err
	})
}

func (c *Cloud) startMail(context.Context) error {
	return c.standIn(serviceSES, "mail", func() (http.Handler, error) {
		s, err := mail.New(c.file("outbox.jsonl"), c.clock)
		if err != nil {
			return nil, err
		}
		c.mail = s
		c.onClose(func() { s.Close() })
		return s, nil
	})
}

func (c *Cloud) file(name string) string { return filepath.Join(c.config.State, name) }
