// Package deploy brings the template into an AWS account with the SAM command, takes a release back and takes a stage down. It checks the
// stage's parameters before anything is asked of AWS.
package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lumo/scripts/localcloud/template"
)

// Stage is one deployment: the stack lumo-<name> with the parameters of infra/<name>.json.
type Stage struct {
	Root, Name string
	Out        io.Writer
	// Run runs a command and returns what it printed; nil is the real one.
	Run func(ctx context.Context, name string, args ...string) (string, error)
}

var stageName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,20}$`)

// ErrStage is wrapped by every error that the stage's name or parameters are to blame for.
var ErrStage = errors.New("the stage cannot be deployed")

func (s Stage) stack() string { return "lumo-" + s.Name }

func (s Stage) run(ctx context.Context, name string, args ...string) (string, error) {
	if s.Run != nil {
		return s.Run(ctx, name, args...)
	}
	if _, err := exec.LookPath(name); err != nil {
		return "", fmt.Errorf("the command %s is missing; docs/deploy.md tells what to install", name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = s.Root, s.Out
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return string(b), nil
}

// Parameters reads infra/<stage>.json and says everything that is wrong with it in one error.
func (s Stage) Parameters() (map[string]string, error) {
	if !stageName.MatchString(s.Name) {
		return nil, fmt.Errorf("%w: STAGE %q must be 2 to 21 small letters, digits and hyphens", ErrStage, s.Name)
	}
	file := filepath.Join("infra", s.Name+".json")
	b, err := os.ReadFile(filepath.Join(s.Root, file))
	if err != nil {
		return nil, fmt.Errorf("%w: %s is missing; begin with a copy of infra/parameters.example.json", ErrStage, file)
	}
	var doc struct{ Parameters map[string]string }
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrStage, file, err)
	}
	if _, err := template.Read(filepath.Join(s.Root, "template.yaml"), template.Local{Stack: s.stack(), SQS: "https://sqs", Parameters: doc.Parameters}); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrStage, file, err)
	}
	if err := check(s.Name, doc.Parameters); err != nil {
		return nil, fmt.Errorf("%w: %s:\n%w", ErrStage, file, err)
	}
	return doc.Parameters, nil
}

func check(stage string, p map[string]string) error {
	var problems []error
	bad := func(name, why string) { problems = append(problems, fmt.Errorf("%s %s", name, why)) }
	if p["Stage"] != stage {
		bad("Stage", "must be "+stage)
	}
	if stage == "dev" {
		bad("Stage", "dev is a developer's machine, whose rules are laxer")
	}
	for _, name := range []string{"PublicUrl", "HubspotClientId", "HubspotAppId", "HubspotClientSecret", "LinkSigningKey", "MailFrom"} {
		if p[name] == "" {
			bad(name, "is missing")
		}
	}
	u, err := url.Parse(p["PublicUrl"])
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" {
		bad("PublicUrl", "must be https://host without a path")
	}
	for _, name := range []string{"HubspotClientSecret", "HubspotClientSecretPrevious", "LinkSigningKey"} {
		if v := p[name]; v != "" && !strings.Contains(v, ":secret:lumo/"+stage+"/") {
			bad(name, "must be the ARN of a secret named lumo/"+stage+"/...: functions may read no other")
		}
	}
	with := []string{"OriginDomain", "CertificateArn", "OriginCertificateArn", "FrontKey"}
	for _, name := range with {
		if (p["Domain"] == "") != (p[name] == "") {
			bad(name, "and Domain belong together")
		}
	}
	if p["Domain"] != "" && u != nil && u.Host != p["Domain"] {
		bad("PublicUrl", "must be https://"+p["Domain"])
	}
	if p["Domain"] != "" && !strings.HasPrefix(p["CertificateArn"], "arn:aws:acm:us-east-1:") {
		bad("CertificateArn", "must lie in us-east-1, where CloudFront looks")
	}
	return errors.Join(problems...)
}

var (
	source = regexp.MustCompile(`(?m)^(\s+CodeUri: )functions/`)
	build  = regexp.MustCompile(`(?m)^    Metadata: \{ BuildMethod: [^}]*\}\n`)
)

// Template writes build/template.yaml, whose functions are the binaries that make build left beside it.
func (s Stage) Template() (string, error) {
	b, err := os.ReadFile(filepath.Join(s.Root, "template.yaml"))
	if err != nil {
		return "", err
	}
	b = build.ReplaceAll(source.ReplaceAll(b, []byte("${1}")), nil)
	file := filepath.Join("build", "template.yaml")
	if err := os.MkdirAll(filepath.Join(s.Root, "build"), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(s.Root, file), b, 0o644); err != nil {
		return "", err
	}
	system, err := template.Parse(b, template.Local{Stack: s.stack(), SQS: "https://sqs"})
	if err != nil {
		return "", err
	}
	for _, f := range system.Functions {
		if _, err := os.Stat(filepath.Join(s.Root, "build", f.Code, "bootstrap")); err != nil {
			return "", fmt.Errorf("%s is not built: make build", f.ID)
		}
	}
	return file, nil
}

// Up deploys: the first time it makes the stage, afterwards it changes it. Every function gets a new version that its alias moves to.
func (s Stage) Up(ctx context.Context) error {
	p, err := s.Parameters()
	if err != nil {
		return err
	}
	return s.up(ctx, p)
}

func (s Stage) up(ctx context.Context, p map[string]string) error {
	file, err := s.Template()
	if err != nil {
		return err
	}
	args := []string{"deploy", "--template-file", file, "--stack-name", s.stack(), "--config-file", filepath.Join(s.Root, "samconfig.toml"), "--parameter-overrides"}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		args = append(args, name+"="+p[name])
	}
	printed, err := s.run(ctx, "sam", args...)
	fmt.Fprint(s.Out, printed)
	return err
}

// Down deletes the stack. Table, bucket and key stay; docs/deploy.md tells how they go.
func (s Stage) Down(ctx context.Context) error {
	if !stageName.MatchString(s.Name) {
		return fmt.Errorf("%w: STAGE %q", ErrStage, s.Name)
	}
	printed, err := s.run(ctx, "sam", "delete", "--stack-name", s.stack(), "--no-prompts")
	fmt.Fprint(s.Out, printed)
	return err
}

// Back moves the alias of every function to the version before the present one.
func (s Stage) Back(ctx context.Context) error {
	if !stageName.MatchString(s.Name) {
		return fmt.Errorf("%w: STAGE %q", ErrStage, s.Name)
	}
	names, err := s.run(ctx, "aws", "cloudformation", "list-stack-resources", "--stack-name", s.stack(), "--output", "text",
		"--query", "StackResourceSummaries[?ResourceType=='AWS::Lambda::Function'].PhysicalResourceId")
	if err != nil {
		return err
	}
	for _, f := range strings.Fields(names) {
		now, err := s.run(ctx, "aws", "lambda", "get-alias", "--function-name", f, "--name", "live", "--query", "FunctionVersion", "--output", "text")
		if err != nil {
			return err
		}
		all, err := s.run(ctx, "aws", "lambda", "list-versions-by-function", "--function-name", f, "--query", "Versions[].Version", "--output", "text")
		if err != nil {
			return err
		}
		before, ok := previous(strings.Fields(all), strings.TrimSpace(now))
		if !ok {
			fmt.Fprintf(s.Out, "%s stays at %s: there is none before\n", f, strings.TrimSpace(now))
			continue
		}
		if _, err := s.run(ctx, "aws", "lambda", "update-alias", "--function-name", f, "--name", "live", "--function-version", before); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%s: %s -> %s\n", f, strings.TrimSpace(now), before)
	}
	return nil
}

// previous is the version before now; Lambda lists them oldest first, with $LATEST before all.
func previous(versions []string, now string) (string, bool) {
	i := slices.Index(versions, now)
	if i < 1 || versions[i-1] == "$LATEST" {
		return "", false
	}
	return versions[i-1], true
}
