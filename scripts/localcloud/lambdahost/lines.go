package lambdahost

import (
	"bytes"
	"io"
)

// lineWriter passes on whole lines of one process, so that those of several do not mix.
type lineWriter struct {
	to   io.Writer
	rest []byte
}

const longestLine = 256 << 10

func (w *lineWriter) Write(b []byte) (int, error) {
	w.rest = append(w.rest, b...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 {
			break
		}
		w.to.Write(w.rest[:i+1])
		w.rest = w.rest[i+1:]
	}
	if len(w.rest) > longestLine {
		w.flush()
	}
	return len(b), nil
}

// flush ends a line that the process did not end.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.to.Write(append(w.rest, '\n'))
		w.rest = nil
	}
}
