package runner

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// printer keeps the lines of all parts whole.
type printer struct {
	mu  sync.Mutex
	out io.Writer
}

func (p *printer) print(label string, text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%-16s %s\n", label, text)
}

// Status says that a part is up.
func (p *printer) Status(part, text string) { p.print(part, []byte(text)) }

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(bytes.TrimSuffix(b, []byte("\n")))
	return len(b), nil
}

// Lines prefixes every line with its origin. Each Write must be one line.
func (p *printer) Lines(label string) io.Writer {
	return writerFunc(func(line []byte) { p.print(label, line) })
}

// function keeps all that a function prints in its log file and shows what a person wants to see: its own lines and failed invocations.
func (p *printer) function(id string, log io.Writer) io.Writer {
	return writerFunc(func(line []byte) {
		log.Write(append(bytes.Clone(line), '\n'))
		report := bytes.HasPrefix(line, []byte("REPORT RequestId: "))
		if bytes.HasPrefix(line, []byte("START RequestId: ")) || report && !bytes.Contains(line, []byte(" Status: error")) {
			return
		}
		p.print(id, line)
	})
}
