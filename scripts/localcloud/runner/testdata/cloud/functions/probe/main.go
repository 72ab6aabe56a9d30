// Command probe is a function that touches every service.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

type clients struct {
	table  *dynamodb.Client
	queues *sqs.Client
	bucket *s3.Client
	keys   *kms.Client
	mail   *sesv2.Client
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := clients{dynamodb.NewFromConfig(cfg), sqs.NewFromConfig(cfg), s3.NewFromConfig(cfg), kms.NewFromConfig(cfg), sesv2.NewFromConfig(cfg)}
	lambda.Start(c.handle)
}

func (c clients) handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var shape struct {
		Records    []events.SQSMessage
		DetailType string `json:"detail-type"`
	}
	if err := json.Unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	switch {
	case shape.DetailType != "":
		return nil, c.count(ctx, "tick")
	case shape.Records != nil:
		return c.batch(ctx, shape.Records)
	}
	var r events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	return c.web(ctx, r)
}

// batch counts each message under its queue and its body; "bad" fails.
func (c clients) batch(ctx context.Context, messages []events.SQSMessage) (any, error) {
	var out events.SQSEventResponse
	for _, m := range messages {
		queue := m.EventSourceARN[strings.LastIndex(m.EventSourceARN, "-")+1:]
		if m.Body == "bad" && queue == "Work" {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			continue
		}
		if err := c.count(ctx, queue+"/"+m.Body); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c clients) count(ctx context.Context, name string) error {
	_, err := c.table.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(os.Getenv("TABLE_NAME")), Key: map[string]dynamotypes.AttributeValue{"pk": &dynamotypes.AttributeValueMemberS{Value: name}},
		UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: map[string]dynamotypes.AttributeValue{":one": &dynamotypes.AttributeValueMemberN{Value: "1"}},
	})
	return err
}

func (c clients) web(ctx context.Context, r events.APIGatewayV2HTTPRequest) (any, error) {
	var err error
	answer := "ok"
	switch r.RawPath {
	case "/send":
		_, err = c.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(os.Getenv("QUEUE")), MessageBody: &r.Body})
	case "/order":
		_, err = c.queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(os.Getenv("FIFO")), MessageBody: &r.Body, MessageGroupId: aws.String("g"), MessageDeduplicationId: &r.Body})
	case "/count":
		var o *dynamodb.GetItemOutput
		o, err = c.table.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(os.Getenv("TABLE_NAME")), Key: map[string]dynamotypes.AttributeValue{"pk": &dynamotypes.AttributeValueMemberS{Value: r.Body}}})
		if err == nil {
			answer = "0"
			if n, ok := o.Item["n"].(*dynamotypes.AttributeValueMemberN); ok {
				answer = n.Value
			}
		}
	case "/others":
		err = c.others(ctx)
	case "/print":
		fmt.Println(r.Body)
	default:
		answer = os.Getenv("PUBLIC_URL") + " " + os.Getenv("SECRET")
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: answer}, err
}

func (c clients) others(ctx context.Context) error {
	if _, err := c.bucket.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(os.Getenv("BUCKET")), Key: aws.String("portal/1/x"), Body: strings.NewReader("y")}); err != nil {
		return err
	}
	if _, err := c.keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(os.Getenv("KEY")), KeySpec: kmstypes.DataKeySpecAes256}); err != nil {
		return err
	}
	text := sestypes.Content{Data: aws.String("hello")}
	_, err := c.mail.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("a@example.com"), Destination: &sestypes.Destination{ToAddresses: []string{"b@example.com"}},
		Content: &sestypes.EmailContent{Simple: &sestypes.Message{Subject: &text, Body: &sestypes.Body{Text: &text}}},
	})
	return err
}
