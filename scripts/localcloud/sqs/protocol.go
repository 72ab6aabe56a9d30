package sqs

import (
	"context"
	"encoding/json"
	"fmt"
)

// apiError is an error reply: kind is the JSON protocol's name, query the older name that SDKs still report as the code.
type apiError struct{ kind, query, message string }

func (e *apiError) Error() string { return e.kind + ": " + e.message }

func invalid(format string, a ...any) error {
	return &apiError{"InvalidParameterValue", "InvalidParameterValue", fmt.Sprintf(format, a...)}
}

func missing(parameter string) error {
	return &apiError{"MissingParameter", "MissingParameter", "The request must contain the parameter " + parameter + "."}
}

func batchError(kind, message string) error {
	return &apiError{kind, "AWS.SimpleQueueService." + kind, message}
}

type action func(*Server, context.Context, []byte) (any, error)

func on[In any](f func(*Server, context.Context, In) (any, error)) action {
	return func(s *Server, ctx context.Context, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, &apiError{"SerializationException", "SerializationException", err.Error()}
		}
		return f(s, ctx, in)
	}
}

// actions run with the server's lock held.
var actions = map[string]action{
	"CreateQueue":                  on((*Server).createQueue),
	"DeleteQueue":                  on((*Server).deleteQueue),
	"PurgeQueue":                   on((*Server).purgeQueue),
	"GetQueueUrl":                  on((*Server).getQueueURL),
	"ListQueues":                   on((*Server).listQueues),
	"GetQueueAttributes":           on((*Server).getQueueAttributes),
	"SetQueueAttributes":           on((*Server).setQueueAttributes),
	"SendMessage":                  on((*Server).sendMessage),
	"SendMessageBatch":             on((*Server).sendMessageBatch),
	"ReceiveMessage":               on((*Server).receiveMessage),
	"DeleteMessage":                on((*Server).deleteMessage),
	"DeleteMessageBatch":           on((*Server).deleteMessageBatch),
	"ChangeMessageVisibility":      on((*Server).changeMessageVisibility),
	"ChangeMessageVisibilityBatch": on((*Server).changeMessageVisibilityBatch),
}

type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
}

type queueInput struct{ QueueUrl string }

type getQueueURLInput struct{ QueueName string }

type listQueuesInput struct {
	QueueNamePrefix, NextToken string
	MaxResults                 *int
}

type getQueueAttributesInput struct {
	QueueUrl       string
	AttributeNames []string
}

type setQueueAttributesInput struct {
	QueueUrl   string
	Attributes map[string]string
}

// sendEntry is one message to send, alone or in a batch.
type sendEntry struct {
	Id, MessageBody, MessageGroupId, MessageDeduplicationId string
	DelaySeconds                                            *int
	MessageAttributes, MessageSystemAttributes              map[string]attribute
}

func (e sendEntry) id() string { return e.Id }

type sendMessageInput struct {
	QueueUrl string
	sendEntry
}

type receiptEntry struct {
	Id, ReceiptHandle string
	VisibilityTimeout *int
}

func (e receiptEntry) id() string { return e.Id }

type receiptInput struct {
	QueueUrl string
	receiptEntry
}

type batchInput[E any] struct {
	QueueUrl string
	Entries  []E
}

type receiveMessageInput struct {
	QueueUrl                                                           string
	AttributeNames, MessageSystemAttributeNames, MessageAttributeNames []string
	MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds            *int
}

type sendOutput struct {
	Id                     string `json:",omitempty"`
	MessageId              string
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
	SequenceNumber         string `json:",omitempty"`
}

type idOutput struct{ Id string }

type failedOutput struct {
	Id, Code, Message string
	SenderFault       bool
}

type batchOutput[O any] struct {
	Successful []O
	Failed     []failedOutput
}

type receivedMessage struct {
	MessageId, ReceiptHandle, Body, MD5OfBody string
	MD5OfMessageAttributes                    string               `json:",omitempty"`
	Attributes                                map[string]string    `json:",omitempty"`
	MessageAttributes                         map[string]attribute `json:",omitempty"`
}

type receiveOutput struct {
	Messages []receivedMessage `json:",omitempty"`
}
