// Command bootstrap is a function that does what its event says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

var calls int

type event struct {
	Do   string
	Size int
}

func handle(ctx context.Context, e event) (any, error) {
	calls++
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	switch e.Do {
	case "error":
		return nil, errors.New("the handler said no")
	case "panic":
		panic("boom")
	case "exit":
		os.Exit(3)
	case "hang":
		time.Sleep(time.Hour)
	case "large":
		return strings.Repeat("x", e.Size), nil
	case "allocate":
		b := make([]byte, e.Size)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		return len(b), nil
	case "wait": // until a file appears
		for {
			if _, err := os.Stat(os.Getenv("WAIT_FOR")); err == nil {
				return "waited", nil
			}
			time.Sleep(time.Millisecond)
		}
	case "environment":
		return os.Environ(), nil
	}
	return map[string]any{
		"calls": calls, "pid": os.Getpid(), "request": lc.AwsRequestID, "arn": lc.InvokedFunctionArn,
		"left": time.Until(deadline).Seconds(), "name": lambdacontext.FunctionName, "memory": lambdacontext.MemoryLimitInMB,
	}, nil
}

func main() {
	switch os.Getenv("INIT") {
	case "exit":
		os.Exit(1)
	case "hang":
		time.Sleep(time.Hour)
	}
	fmt.Println("hello from init")
	lambda.StartWithOptions(func(ctx context.Context, raw json.RawMessage) (any, error) {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		return handle(ctx, e)
	}, lambda.WithEnableSIGTERM(func() { fmt.Println("SIGTERM received") }))
}
