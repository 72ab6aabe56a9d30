package deploy_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lumo/scripts/deploy"
	"lumo/scripts/localcloud/template"
)

const root = "../.."

// stage is a repository with the real template, the example's parameters, and binaries that are only files.
func stage(t *testing.T, change func(string) string) (deploy.Stage, *[]string) {
	t.Helper()
	dir := t.TempDir()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	write := func(name string, b []byte) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	parameters := string(read("infra/parameters.example.json"))
	if change != nil {
		parameters = change(parameters)
	}
	write("template.yaml", read("template.yaml"))
	write("infra/prod.json", []byte(parameters))
	system, err := template.Read(filepath.Join(root, "template.yaml"), template.Local{Stack: "x", SQS: "https://sqs"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range system.Functions {
		write("build/"+strings.TrimPrefix(f.Code, "functions/")+"/bootstrap", nil)
	}
	var ran []string
	return deploy.Stage{Root: dir, Name: "prod", Out: &bytes.Buffer{}, Run: func(_ context.Context, name string, args ...string) (string, error) {
		ran = append(ran, name+" "+strings.Join(args, " "))
		return answer(args), nil
	}}, &ran
}

// answer is what AWS says in these tests.
func answer(args []string) string {
	switch all := strings.Join(args, " "); {
	case strings.HasPrefix(all, "cloudformation list-stack-resources"):
		return "prod-Old\tprod-New\n"
	case strings.Contains(all, "get-alias --function-name prod-Old"):
		return "7\n"
	case strings.Contains(all, "get-alias --function-name prod-New"):
		return "1\n"
	case strings.Contains(all, "list-versions-by-function --function-name prod-Old"):
		return "$LATEST\t5\t7\n"
	case strings.Contains(all, "list-versions-by-function"):
		return "$LATEST\t1\n"
	}
	return ""
}

// The example is what a stage with a domain looks like: it must be deployable as it is.
func TestAStageIsBroughtUp(t *testing.T) {
	t.Parallel()
	s, ran := stage(t, nil)
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(*ran) != 1 || !strings.HasPrefix((*ran)[0], "sam deploy --template-file build/template.yaml --stack-name lumo-prod ") || !strings.Contains((*ran)[0], " Stage=prod") {
		t.Errorf("ran %q", *ran)
	}
	b, err := os.ReadFile(filepath.Join(s.Root, "build/template.yaml"))
	if err != nil || strings.Contains(string(b), "functions/") || strings.Contains(string(b), "BuildMethod") || !strings.Contains(string(b), "CodeUri: oauth\n") {
		t.Errorf("the template that is deployed does not name the binaries: %v", err)
	}
}

// What AWS, or a function at its start, would find out late is found out before.
func TestWhatCannotWorkIsNotDeployed(t *testing.T) {
	t.Parallel()
	replace := func(from, to string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, from) {
				t.Fatalf("the example does not hold %s", from)
			}
			return strings.Replace(s, from, to, 1)
		}
	}
	for name, c := range map[string]struct {
		change func(string) string
		says   string
	}{
		"an unknown parameter":      {replace(`"MailFrom"`, `"MailForm"`), "the template has no parameter MailForm"},
		"no mail address":           {replace(`"MailFrom": "lumo@example.com"`, `"MailFrom": ""`), "MailFrom is missing"},
		"an address without TLS":    {replace("https://api.example.com", "http://api.example.com"), "PublicUrl must be https://host"},
		"another host":              {replace("https://api.example.com", "https://app.example.com"), "PublicUrl must be https://api.example.com"},
		"another stage":             {replace(`"Stage": "prod"`, `"Stage": "test"`), "Stage must be prod"},
		"a secret as it is":         {replace("arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:lumo/prod/hubspot-client-secret", "s3cret"), "HubspotClientSecret must be the ARN of a secret named lumo/prod/"},
		"another stage's secret":    {replace("lumo/prod/link-signing-key", "lumo/test/link-signing-key"), "LinkSigningKey must be the ARN"},
		"a domain without its door": {replace(`"OriginDomain": "origin.api.example.com"`, `"OriginDomain": ""`), "OriginDomain and Domain belong together"},
		"a certificate elsewhere":   {replace("arn:aws:acm:us-east-1:", "arn:aws:acm:eu-west-1:"), "CertificateArn must lie in us-east-1"},
		"days that nobody knows":    {replace(`"LogRetentionDays": "30"`, `"LogRetentionDays": "31"`), "RetentionInDays: 31 is none of"},
		"no JSON":                   {func(string) string { return "{" }, "infra/prod.json"},
	} {
		s, ran := stage(t, c.change)
		err := s.Up(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.says) || !errors.Is(err, deploy.ErrStage) || len(*ran) > 0 {
			t.Errorf("%s: %v; ran %q", name, err, *ran)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: shows a secret", name)
		}
	}
	s, _ := stage(t, nil)
	if err := os.Remove(filepath.Join(s.Root, "build/links/bootstrap")); err != nil {
		t.Fatal(err)
	}
	if err := s.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "Links is not built") {
		t.Errorf("without a binary: %v", err)
	}
	s.Name = "Prod; rm"
	for _, do := range []func(context.Context) error{s.Up, s.Down, s.Back} {
		if err := do(t.Context()); !errors.Is(err, deploy.ErrStage) {
			t.Errorf("a stage called %q: %v", s.Name, err)
		}
	}
}

func TestAReleaseIsTakenBack(t *testing.T) {
	t.Parallel()
	s, ran := stage(t, nil)
	if err := s.Back(t.Context()); err != nil {
		t.Fatal(err)
	}
	moved := 0
	for _, c := range *ran {
		if strings.HasPrefix(c, "aws lambda update-alias") {
			moved++
			if c != "aws lambda update-alias --function-name prod-Old --name live --function-version 5" {
				t.Error(c)
			}
		}
	}
	if moved != 1 {
		t.Errorf("%d aliases moved: a function with one version stays", moved)
	}
}

func TestAStageIsTakenDown(t *testing.T) {
	t.Parallel()
	s, ran := stage(t, nil)
	if err := s.Down(t.Context()); err != nil || len(*ran) != 1 || (*ran)[0] != "sam delete --stack-name lumo-prod --no-prompts" {
		t.Errorf("%v, %q", err, *ran)
	}
}
