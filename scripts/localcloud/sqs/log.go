package sqs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// log is the write-ahead log: one JSON line per change. A line is handed to the operating system in one write before the change is
// answered, so a killed process loses nothing that it had answered. It is not synced to the disk: a power cut is out of scope.
type log struct {
	path    string
	file    *os.File
	size    int64
	limit   int64 // compact when the file grows past it
	compact func() []change
}

const smallestLimit = 64 << 20

// openLog replays the file through apply and rewrites it as the state that results.
func openLog(path string, apply func(change) error, compact func() []change) (*log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("queue log: %w", err)
	}
	if err := replay(path, apply); err != nil {
		return nil, err
	}
	l := &log{path: path, compact: compact}
	return l, l.rewrite()
}

// replay stops before a last line without an end: the process died while writing it, so it was never answered.
func replay(path string, apply func(change) error) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("queue log: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("queue log: %w", err)
		}
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("queue log %s, line %d: %w", path, n, err)
		}
		if err := apply(c); err != nil {
			return fmt.Errorf("queue log %s, line %d: %w", path, n, err)
		}
	}
}

func encode(changes []change) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, c := range changes {
		if err := e.Encode(c); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// append writes the changes, or nothing.
func (l *log) append(changes []change) error {
	if l.size > l.limit {
		if err := l.rewrite(); err != nil {
			return err
		}
	}
	b, err := encode(changes)
	if err != nil {
		return err
	}
	if _, err := l.file.Write(b); err != nil {
		return errors.Join(err, l.file.Truncate(l.size))
	}
	l.size += int64(len(b))
	return nil
}

// rewrite replaces the file by the shortest log that leads to the present state.
func (l *log) rewrite() error {
	b, err := encode(l.compact())
	if err != nil {
		return err
	}
	next := l.path + ".next"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("queue log: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = os.Rename(next, l.path)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("queue log: %w", err)
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.size, l.limit = f, int64(len(b)), max(smallestLimit, 4*int64(len(b)))
	return nil
}

func (l *log) close() error { return l.file.Close() }
