// Package mapping is the SQS event source mapping of Lambda: it receives batches, invokes a function with them and deletes what was
// done. It follows "Using Lambda with Amazon SQS" of the developer guide; filters and tumbling windows are not imitated.
package mapping

import (
	"encoding/base64"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/lambdahost"
)

type event struct {
	Records []record `json:"Records"`
}

type record struct {
	MessageID         string               `json:"messageId"`
	ReceiptHandle     string               `json:"receiptHandle"`
	Body              string               `json:"body"`
	Attributes        map[string]string    `json:"attributes"`
	MessageAttributes map[string]attribute `json:"messageAttributes"`
	MD5               string               `json:"md5OfBody"`
	Source            string               `json:"eventSource"`
	SourceARN         string               `json:"eventSourceARN"`
	Region            string               `json:"awsRegion"`
}

type attribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      string   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues []string `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// Event is what the function is invoked with for these messages of the queue.
func Event(queueARN string, messages []types.Message) ([]byte, error) {
	e := event{Records: []record{}}
	for _, m := range messages {
		r := record{
			MessageID: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body), MD5: aws.ToString(m.MD5OfBody),
			Attributes: m.Attributes, MessageAttributes: map[string]attribute{}, Source: "aws:sqs", SourceARN: queueARN, Region: awslocal.Region,
		}
		for name, a := range m.MessageAttributes {
			r.MessageAttributes[name] = attribute{
				StringValue: a.StringValue, BinaryValue: base64.StdEncoding.EncodeToString(a.BinaryValue), DataType: aws.ToString(a.DataType),
				StringListValues: []string{}, BinaryListValues: []string{},
			}
		}
		e.Records = append(e.Records, r)
	}
	return json.Marshal(e)
}

// Done picks the messages that an outcome lets the mapping delete. Without item reports a success deletes all and a failure none. With
// them, exactly what is not listed is deleted; an empty or null answer means that all is done, an answer that cannot be
// understood (no JSON, an empty, null or unknown id) that nothing is.
func Done(messages []types.Message, r lambdahost.Result, reportItems bool) []types.Message {
	if r.ErrorType != "" {
		return nil
	}
	if !reportItems || len(r.Payload) == 0 {
		return messages
	}
	var answer struct {
		BatchItemFailures []struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(r.Payload, &answer) != nil {
		return nil
	}
	failed := map[string]bool{}
	known := map[string]bool{}
	for _, m := range messages {
		known[aws.ToString(m.MessageId)] = true
	}
	for _, f := range answer.BatchItemFailures {
		if f.ItemIdentifier == nil || !known[*f.ItemIdentifier] {
			return nil
		}
		failed[*f.ItemIdentifier] = true
	}
	var done []types.Message
	for _, m := range messages {
		if !failed[aws.ToString(m.MessageId)] {
			done = append(done, m)
		}
	}
	return done
}
