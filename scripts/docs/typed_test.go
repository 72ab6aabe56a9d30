package docs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/harness"
)

// typed prepares a command as somebody types it in a clone.
func typed(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = root
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS") })
	return cmd
}

func TestWhatTakesSecondsIsTyped(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct {
		says string
		line []string
	}{
		{"make run", []string{"make", "help"}},
		{`"ok":true`, []string{"make", "sim", "SEEDS=1", "SEED_BASE=17"}},
		{`"ok":true`, []string{"go", "run", "./scripts/cmd/sim", "-seeds", "1", "-base", "17", "-trace", filepath.Join(folder, "17")}},
		{"CycloneDX", []string{"make", "sbom"}},
	} {
		cmd := typed(t.Context(), c.line[0], c.line[1:]...)
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte(c.says)) {
			t.Errorf("%q: %v, %s", c.line, err, out)
		}
	}
	for _, name := range []string{"17", "17.log"} {
		if i, err := os.Stat(filepath.Join(folder, name)); err != nil || i.Size() == 0 {
			t.Errorf("the trace: %v", err)
		}
	}
	out, err := typed(t.Context(), "go", "run", "./scripts/cmd/deploy", "check", "nowhere").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("infra/nowhere.json is missing")) {
		t.Errorf("a stage without parameters: %v, %s", err, out)
	}
}

// screen is what the command prints.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// README's first command, in the sizes that it names: within five minutes a contact in HubSpot shows what comes from LINE. Its state is forgotten
// afterwards as make reset does it.
func TestTheReadersPath(t *testing.T) {
	state, addresses := filepath.Join(t.TempDir(), "state"), map[string]string{}
	args := "-no-screens -state " + state
	for _, part := range []string{"front", "control", "hubspot", "line"} {
		a, err := harness.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		addresses[part] = a
		args += " -" + part + " " + a
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	shown := &screen{}
	cmd := typed(ctx, "make", "run", "ARGS="+args)
	cmd.Stdout, cmd.Stderr = shown, shown
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // make, go and the program end together
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	w := demo.World{HubSpot: "http://" + addresses["hubspot"], Portal: demo.Portal}
	for synced := false; !synced; {
		select {
		case err := <-ended:
			t.Fatalf("make run ended: %v\n%s", err, shown)
		case <-ctx.Done():
			t.Fatalf("no contact is synced after five minutes\n%s", shown)
		case <-time.After(200 * time.Millisecond):
		}
		contacts, err := w.Contacts(ctx)
		synced = err == nil && slices.ContainsFunc(contacts, func(c demo.Contact) bool { return c.Values["line_follow_status"] != "" })
	}
	t.Logf("from typing make run to the first synced contact: %.0f s", time.Since(began).Seconds())
	cancel()
	if err := <-ended; !strings.Contains(shown.String(), "stopping") {
		t.Errorf("it did not stop by itself: %v\n%s", err, shown)
	}
	if out, err := typed(t.Context(), "go", "run", "./scripts/cmd/local", "-reset", "-state", state).CombinedOutput(); err != nil {
		t.Errorf("reset: %v %s", err, out)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after a reset: %v", err)
	}
}
