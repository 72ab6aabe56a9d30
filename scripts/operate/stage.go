// Package operate works on a running stage from an operator's machine, with the operator's own AWS credentials: the commands of
// docs/runbook.md.
package operate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"lumo/shared/blob/s3"
	"lumo/shared/compose"
)

// Stage is a running Lumo.
type Stage struct {
	App     *compose.App
	Out     io.Writer // JSON lines
	table   *dynamodb.Client
	objects *awss3.Client
	queues  *awssqs.Client
}

// Open takes the stage's environment from a file: a JSON object of the variables of the function DeadLetters, which has all of them, as
// `aws lambda get-function-configuration --query Environment.Variables` prints it and as make run leaves it in .local/environment.json. What the
// process's own environment says of AWS (credentials, region) stays where the file is silent.
func Open(ctx context.Context, file string, out io.Writer) (*Stage, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the stage's environment: %w", err)
	}
	var variables map[string]string
	if err := json.Unmarshal(b, &variables); err != nil {
		return nil, fmt.Errorf("%s is no JSON object of variables: %w", file, err)
	}
	for name, value := range variables {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	app, err := compose.Load(ctx, compose.WithBlobs)
	if err != nil {
		return nil, err
	}
	c, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return &Stage{app, out, dynamodb.NewFromConfig(c), s3.Client(c), awssqs.NewFromConfig(c)}, nil
}

func (s *Stage) print(line any) error { return json.NewEncoder(s.Out).Encode(line) }

func (s *Stage) tableName() *string { return aws.String(s.App.Config.TableName) }
func (s *Stage) bucket() *string    { return aws.String(s.App.Config.BlobBucket) }
