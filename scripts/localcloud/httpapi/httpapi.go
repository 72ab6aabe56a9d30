// Package httpapi stands in for an API Gateway HTTP API with Lambda proxy integrations, payload format 2.0. It follows the developer
// guide ("Working with routes", "Lambda proxy integrations for HTTP APIs", "Quotas") and, where that is silent, what was observed on
// the service: the path arrives percent-decoded, and every body that is not text, JSON, XML or JavaScript arrives in base64.
package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"lumo/scripts/localcloud/lambdahost"
	"lumo/scripts/localcloud/template"
)

const (
	// requestLimit is what a synchronous invocation may carry; API Gateway itself would take 10 MB.
	requestLimit = 6 << 20
	// patience is the longest integration timeout of an HTTP API.
	patience = 30 * time.Second
)

// Invoker is a function behind a route.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) (lambdahost.Result, error)
}

// API is an http.Handler.
type API struct {
	routes   []route
	patience time.Duration
}

// New takes the routes of each function.
func New() *API { return &API{patience: patience} }

// Add routes requests to f.
func (a *API) Add(r template.Route, f Invoker) {
	a.routes = append(a.routes, route{pattern: parsePattern(r.Path), method: r.Method, key: r.Key(), invoker: f})
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to, parameters := a.match(r.Method, r.URL.EscapedPath())
	if to == nil {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, requestLimit+1))
	if err != nil {
		message(w, http.StatusBadRequest, "Bad Request")
		return
	}
	id := requestID()
	w.Header().Set("Apigw-Requestid", id)
	var payload []byte
	if len(body) <= requestLimit {
		if payload, err = json.Marshal(newEvent(r, body, to.key, parameters, id)); err != nil {
			message(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
	}
	if len(body) > requestLimit || len(payload) > requestLimit {
		message(w, http.StatusRequestEntityTooLarge, "Request Too Long")
		return
	}
	a.invoke(w, r, to.invoker, payload)
}

type outcome struct {
	result lambdahost.Result
	err    error
}

// invoke lets the function go on when the caller leaves or the time is up, as Lambda does.
func (a *API) invoke(w http.ResponseWriter, r *http.Request, f Invoker, payload []byte) {
	done := make(chan outcome, 1)
	go func() {
		res, err := f.Invoke(context.WithoutCancel(r.Context()), payload)
		done <- outcome{res, err}
	}()
	t := time.NewTimer(a.patience)
	defer t.Stop()
	select {
	case o := <-done:
		a.answer(w, o)
	case <-t.C:
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
	case <-r.Context().Done():
	}
}

func (a *API) answer(w http.ResponseWriter, o outcome) {
	switch {
	case errors.Is(o.err, lambdahost.ErrThrottled), errors.Is(o.err, lambdahost.ErrClosed):
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	case o.err != nil || o.result.ErrorType != "":
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	res, ok := parseResponse(o.result.Payload)
	if !ok {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	res.write(w)
}

func message(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, text)
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
