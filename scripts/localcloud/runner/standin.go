package runner

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/dynamodb"
	"lumo/scripts/localcloud/sqs"
)

const (
	serviceDynamoDB = "dynamodb"
	serviceSQS      = "sqs"
	serviceS3       = "s3"
	serviceKMS      = "kms"
	serviceSES      = "sesv2"
)

// variable is what the AWS SDKs read a service's endpoint from.
func variable(service string) string { return "AWS_ENDPOINT_URL_" + strings.ToUpper(service) }

// brought returns an endpoint that the environment names already.
func (c *Cloud) brought(service, label string) bool {
	url := c.config.Getenv(variable(service))
	if url == "" {
		return false
	}
	c.endpoints[service] = url
	c.say.Status(label, url+" (from "+variable(service)+")")
	return true
}

// standIn serves a handler on a free port, unless the environment brings an endpoint.
func (c *Cloud) standIn(service, label string, open func() (http.Handler, error)) error {
	if c.brought(service, label) {
		return nil
	}
	h, err := open()
	if err != nil {
		return err
	}
	l, err := listen("127.0.0.1:0", "")
	if err != nil {
		return err
	}
	c.endpoints[service] = "http://" + l.Addr().String()
	c.serve(l, h)
	c.say.Status(label, c.endpoints[service])
	return nil
}

// credentials that functions and the runner use. Real ones are taken from the environment only when an endpoint is, too.
func (c *Cloud) credentials() map[string]string {
	names := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	for _, service := range []string{serviceDynamoDB, serviceSQS, serviceS3, serviceKMS, serviceSES} {
		if c.config.Getenv(variable(service)) == "" || c.config.Getenv(names[0]) == "" {
			continue
		}
		out := map[string]string{}
		for _, n := range names {
			if v := c.config.Getenv(n); v != "" {
				out[n] = v
			}
		}
		return out
	}
	return map[string]string{names[0]: awslocal.AccessKey, names[1]: awslocal.SecretKey}
}

func (c *Cloud) aws(service string) aws.Config {
	cfg := awslocal.Config(c.endpoints[service])
	k := c.credentials()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(k["AWS_ACCESS_KEY_ID"], k["AWS_SECRET_ACCESS_KEY"], k["AWS_SESSION_TOKEN"])
	return cfg
}

// startSQS comes before the template is resolved, because queue URLs carry the server's address.
func (c *Cloud) startSQS() error {
	return c.standIn(serviceSQS, "sqs", func() (http.Handler, error) {
		s, err := sqs.New(sqs.Config{LogFile: c.file("sqs.log")})
		if err != nil {
			return nil, err
		}
		c.onClose(func() { s.Close() })
		s.SetChaos(c.config.Chaos)
		c.sqs = s
		return s, s.Release() // whoever held messages died with the last run
	})
}

func (c *Cloud) createQueues(ctx context.Context) error {
	client := awssqs.NewFromConfig(c.aws(serviceSQS))
	for _, q := range c.system.Queues {
		if err := c.createQueue(ctx, client, q.Name, q.Attributes); err != nil {
			return fmt.Errorf("queue %s: %w", q.ID, err)
		}
	}
	return nil
}

// createQueue makes the queue, or gives the one that exists the attributes of the template.
func (c *Cloud) createQueue(ctx context.Context, client *awssqs.Client, name string, attributes map[string]string) error {
	u, err := client.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: &name})
	if err != nil { // it does not exist; any other reason shows up in the next call
		_, err = client.CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		return err
	}
	attributes = maps.Clone(attributes)
	delete(attributes, "FifoQueue") // the kind of a queue is for ever
	_, err = client.SetQueueAttributes(ctx, &awssqs.SetQueueAttributesInput{QueueUrl: u.QueueUrl, Attributes: attributes})
	return err
}

// startTable runs the DynamoDB stand-in behind a proxy that counts requests by function.
func (c *Cloud) startTable(ctx context.Context) error {
	if !c.brought(serviceDynamoDB, "dynamodb") {
		if err := c.runDynamoDB(); err != nil {
			return err
		}
	}
	client := awsdynamodb.NewFromConfig(c.aws(serviceDynamoDB))
	for _, t := range c.system.Tables {
		if err := dynamodb.Ensure(ctx, client, t); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) runDynamoDB() error {
	bin, err := dynamodb.Find(c.config.Repository)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(c.file("dynamodb.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	file := c.file("dynamodb.db")
	if c.config.TableInMemory {
		file = ""
	}
	s, err := dynamodb.Start(bin, file, log)
	if err != nil {
		log.Close()
		return err
	}
	stopping := make(chan struct{})
	c.onClose(func() {
		close(stopping)
		s.Close()
		log.Close()
	})
	go func() {
		<-s.Done()
		select {
		case <-stopping:
		default:
			c.fail(fmt.Errorf("the DynamoDB stand-in ended; see %s", log.Name()))
		}
	}()
	c.endpoints[serviceDynamoDB] = s.URL
	if c.counter, err = dynamodb.NewCounter(s.URL); err != nil {
		return err
	}
	l, err := listen("127.0.0.1:0", "")
	if err != nil {
		return err
	}
	c.serve(l, c.counter)
	c.counterURL = "http://" + l.Addr().String()
	c.say.Status("dynamodb", s.URL)
	return nil
}
