package handle

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"lumo/shared/inbox"
	"lumo/shared/logging"
)

type shelf struct{ err error }

func (f shelf) Open(_ context.Context, token string) (string, error) {
	return "https://bucket.example/" + token + "?X-Amz-Signature=s", f.err
}

func TestALargeFileIsHandedOut(t *testing.T) {
	t.Parallel()
	trouble := errors.New("the table does not answer")
	for name, c := range map[string]struct {
		method string
		err    error
		status int
		fails  error
	}{
		"there":              {"GET", nil, http.StatusFound, nil},
		"asked about":        {"HEAD", nil, http.StatusFound, nil},
		"over or never":      {"GET", inbox.ErrNoFile, http.StatusNotFound, nil},
		"not to be read":     {"GET", trouble, 0, trouble},
		"something is meant": {"POST", nil, http.StatusMethodNotAllowed, nil},
	} {
		res, err := get(t, Deps{Files: shelf{c.err}, Log: logging.Discard()}, c.method, "/f/Token")
		if res.Status != c.status || !errors.Is(err, c.fails) {
			t.Errorf("%s: %d, %v", name, res.Status, err)
		}
		found := res.Header["Location"] == "https://bucket.example/Token?X-Amz-Signature=s" && res.Header["Cache-Control"] == "no-store" && res.Header["Referrer-Policy"] == "no-referrer"
		if found != (c.status == http.StatusFound) {
			t.Errorf("%s: %v", name, res.Header)
		}
		if c.status == http.StatusNotFound && !strings.Contains(string(res.Body), "リンク") {
			t.Errorf("%s: %s", name, res.Body)
		}
	}
}
