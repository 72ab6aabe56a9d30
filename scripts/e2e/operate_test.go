package e2e_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/runner"
	"lumo/shared/blob/s3"
	"lumo/shared/dynamo"
	"lumo/shared/id"
)

// operateBinary is the command as an operator builds it.
var operateBinary = sync.OnceValues(func() (string, error) {
	out := filepath.Join(stateFolder, "operate")
	build := exec.Command("go", "build", "-o", out, "./scripts/cmd/operate")
	build.Dir = root
	if b, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, b)
	}
	return out, nil
})

// operate runs a command of the runbook from an operator's machine and returns its JSON lines.
func operate(t *testing.T, args ...string) ([]map[string]any, error) {
	t.Helper()
	return operateOn(t, stateFolder, args...)
}

// operateOn works on the stage of another cloud.
func operateOn(t *testing.T, state string, args ...string) ([]map[string]any, error) {
	t.Helper()
	binary, err := operateBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"-environment", filepath.Join(state, runner.EnvironmentFile)}, args...)...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &log, []string{"HOME=" + t.TempDir()}
	err = cmd.Run()
	for line := range bytes.Lines(log.Bytes()) {
		if bytes.HasPrefix(line, []byte("{")) { // the rest is for the operator's eyes, who named the portal
			printed.Write(line)
		}
	}
	if err != nil {
		err = errors.New(strings.TrimSpace(log.String()))
	}
	var lines []map[string]any
	for d := json.NewDecoder(&out); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatalf("operate %v printed %s: %v", args, out.String(), err)
		}
		lines = append(lines, line)
	}
	return lines, err
}

func operated(t *testing.T, args ...string) map[string]any {
	t.Helper()
	lines, err := operate(t, args...)
	if err != nil || len(lines) == 0 {
		t.Fatalf("operate %v: %v, %v", args, lines, err)
	}
	return lines[len(lines)-1]
}

func TestTheDoctorFindsAWellStage(t *testing.T) {
	t.Parallel()
	tick(t)
	lines, err := operate(t, "doctor")
	if err != nil || len(lines) < 15 {
		t.Errorf("%v: %v", err, lines)
	}
}

// What the pages of the runbook begin with: the doctor names a portal whose tick stalls and a client secret that HubSpot does not take, and is
// content again when they are mended.
func TestTheDoctorNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	unwell := func(check, says string) {
		t.Helper()
		lines, err := operateOn(t, r.state, "doctor")
		if err == nil || !strings.Contains(err.Error(), "docs/runbook.md") {
			t.Errorf("%s: %v", check, err)
		}
		for _, l := range lines {
			if bad := l["check"] == check; l["ok"] == bad || bad && !strings.Contains(fmt.Sprint(l["detail"]), says) {
				t.Errorf("while %s is wrong: %v", check, l)
			}
		}
	}
	r.outside.HubSpot.SetSecrets("another")
	unwell("hubspot", "HUBSPOT_APP_CREDENTIALS")
	r.outside.HubSpot.SetSecrets(r.outside.Secret)

	p := id.PortalID(r.world.Load().Portal)
	table := dynamo.New(dynamodb.NewFromConfig(awslocal.Config(r.cloud.Endpoint("dynamodb"))), *r.cloud.System().Tables[0].Create.TableName)
	r.check(table.Directory().BringForward(t.Context(), p, time.Now().Add(-10*time.Minute)))
	unwell("tick", "portal "+p.String()+" waits")
	_, err := r.cloud.Tick(t.Context(), "Tick")
	r.check(err)
	eventually(t, within, "a well stage", func() string {
		if _, err := operateOn(t, r.state, "doctor"); err != nil {
			return err.Error()
		}
		return ""
	})
}

// A portal leaves for good: what is kept of it can be had, and is gone after a purge. Another portal keeps everything.
func TestAPortalIsExportedAndPurged(t *testing.T) {
	t.Parallel()
	stays := newCustomer(t, demo.Size{Contacts: 4, Lists: 1, Friends: 3, Linked: 2})
	leaves := newCustomer(t, demo.Size{Contacts: 4, Lists: 1, Friends: 3, Linked: 2})
	number := fmt.Sprint(leaves.Portal)
	leaves.quiet(within)

	folder, held := filepath.Join(t.TempDir(), "export"), found(t, number)
	kept := operated(t, "export", "-portal", number, "-to", folder)
	b, err := os.ReadFile(filepath.Join(folder, "items.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(b, []byte("\n")); lines == 0 || float64(lines) != kept["items"] {
		t.Errorf("%d lines of %v items", lines, kept["items"])
	}
	for _, p := range leaves.linked {
		if !bytes.Contains(b, []byte(p.user)) {
			t.Errorf("the export does not hold the friend %s", p.user)
		}
	}
	for key, durable := range held {
		if durable && !exported(t, folder, b, key) {
			t.Errorf("the export does not hold %s", key)
		}
	}
	for _, p := range stays.linked {
		if bytes.Contains(b, []byte(p.user)) {
			t.Errorf("the export holds %s of another portal", p.user)
		}
	}

	if _, err := operate(t, "purge", "-portal", number, "-do"); err == nil || !strings.Contains(err.Error(), "disconnect it first") {
		t.Errorf("a connected portal: %v", err)
	}
	before, all := stays.memory(), found(t, fmt.Sprint(stays.Portal))
	count := operated(t, "purge", "-portal", fmt.Sprint(stays.Portal))["items"]
	leaves.api("POST", "/api/v1/disconnect", map[string]any{"confirm": true}, nil)
	if n := operated(t, "purge", "-portal", number); n["deleted"] != false || n["items"] == 0. {
		t.Errorf("counted %v", n)
	}
	operated(t, "purge", "-portal", number, "-do")
	leaves.edit(leaves.linked[0], "phone", "+81300000000", hubspotsandbox.By{}) // what comes late must not begin anything
	eventually(t, within, "nothing is left", func() string {
		if n := operated(t, "purge", "-portal", number); n["items"] != 0. || n["objects"] != 0. {
			return fmt.Sprint(n)
		}
		return ""
	})
	eventually(t, within, "a search finds nothing", func() string {
		for key := range found(t, number) {
			return key
		}
		for _, p := range leaves.linked {
			for key := range found(t, p.user) {
				return key
			}
		}
		return ""
	})
	left := found(t, fmt.Sprint(stays.Portal))
	for key, durable := range all {
		if _, ok := left[key]; durable && !ok {
			t.Errorf("the other portal lacks %s", key)
		}
	}
	if now := stays.memory(); now != before {
		t.Errorf("the other portal had %s, has %s", before, now)
	}
	if n := operated(t, "purge", "-portal", fmt.Sprint(stays.Portal))["items"]; n.(float64) < count.(float64)/2 {
		t.Errorf("the other portal had %v items, has %v", count, n)
	}
}

// found searches the whole table and bucket, whatever the keys look like, for items and objects that hold a text. It tells which are to last.
func found(t *testing.T, text string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	table := dynamodb.NewFromConfig(awslocal.Config(cloud.Endpoint("dynamodb")))
	pages := dynamodb.NewScanPaginator(table, &dynamodb.ScanInput{TableName: cloud.System().Tables[0].Create.TableName, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			var plain map[string]any
			if err := attributevalue.UnmarshalMap(it, &plain); err != nil {
				t.Fatal(err)
			}
			if b, err := json.Marshal(plain); err != nil || bytes.Contains(b, []byte(text)) {
				out[fmt.Sprint("item ", plain["pk"], " ", plain["sk"])] = plain["ttl"] == nil
			}
		}
	}
	objects := s3.Client(awslocal.Config(cloud.Endpoint("s3")))
	names := awss3.NewListObjectsV2Paginator(objects, &awss3.ListObjectsV2Input{Bucket: &cloud.System().Buckets[0]})
	for names.HasMorePages() {
		page, err := names.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			r, err := objects.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &cloud.System().Buckets[0], Key: o.Key})
			if err != nil {
				continue // gone meanwhile: other tests purge, too
			}
			b, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil || strings.Contains(*o.Key, text) || bytes.Contains(b, []byte(text)) {
				out["object "+*o.Key] = true
			}
		}
	}
	return out
}

// exported tells whether an export holds what found has found.
func exported(t *testing.T, folder string, items []byte, key string) bool {
	t.Helper()
	kind, name, _ := strings.Cut(key, " ")
	if kind == "object" {
		_, err := os.Stat(filepath.Join(folder, "objects", strings.TrimPrefix(name, "portal/")))
		return err == nil
	}
	for line := range bytes.Lines(items) {
		var it map[string]any
		if err := json.Unmarshal(line, &it); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(it["pk"], " ", it["sk"]) == name {
			return true
		}
	}
	return false
}

// HubSpot refuses a value; an operator counts and tries again, and has everything compared.
func TestAnOperatorTriesAgain(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 4, Lists: 1, Friends: 3, Linked: 2})
	number := fmt.Sprint(c.Portal)
	p := c.linked[0]
	rule := hubspotsandbox.Rule{Object: "contacts", Property: "line_follow_status", Pattern: "^following$"}
	if err := outside.HubSpot.SetRules(c.Portal, []hubspotsandbox.Rule{rule}); err != nil {
		t.Fatal(err)
	}
	if err := outside.Line.Block(c.account.ID, p.user); err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "a failed item", func() string {
		if n := operated(t, "redrive", "-portal", number)["items"]; n != 1. {
			return fmt.Sprint(n, " failed items")
		}
		return ""
	})
	if err := outside.HubSpot.SetRules(c.Portal, nil); err != nil {
		t.Fatal(err)
	}
	if n := operated(t, "redrive", "-portal", number, "-do"); n["retried"] != 1. {
		t.Errorf("tried %v", n)
	}
	eventually(t, within, "the value in HubSpot", func() string {
		if got := c.hubspot(p, "line_follow_status"); got != "blocked" {
			return got
		}
		return ""
	})
	if run := operated(t, "resync", "-portal", number); run["run"] == "" {
		t.Errorf("began %v", run)
	}
	if _, err := operate(t, "resync", "-portal", "0"); err == nil || !strings.Contains(err.Error(), "-portal") {
		t.Errorf("portal 0: %v", err)
	}
}

// Every command that the docs tell an operator to type works as it stands there.
func TestCommandsOfTheDocs(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 2, Lists: 1, Friends: 2, Linked: 1})
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	const begin = "go run ./scripts/cmd/operate -environment stage.json "
	var commands []string
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), begin); ok && !slices.Contains(commands, command) {
				commands = append(commands, command)
			}
		}
	}
	if len(commands) < 6 {
		t.Fatalf("only %q", commands)
	}
	// Purging comes last, when the customer has left.
	slices.SortStableFunc(commands, func(a, b string) int { return cmp.Compare(strings.Count(a, "purge"), strings.Count(b, "purge")) })
	left := false
	for _, command := range commands {
		if strings.HasPrefix(command, "purge") && !left {
			c.api("POST", "/api/v1/disconnect", map[string]any{"confirm": true}, nil)
			left = true
		}
		if strings.HasPrefix(command, "doctor") {
			tick(t) // nobody else does, and these tests may take longer than the doctor allows
		}
		if command == "rotate-key -do" {
			command += " -settle 1s" // instead of six minutes
		}
		command = strings.NewReplacer(" N", fmt.Sprintf(" %d", c.Portal), "FOLDER", filepath.Join(t.TempDir(), "copy")).Replace(command)
		if lines, err := operate(t, strings.Fields(command)...); err != nil || len(lines) == 0 {
			t.Errorf("%s: %v, %v", command, lines, err)
		}
	}
}
