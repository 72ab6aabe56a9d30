package linesandbox

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Transport reaches the server without a network: for simulations that run in one goroutine. A line cut by a fault is
// io.ErrUnexpectedEOF to the caller, as with a socket.
func (s *Server) Transport() http.RoundTripper { return InProcess(s) }

// InProcess makes a round-tripper of any handler.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(req *http.Request) (res *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	in.Header = http.Header{}
	for name, values := range req.Header { // a socket's reader would spell names canonically
		in.Header[http.CanonicalHeaderKey(name)] = values
	}
	in.RequestURI, in.Host, in.RemoteAddr = req.URL.RequestURI(), req.URL.Host, "127.0.0.1:1"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			res, err = nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, io.ErrUnexpectedEOF)
		} else if p != nil {
			panic(p)
		}
	}()
	t.handler.ServeHTTP(w, in)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(bytes.NewReader(w.body.Bytes())), ContentLength: int64(w.body.Len()), Request: req,
	}, nil
}

type recorder struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if !w.written {
		w.status, w.written = status, true
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.written = true
	return w.body.Write(b)
}
