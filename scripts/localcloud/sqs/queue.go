package sqs

import (
	"encoding/json"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// queue is the state of one queue. It changes only through Server.apply.
type queue struct {
	name       string
	attributes map[string]string
	created    time.Time
	messages   map[uint64]*message
	shelf      shelf
	dedup      dedupWindow
	purged     time.Time
	wake       chan struct{} // closed when something may have become receivable
}

// shelf keeps the messages of a queue in the order of delivery.
type shelf interface {
	add(*message)
	remove(*message)
	moved(*message) // its visibility changed
	// ready returns up to n receivable messages in the order of delivery.
	ready(now time.Time, n int) []*message
	next() (time.Time, bool)
}

var defaults = map[string]string{
	"VisibilityTimeout":             "30",
	"MessageRetentionPeriod":        "345600",
	"MaximumMessageSize":            "1048576",
	"DelaySeconds":                  "0",
	"ReceiveMessageWaitTimeSeconds": "0",
	"SqsManagedSseEnabled":          "true",
}

func newQueue(name string, attributes map[string]string, created time.Time) *queue {
	q := &queue{name: name, attributes: maps.Clone(defaults), created: created, wake: make(chan struct{})}
	maps.Copy(q.attributes, attributes)
	q.clear()
	return q
}

func (q *queue) clear() {
	q.messages = map[uint64]*message{}
	if q.fifo() {
		q.shelf = newGroups()
	} else {
		q.shelf = new(line)
	}
}

func (q *queue) fifo() bool { return q.attributes["FifoQueue"] == "true" }

func (q *queue) number(attribute string) int {
	n, _ := strconv.Atoi(q.attributes[attribute]) // checked when it was set
	return n
}

func (q *queue) seconds(attribute string) time.Duration {
	return time.Duration(q.number(attribute)) * time.Second
}

type redrivePolicy struct {
	target string // name of the dead-letter queue
	max    int
}

// redrive reads the policy; maxReceiveCount may be a number or a string, as with SQS.
func redrive(attributes map[string]string) (redrivePolicy, bool) {
	var p struct {
		DeadLetterTargetArn string          `json:"deadLetterTargetArn"`
		MaxReceiveCount     json.RawMessage `json:"maxReceiveCount"`
	}
	if attributes["RedrivePolicy"] == "" || json.Unmarshal([]byte(attributes["RedrivePolicy"]), &p) != nil {
		return redrivePolicy{}, false
	}
	n, err := strconv.Atoi(strings.Trim(string(p.MaxReceiveCount), `"`))
	target := afterLast(p.DeadLetterTargetArn, ':')
	return redrivePolicy{target, n}, err == nil && n >= 1 && n <= 1000 && ARN(target) == p.DeadLetterTargetArn
}

func (q *queue) expired(m *message, now time.Time) bool {
	return now.Sub(m.Sent) >= q.seconds("MessageRetentionPeriod")
}

// expire drops what is past its retention. It is a function of time alone, so it needs no entry in the log.
func (q *queue) expire(now time.Time) {
	for _, m := range q.messages {
		if q.expired(m, now) {
			q.drop(m)
		}
	}
}

func (q *queue) drop(m *message) {
	q.shelf.remove(m)
	delete(q.messages, m.Key)
}

func (q *queue) signal() {
	close(q.wake)
	q.wake = make(chan struct{})
}

var (
	ranges = map[string][2]int{
		"VisibilityTimeout":             {0, 43200},
		"MessageRetentionPeriod":        {60, 1209600},
		"MaximumMessageSize":            {1024, 1048576},
		"DelaySeconds":                  {0, 900},
		"ReceiveMessageWaitTimeSeconds": {0, 20},
		"KmsDataKeyReusePeriodSeconds":  {60, 86400},
	}
	texts = map[string]bool{
		"Policy": true, "RedrivePolicy": true, "RedriveAllowPolicy": true, "FifoQueue": true, "ContentBasedDeduplication": true,
		"DeduplicationScope": true, "FifoThroughputLimit": true, "KmsMasterKeyId": true, "SqsManagedSseEnabled": true,
	}
	names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
)

func (s *Server) checkAttributes(attributes map[string]string, fifo bool) error {
	for k, v := range attributes {
		limits, numeric := ranges[k]
		if !numeric && !texts[k] {
			return &apiError{"InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute " + k + "."}
		}
		if n, err := strconv.Atoi(v); numeric && (err != nil || n < limits[0] || n > limits[1]) {
			return &apiError{"InvalidAttributeValue", "InvalidAttributeValue", "Invalid value for the parameter " + k + "."}
		}
	}
	if attributes["RedrivePolicy"] == "" {
		return nil
	}
	p, ok := redrive(attributes)
	dead := s.queues[p.target]
	if !ok || dead == nil {
		return invalid("Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", attributes["RedrivePolicy"])
	}
	if dead.fifo() != fifo {
		return invalid("Value %s for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source.", attributes["RedrivePolicy"])
	}
	return nil
}

// describe lists all attributes of the queue, counts included.
func (q *queue) describe(now time.Time) map[string]string {
	q.expire(now)
	var n [3]int
	for _, m := range q.messages {
		n[m.state(now)]++
	}
	a := maps.Clone(q.attributes)
	a["QueueArn"] = ARN(q.name)
	a["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	a["ApproximateNumberOfMessages"] = strconv.Itoa(n[visible])
	a["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(n[inFlight])
	a["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(n[delayed])
	return a
}
