package sqs

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// message is one copy of a message. Key orders messages by arrival and is unique in the server; two copies of one message (chaos)
// share the ID but not the key.
type message struct {
	Key        uint64
	ID, Body   string
	Attributes map[string]attribute `json:",omitempty"`
	Group      string               `json:",omitempty"`
	Dedup      string               `json:",omitempty"`
	Source     string               `json:",omitempty"` // ARN of the queue whose redrive brought it here
	Sent       time.Time
	First      time.Time // of the first receive
	Visible    time.Time // may be received from then on
	Count      int       // receives
	Receipt    string    `json:",omitempty"` // of the last receive

	index int // place in its heap
}

type messageState int

const (
	visible messageState = iota
	inFlight
	delayed
)

func (m *message) state(now time.Time) messageState {
	switch {
	case !m.Visible.After(now):
		return visible
	case m.Receipt != "":
		return inFlight
	default:
		return delayed
	}
}

func (m *message) sequence() string { return sequenceNumber(m.Key) }

func sequenceNumber(key uint64) string {
	s := strconv.FormatUint(key, 10)
	return strings.Repeat("0", 20-len(s)) + s
}

// received is what a receive answers for m.
func (m *message) received(in receiveMessageInput, fifo bool) receivedMessage {
	all := map[string]string{
		"SenderId":                         "AIDALOCAL",
		"SentTimestamp":                    strconv.FormatInt(m.Sent.UnixMilli(), 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.Count),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.First.UnixMilli(), 10),
	}
	for k, v := range map[string]string{"MessageGroupId": m.Group, "MessageDeduplicationId": m.Dedup, "DeadLetterQueueSourceArn": m.Source} {
		if v != "" {
			all[k] = v
		}
	}
	if fifo {
		all["SequenceNumber"] = m.sequence()
	}
	out := receivedMessage{MessageId: m.ID, ReceiptHandle: m.Receipt, Body: m.Body, MD5OfBody: sum([]byte(m.Body))}
	asked := slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)
	maps.DeleteFunc(all, func(k, _ string) bool { return !slices.Contains(asked, "All") && !slices.Contains(asked, k) })
	if len(all) > 0 {
		out.Attributes = all
	}
	attributes := maps.Clone(m.Attributes)
	maps.DeleteFunc(attributes, func(k string, _ attribute) bool { return !slices.ContainsFunc(in.MessageAttributeNames, selects(k)) })
	if len(attributes) > 0 {
		out.MessageAttributes, out.MD5OfMessageAttributes = attributes, attributeSum(attributes)
	}
	return out
}

// selects tells whether a requested name covers the attribute: its name, "All", ".*", or "prefix.*".
func selects(attribute string) func(string) bool {
	return func(asked string) bool {
		prefix, star := strings.CutSuffix(asked, ".*")
		return asked == attribute || asked == "All" || star && strings.HasPrefix(attribute, prefix)
	}
}

func sum(b []byte) string {
	h := md5.Sum(b)
	return hex.EncodeToString(h[:])
}

// attributeSum is the MD5 that SQS documents for message attributes: by name, each part preceded by its length.
func attributeSum(as map[string]attribute) string {
	var b bytes.Buffer
	part := func(v []byte) {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(v))))
		b.Write(v)
	}
	for _, name := range slices.Sorted(maps.Keys(as)) {
		a := as[name]
		part([]byte(name))
		part([]byte(a.DataType))
		if a.StringValue != nil {
			b.WriteByte(1)
			part([]byte(*a.StringValue))
		} else {
			b.WriteByte(2)
			part(a.BinaryValue)
		}
	}
	return sum(b.Bytes())
}

// size is what counts towards the limits of a message and of a batch.
func (e sendEntry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.BinaryValue)
		if a.StringValue != nil {
			n += len(*a.StringValue)
		}
	}
	return n
}

func (e sendEntry) check(limit int) error {
	switch {
	case e.MessageBody == "":
		return missing("MessageBody")
	case strings.ContainsFunc(e.MessageBody, forbidden):
		return &apiError{"InvalidMessageContents", "InvalidMessageContents", "Invalid binary character was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"}
	case e.size() > limit:
		return invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	case len(e.MessageAttributes) > 10:
		return invalid("Number of message attributes [%d] exceeds the allowed maximum [10].", len(e.MessageAttributes))
	case len(e.MessageSystemAttributes) > 0:
		return invalid("Message system attributes are not served by this stand-in.")
	}
	for name, a := range e.MessageAttributes {
		kind, _, _ := strings.Cut(a.DataType, ".")
		text := (kind == "String" || kind == "Number") && a.StringValue != nil && *a.StringValue != ""
		if !text && (kind != "Binary" || len(a.BinaryValue) == 0) {
			return invalid("The message attribute '%s' has an invalid type or no value.", name)
		}
	}
	return nil
}

func forbidden(r rune) bool {
	return r == utf8.RuneError || r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}
