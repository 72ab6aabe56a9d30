package entry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"lumo/shared/logging/logtest"
)

// The test binary plays the function when this variable is set, so that Start is tried as a process, as Lambda runs it.
const play = "ENTRY_TEST_PLAY"

func TestMain(m *testing.M) {
	if part := os.Getenv(play); part != "" {
		Start(func(context.Context) (Handlers, error) {
			if part == "broken" {
				return Handlers{}, errors.New("TABLE_NAME is missing")
			}
			return Handlers{Schedule: func(context.Context) error { return nil }, HTTP: func(_ context.Context, r Request) (Response, error) {
				return Text(200, "hello "+r.Params["bot"]), nil
			}}, nil
		})
	}
	os.Exit(m.Run())
}

// runtimeAPI hands out events one by one and keeps the answers, by the end of the path they came to: response or error.
type runtimeAPI struct {
	events  chan string
	answers chan [2]string
}

func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/next") {
		e, ok := <-a.events
		if !ok {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "invocation-1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
		io.WriteString(w, e)
		return
	}
	body, _ := io.ReadAll(r.Body)
	a.answers <- [2]string{r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], string(body)}
	w.WriteHeader(http.StatusAccepted)
}

func process(t *testing.T, part, api string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = []string{play + "=" + part, "AWS_LAMBDA_RUNTIME_API=" + api, "STAGE=dev", "AWS_LAMBDA_FUNCTION_NAME=line-webhooks"}
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, out
}

func TestStart(t *testing.T) {
	t.Parallel()
	api := &runtimeAPI{events: make(chan string, 3), answers: make(chan [2]string, 3)}
	server := httptest.NewServer(api)
	defer server.Close()
	c := logtest.New("start")
	body := c.Plant("body")
	api.events <- `{"routeKey":"POST /x/{bot}","pathParameters":{"bot":"U1"},"requestContext":{"http":{"method":"POST"}},"body":"` + body + `"}`
	api.events <- `{"what":"` + body + `"}`
	api.events <- tick
	f, out := process(t, "works", strings.TrimPrefix(server.URL, "http://"))
	first, second, third := <-api.answers, <-api.answers, <-api.answers
	close(api.events)
	if err := f.Wait(); err == nil {
		t.Error("the process went on without its runtime")
	}
	if first[0] != "response" || !strings.Contains(first[1], `"body":"hello U1"`) {
		t.Errorf("%v", first)
	}
	if second[0] != "error" || !strings.Contains(second[1], "invocation-1") {
		t.Errorf("%v", second)
	}
	if third != [2]string{"response", "null"} {
		t.Errorf("%v", third)
	}
	c.Check(t, out.Bytes())
	c.Check(t, []byte(second[1]))
	if log := out.String(); strings.Count(log, `"msg":"invocation"`) != 3 || !strings.Contains(log, `"function":"line-webhooks"`) {
		t.Error(log)
	}
}

func TestStartWithBrokenEnvironment(t *testing.T) {
	t.Parallel()
	f, out := process(t, "broken", "127.0.0.1:1")
	err := f.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(out.String(), "TABLE_NAME is missing") {
		t.Errorf("%v: %s", err, out)
	}
}
