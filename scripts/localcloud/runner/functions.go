package runner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/mapping"
	"lumo/scripts/localcloud/sqs"
	"lumo/scripts/localcloud/template"
)

// binary is where the bootstrap of a function lies.
func (c *Cloud) binary(f template.Function) string {
	return filepath.Join(c.built(), f.ID, "bootstrap")
}

func (c *Cloud) built() string {
	if c.config.Built != "" {
		return c.config.Built
	}
	return filepath.Join(c.config.State, "bin")
}

// Build makes the bootstraps of all functions below folder, for clouds that are started with it as Config.Built.
func Build(ctx context.Context, root, folder string) error {
	system, err := template.Read(filepath.Join(root, "template.yaml"), template.Local{Stack: stack, SQS: "http://127.0.0.1"})
	if err != nil {
		return err
	}
	return buildAll(ctx, root, folder, system.Functions)
}

// build makes a bootstrap as it is deployed.
func build(ctx context.Context, root, folder string, f template.Function) error {
	code := filepath.Join(root, f.Code)
	if _, err := os.Stat(code); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("template.yaml, Resources.%s: the folder %s does not exist", f.ID, f.Code)
	}
	out, err := filepath.Abs(filepath.Join(folder, f.ID, "bootstrap"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", out, ".")
	cmd.Dir = code
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", f.Code, err, printed.Bytes())
	}
	return nil
}

func buildAll(ctx context.Context, root, folder string, functions []template.Function) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the go command is missing: install Go from https://go.dev/dl/")
	}
	errs := make([]error, len(functions))
	var wg sync.WaitGroup
	room := make(chan struct{}, 2) // the go command is parallel itself
	for i, f := range functions {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			errs[i] = build(ctx, root, folder, f)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (c *Cloud) startFunctions(ctx context.Context) error {
	if c.config.Built == "" {
		began := time.Now()
		if err := buildAll(ctx, c.config.Root, c.built(), c.system.Functions); err != nil {
			return err
		}
		c.say.Status("built", fmt.Sprintf("%d functions in %.1f s", len(c.system.Functions), time.Since(began).Seconds()))
	}
	if err := os.MkdirAll(c.file("logs"), 0o700); err != nil {
		return err
	}
	for _, f := range c.system.Functions {
		log, err := os.OpenFile(filepath.Join(c.file("logs"), f.ID+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		c.onClose(func() { log.Close() })
		c.functions[f.ID] = lambdahost.New(lambdahost.Config{
			Name: f.Name, Binary: c.binary(f), Memory: f.Memory, Timeout: f.Timeout, Limit: cmp.Or(f.Reserved, c.config.Environments),
			Environment: c.environment(f), Output: c.say.function(f.ID, log), Freeze: c.config.Freeze,
		})
	}
	if err := c.writeEnvironment(c.system); err != nil {
		return err
	}
	c.onClose(func() {
		var wg sync.WaitGroup
		for _, f := range c.functions {
			wg.Go(f.Close)
		}
		wg.Wait()
	})
	return nil
}

// EnvironmentFile is where the variables of all functions lie below the state folder, for commands that work on a stage from outside.
const EnvironmentFile = "environment.json"

// Deploy gives the functions other parameters, as a deployment does: invocations at work end with those they began with.
func (c *Cloud) Deploy(parameters map[string]string) error {
	system, err := c.resolve(c.endpoints[serviceSQS], parameters)
	if err != nil {
		return err
	}
	for _, f := range system.Functions {
		c.functions[f.ID].Update(c.environment(f))
	}
	return c.writeEnvironment(system)
}

func (c *Cloud) writeEnvironment(system *template.System) error {
	all := map[string]string{"AWS_REGION": awslocal.Region}
	for _, f := range system.Functions {
		maps.Copy(all, c.environment(f))
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.file(EnvironmentFile), b, 0o600)
}

// environment is what the function sees: its own variables, the endpoints and credentials.
func (c *Cloud) environment(f template.Function) map[string]string {
	vars := map[string]string{}
	for name, value := range f.Environment {
		vars[name] = value
	}
	for service, url := range c.endpoints {
		if service == serviceDynamoDB && c.counter != nil {
			url = c.counterURL + "/" + f.ID
		}
		vars[variable(service)] = c.tapped(service, url)
	}
	for name, value := range c.credentials() {
		vars[name] = value
	}
	return vars
}

func (c *Cloud) tapped(service, url string) string {
	if c.config.Tap == nil {
		return url
	}
	return c.config.Tap(service, url)
}

// patience is how long batches at work may take when the cloud closes.
const patience = 2 * time.Second

func (c *Cloud) startMappings(context.Context) error {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	client := awssqs.NewFromConfig(c.aws(serviceSQS), func(o *awssqs.Options) { o.BaseEndpoint = new(c.tapped(serviceSQS, c.endpoints[serviceSQS])) })
	log := slog.New(slog.NewTextHandler(c.say.Lines("mapping"), nil))
	n := 0
	for _, f := range c.system.Functions {
		for _, src := range f.Sources {
			q, _ := c.system.Queue(src.Queue) // the template's reader has checked it
			m := mapping.New(mapping.Config{
				Queue: client, URL: c.endpoints[serviceSQS] + "/" + awslocal.Account + "/" + src.Queue, ARN: sqs.ARN(src.Queue), Function: c.functions[f.ID],
				Timeout: f.Timeout, Hidden: time.Duration(q.Visibility()) * time.Second, Again: c.config.Again,
				BatchSize: src.BatchSize, Window: src.Window, MaxConcurrency: src.MaxConcurrency, ReportItems: src.ReportItems, Log: log,
			})
			c.mappings[f.ID+"."+src.Event] = m
			wg.Go(func() { m.Run(ctx) })
			n++
		}
	}
	c.onClose(func() {
		stop()
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(patience):
		}
	})
	c.say.Status("queues", fmt.Sprintf("%d, read by %d event source mappings", len(c.system.Queues), n))
	return nil
}

// invoke is an invocation without an answer, as a schedule makes it.
func (c *Cloud) invoke(ctx context.Context, id string, payload []byte) (lambdahost.Result, error) {
	return c.functions[id].Invoke(ctx, payload)
}
