// Package soak runs the acceptance of the product at its full sizes, one part after the other: what the tests show small and every day.
package soak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Part is one command, run at the root of the repository.
type Part struct {
	Name    string
	Command []string
}

// Parts are everything. Seeds of the simulation begin at base, so that every soak looks elsewhere.
func Parts(base int) []Part {
	return []Part{
		{"smoke", []string{"go", "run", "./scripts/cmd/smoke", "-quiet", "-contacts", "20000", "-companies", "2000", "-friends", "6000", "-linked", "5000", "-limit", "6m"}},
		{"outage", []string{"go", "test", "-count=1", "-timeout", "10m", "-run", "TestAnOutage", "./scripts/e2e", "-outage", "2m"}},
		{"broadcast", []string{"go", "test", "-count=1", "-timeout", "10m", "-run", "TestBroadcastKilled", "-v", "./scripts/contract", "-recipients", "250000"}},
		{"ids", []string{"go", "test", "-count=1", "-timeout", "20m", "-run", "TestImportOfLineUserIDs", "-v", "./scripts/contract", "-ids", "100000"}},
		{"workflow", []string{"go", "test", "-count=1", "-timeout", "10m", "-run", "TestWorkflowCrowd", "-v", "./scripts/contract", "-enrolled", "10000"}},
		{"inbox", []string{"go", "test", "-count=1", "-timeout", "15m", "-run", "TestI2ConversationsKilledAtRandom", "-v", "./scripts/contract", "-conversations", "1000"}},
		{"sim", []string{"go", "run", "./scripts/cmd/sim", "-seeds", "150", "-base", fmt.Sprint(base)}},
		{"crash", []string{"go", "run", "./scripts/cmd/crash"}},
	}
}

// Outcome is a part's line, and the last one's of all (Part "soak").
type Outcome struct {
	Part    string          `json:"part"`
	OK      bool            `json:"ok"`
	Seconds float64         `json:"seconds"`
	Error   string          `json:"error,omitempty"`
	Last    json.RawMessage `json:"last,omitempty"` // the part's own last JSON line
}

// Run runs the parts, prints a JSON line for each and one for all, and tells whether all hold. What the parts print goes to log.
func Run(ctx context.Context, root string, parts []Part, out, log io.Writer) (bool, error) {
	began, all := time.Now(), true
	print := json.NewEncoder(out)
	for _, p := range parts {
		o := run(ctx, root, p, log)
		all = all && o.OK
		if err := print.Encode(o); err != nil {
			return false, err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return all, errors.Join(ctx.Err(), print.Encode(Outcome{Part: "soak", OK: all && ctx.Err() == nil, Seconds: time.Since(began).Seconds()}))
}

func run(ctx context.Context, root string, p Part, log io.Writer) Outcome {
	began := time.Now()
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Command[0], p.Command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, io.MultiWriter(&printed, log), log
	err := cmd.Run()
	o := Outcome{Part: p.Name, OK: err == nil, Seconds: time.Since(began).Seconds(), Last: lastJSON(&printed)}
	if err != nil {
		o.Error = strings.Join(p.Command, " ") + ": " + err.Error()
	}
	return o
}

// lastJSON finds the last line that is a JSON object.
func lastJSON(r io.Reader) json.RawMessage {
	var last json.RawMessage
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if b := bytes.TrimSpace(lines.Bytes()); len(b) > 0 && b[0] == '{' && json.Valid(b) {
			last = bytes.Clone(b)
		}
	}
	return last
}
