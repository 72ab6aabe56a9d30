package crash

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lumo/scripts/localcloud/runner"
)

// variable carries the configuration of a local cloud that runs as a process of its own, from the same binary.
const variable = "LUMO_CRASH_CLOUD"

// process configures it.
type process struct {
	Root, State, Built, Front, Tap string
	Parameters                     map[string]string
}

// again is how long a message whose function was killed stays hidden here; in AWS it is the queue's visibility timeout.
const again = time.Second

// Main is the local cloud's process when this binary was started as one, and returns at once otherwise. Whoever uses the package calls
// it first.
func Main() {
	text := os.Getenv(variable)
	if text == "" {
		return
	}
	if err := serve(text); err != nil {
		fmt.Fprintln(os.Stderr, "crash: local cloud:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serve(text string) error {
	var p process
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	c, err := runner.Start(context.Background(), runner.Config{
		Root: p.Root, State: p.State, Built: p.Built, Front: p.Front, Control: "127.0.0.1:0", Parameters: p.Parameters, Out: os.Stderr, NoSchedules: true, Again: again,
		Tap: func(service, address string) string {
			return p.Tap + "/" + service + "/" + strings.TrimPrefix(address, "http://")
		},
		Getenv: func(string) string { return "" },
	})
	if err != nil {
		return err
	}
	fmt.Println(c.ControlURL())
	go func() {
		io.Copy(io.Discard, os.Stdin) // ends when whoever started us does
		os.Exit(0)
	}()
	return <-c.Failed()
}

// cloud is the local cloud as the harness sees it: a process that may be killed and is started again.
type cloud struct {
	process
	log *os.File

	mu      sync.Mutex
	cmd     *exec.Cmd
	hold    io.Closer
	ended   chan struct{}
	control string
	stopped bool
}

// start runs the process and waits until it serves.
func (c *cloud) start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errors.New("stopped")
	}
	text, err := json.Marshal(c.process)
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), variable+"="+string(text))
	cmd.Stderr = c.log
	hold, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	stop()
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	if err != nil {
		cmd.Process.Kill()
		<-ended
		return fmt.Errorf("the local cloud does not start; see %s", c.log.Name())
	}
	c.cmd, c.hold, c.ended, c.control = cmd, hold, ended, strings.TrimSpace(line)
	return nil
}

// kill9 kills it with everything it runs, and starts it again when nobody has its files open any more.
func (c *cloud) kill9(ctx context.Context) error {
	c.mu.Lock()
	cmd, ended := c.cmd, c.ended
	c.mu.Unlock()
	if err := kill9(cmd.Process.Pid); err != nil {
		return err
	}
	<-ended
	for inUse(c.State + string(filepath.Separator)) {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// close stops it for good.
func (c *cloud) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	if c.cmd == nil {
		return
	}
	c.hold.Close()
	select {
	case <-c.ended:
	case <-time.After(5 * time.Second):
		c.cmd.Process.Kill()
		<-c.ended
	}
}

// endpoint is the control endpoint of the process that runs now.
func (c *cloud) endpoint() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.control
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
