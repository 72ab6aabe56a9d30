// Package child runs servers as child processes that never outlive their parent, however it ends.
package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// Process is a running server.
type Process struct {
	cmd  *exec.Cmd
	hold io.Closer
	done chan struct{}
	once sync.Once
}

// leash ends the server when the pipe on its standard input closes, which the death of the parent does, too.
const leash = `"$@" </dev/null & p=$!
trap '' INT
exec 1>&- 2>&-
read -r _
kill $p
( sleep 2; kill -9 $p ) & w=$!
wait $p
kill $w`

// Start runs bin with args and env and waits until a line of its output contains ready. All its output goes to log. The child has
// its own process group, so that Ctrl-C in a terminal reaches the parent alone, which then stops the parts in order.
func Start(bin string, args, env []string, ready string, log io.Writer) (*Process, error) {
	c := exec.Command("/bin/sh", append([]string{"-c", leash, "sh", bin}, args...)...)
	c.Env = env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	hold, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdout, c.Stderr = in, in
	err = c.Start()
	in.Close()
	if err != nil {
		out.Close()
		return nil, fmt.Errorf("start %s: %w", bin, err)
	}
	p := &Process{cmd: c, hold: hold, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.watch(out, ready, log, started)
	if err := <-started; err != nil {
		p.Stop()
		return nil, fmt.Errorf("start %s: %w", bin, err)
	}
	return p, nil
}

// watch copies the output and reports when it says that the server is ready, or ends without saying so.
func (p *Process) watch(out io.ReadCloser, ready string, log io.Writer, started chan<- error) {
	defer out.Close()
	last, up := "it said nothing", false
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			last = strings.TrimSpace(line)
			io.WriteString(log, line)
			if !up && strings.Contains(line, ready) {
				up = true
				started <- nil
			}
		}
		if err != nil {
			break
		}
	}
	if !up {
		started <- errors.New(last)
	}
	close(p.done)
}

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the server with SIGTERM, after 2 s with SIGKILL, and returns when it is gone.
func (p *Process) Stop() {
	p.once.Do(func() {
		p.hold.Close()
		p.cmd.Wait()
	})
}

// FreePort is a TCP port of the loopback interface that nobody listened on a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
