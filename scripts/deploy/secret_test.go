package deploy_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lumo/scripts/deploy"
)

// rotation is a stage whose Secrets Manager is two values.
func rotation(t *testing.T, known bool) (s deploy.Stage, ran *[]string, secrets map[string]string) {
	t.Helper()
	s, ran = stage(t, nil)
	secrets = map[string]string{"arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:lumo/prod/hubspot-client-secret": "old-text"}
	const previous = "lumo/prod/hubspot-client-secret-previous"
	if known {
		secrets[previous] = "older"
	}
	inner := s.Run
	s.Run = func(ctx context.Context, name string, args ...string) (string, error) {
		flags := map[string]string{}
		for i := 0; i+1 < len(args); i++ {
			flags[args[i]] = args[i+1]
		}
		if _, err := inner(ctx, name, args...); err != nil || args[0] != "secretsmanager" {
			return "", err
		}
		at := flags["--secret-id"] + flags["--name"]
		switch args[1] {
		case "get-secret-value":
			return secrets[at] + "\n", nil
		case "list-secrets":
			if _, there := secrets[previous]; there {
				return "arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:" + previous + "-AbCdEf\n", nil
			}
			return "\n", nil
		case "create-secret", "put-secret-value":
			if _, there := secrets[at]; there != (args[1] == "put-secret-value") {
				t.Errorf("%s of %s", args[1], at)
			}
			b, err := os.ReadFile(strings.TrimPrefix(flags["--secret-string"], "file://"))
			secrets[at] = string(b)
			return "arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:" + previous + "-AbCdEf\n", err
		}
		t.Errorf("asks for %q", args)
		return "", nil
	}
	return s, ran, secrets
}

func TestTheClientSecretIsRotated(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"for the first time": false, "again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ran, secrets := rotation(t, known)
			file := filepath.Join(t.TempDir(), "new")
			if err := os.WriteFile(file, []byte("new-text"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Secret(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			if got := secrets["lumo/prod/hubspot-client-secret-previous"]; got != "old-text" {
				t.Errorf("the second secret is %q", got)
			}
			if got := secrets["arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:lumo/prod/hubspot-client-secret"]; got != "new-text" {
				t.Errorf("the secret is %q", got)
			}
			last := (*ran)[len(*ran)-1]
			if !strings.HasPrefix(last, "sam deploy ") || !strings.Contains(last, " HubspotClientSecretPrevious=arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:lumo/prod/hubspot-client-secret-previous-AbCdEf") {
				t.Errorf("at last it ran %s", last)
			}
			if all := strings.Join(*ran, "\n"); strings.Contains(all, "new-text") || strings.Contains(all, "old-text") {
				t.Error("a secret was an argument of a command")
			}
			before := len(*ran)
			if err := s.Secret(t.Context(), file); err != nil || secrets["lumo/prod/hubspot-client-secret-previous"] != "old-text" {
				t.Errorf("repeated after a deployment that failed: %v", err)
			}
			if last := (*ran)[len(*ran)-1]; len(*ran) != before+3 || !strings.Contains(last, " HubspotClientSecretPrevious=arn:") {
				t.Errorf("repeated, it ran %q", (*ran)[before:])
			}
		})
	}
}

func TestAClientSecretThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	s, ran, _ := rotation(t, false)
	for _, text := range []string{"", "new-text\n", " x"} {
		file := filepath.Join(t.TempDir(), "new")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Secret(t.Context(), file); err == nil || len(*ran) != 0 {
			t.Errorf("%q: %v, ran %q", text, err, *ran)
		}
	}
	file := filepath.Join(t.TempDir(), "present")
	if err := os.WriteFile(file, []byte("old-text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Secret(t.Context(), file); err == nil || !strings.Contains(err.Error(), "holds the present secret") {
		t.Errorf("the present secret: %v", err)
	}
	under, ran := stage(t, func(p string) string {
		return strings.Replace(p, `"LinkSigningKey"`, `"HubspotClientSecretPrevious": "arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:lumo/prod/x", "LinkSigningKey"`, 1)
	})
	if err := under.Secret(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), "under way") || len(*ran) != 0 {
		t.Errorf("during a rotation: %v, %q", err, *ran)
	}
}
