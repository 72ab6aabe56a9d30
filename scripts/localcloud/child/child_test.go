package child_test

import (
	"bytes"
	"strings"
	"testing"

	"lumo/scripts/localcloud/child"
)

func TestReadyAndStop(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p, err := child.Start("/bin/sh", []string{"-c", "echo warming; echo listening; exec sleep 1000"}, nil, "listening", &log)
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	<-p.Done()
	if !strings.Contains(log.String(), "warming") {
		t.Errorf("log: %q", log.String())
	}
}

func TestTheReasonOfAFailedStart(t *testing.T) {
	t.Parallel()
	_, err := child.Start("/bin/sh", []string{"-c", "echo address already in use >&2; exit 1"}, nil, "listening", &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

func TestAnEndIsNoticed(t *testing.T) {
	t.Parallel()
	p, err := child.Start("/bin/sh", []string{"-c", "echo listening"}, nil, "listening", &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	p.Stop()
}
