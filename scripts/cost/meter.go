package cost

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// meter stands between the functions and the services and counts. It is also where the functions' lines go.
type meter struct {
	mu    sync.Mutex
	count Count
	serve []*http.Server
}

func (m *meter) add(f func(c *Count)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.count)
}

func (m *meter) now() Count {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

// Write counts the functions' lines: what CloudWatch would take in, and the HTTP requests among them.
func (m *meter) Write(b []byte) (int, error) {
	if at := bytes.IndexByte(b, '{'); at >= 0 {
		m.add(func(c *Count) {
			c.LogBytes += float64(len(b) - at)
			if bytes.Contains(b, []byte(`"kind":"http"`)) {
				c.APIRequests++
			}
		})
	}
	return len(b), nil
}

// tap is runner.Config.Tap.
func (m *meter) tap(service, address string) string {
	to, err := url.Parse(address)
	if err != nil {
		return address
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return address
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(res *http.Response) error { return m.response(service, res) },
		Transport:      &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorLog:       log.New(io.Discard, "", 0), // long polls are cancelled at the end
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := m.request(service, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	})}
	m.mu.Lock()
	m.serve = append(m.serve, s)
	m.mu.Unlock()
	go s.Serve(l)
	return "http://" + l.Addr().String()
}

func (m *meter) close() {
	for _, s := range m.serve {
		s.Close()
	}
}

// request counts the call; DynamoDB is asked to tell the units that it takes.
func (m *meter) request(service string, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch service {
	case "dynamodb":
		var in map[string]any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&in) == nil {
			in["ReturnConsumedCapacity"] = "TOTAL"
			if b, err := json.Marshal(in); err == nil {
				body = b
			}
		}
	case "sqs":
		if operation != "ReceiveMessage" { // empty ones are the polling, which a stage pays for without traffic
			m.queueCall(body)
		}
	case "kms":
		m.add(func(c *Count) { c.KeyCalls++ })
	case "sesv2":
		m.add(func(c *Count) { c.Mails++ })
	case "s3":
		m.add(func(c *Count) {
			switch r.Method {
			case http.MethodPut, http.MethodPost:
				c.ObjectWrites++
			case http.MethodGet, http.MethodHead:
				c.ObjectReads++
			}
		})
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("X-Lumo-Operation", operation)
	if service == "sqs" && operation == "ReceiveMessage" && bytes.Contains(body, []byte(".fifo")) {
		r.Header.Set("X-Lumo-Operation", "ReceiveMessage.fifo")
	}
	return nil
}

func (m *meter) queueCall(body []byte) {
	fifo := bytes.Contains(body, []byte(`.fifo"`))
	m.add(func(c *Count) {
		if fifo {
			c.FIFOCalls++
		} else {
			c.QueueCalls++
		}
	})
}

type consumed struct{ CapacityUnits float64 }

func (m *meter) response(service string, res *http.Response) error {
	operation := res.Request.Header.Get("X-Lumo-Operation")
	if service != "dynamodb" && !strings.HasPrefix(operation, "ReceiveMessage") {
		return nil
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	if service == "sqs" {
		if bytes.Contains(body, []byte(`"ReceiptHandle"`)) {
			m.queueCall([]byte(strings.TrimPrefix(operation, "ReceiveMessage") + `"`))
		}
		return nil
	}
	var out struct{ ConsumedCapacity json.RawMessage }
	if json.Unmarshal(body, &out) != nil || out.ConsumedCapacity == nil {
		return nil
	}
	var one consumed
	var many []consumed
	if json.Unmarshal(out.ConsumedCapacity, &one) != nil && json.Unmarshal(out.ConsumedCapacity, &many) != nil {
		return nil
	}
	units := one.CapacityUnits
	for _, x := range many {
		units += x.CapacityUnits
	}
	m.add(func(c *Count) {
		switch operation {
		case "GetItem", "BatchGetItem", "Query":
			c.ReadUnits += units
		default:
			c.WriteUnits += units
		}
	})
	return nil
}
