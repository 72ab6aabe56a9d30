// Package dynamodb runs the DynamoDB stand-in (dynoxide) and gives it the table of the template.
package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/scripts/localcloud/awslocal"
	"lumo/scripts/localcloud/child"
	"lumo/scripts/localcloud/template"
)

// Find returns the stand-in's binary: $DYNAMODB_LOCAL_BIN, then the copy that `make setup` brings, then PATH.
func Find(root string) (string, error) {
	if b := os.Getenv("DYNAMODB_LOCAL_BIN"); b != "" {
		if _, err := os.Stat(b); err != nil {
			return "", fmt.Errorf("DYNAMODB_LOCAL_BIN: %w", err)
		}
		return b, nil
	}
	b := filepath.Join(root, "scripts", "node_modules", "@dynoxide", "linux-x64", "dynoxide")
	if _, err := os.Stat(b); err == nil {
		return b, nil
	}
	if b, err := exec.LookPath("dynoxide"); err == nil {
		return b, nil
	}
	return "", errors.New("the DynamoDB stand-in is missing: run `make setup`, or set DYNAMODB_LOCAL_BIN to a dynoxide binary")
}

// Server is a running stand-in.
type Server struct {
	URL     string
	process *child.Process
}

// Start runs bin on a free port. An empty file keeps everything in memory. dynoxide takes no lock on the file: whoever names one
// must be its only user.
func Start(bin, file string, log io.Writer) (*Server, error) {
	var err error
	for range 5 { // somebody may take the free port before the child does
		var port int
		if port, err = child.FreePort(); err != nil {
			return nil, err
		}
		args := []string{"serve", "--host", "127.0.0.1", "--port", strconv.Itoa(port)}
		if file != "" {
			args = append(args, "--db-path", file)
		}
		var p *child.Process
		if p, err = child.Start(bin, args, []string{"HOME=" + os.TempDir(), "PATH=" + os.Getenv("PATH")}, "listening on", log); err == nil {
			return &Server{"http://127.0.0.1:" + strconv.Itoa(port), p}, nil
		}
	}
	return nil, err
}

// Done is closed when the server has ended.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Close stops the server.
func (s *Server) Close() { s.process.Stop() }

// Client reaches the server at url.
func Client(url string, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(awslocal.Config(url), options...)
}

// Ensure creates the table, or checks that the one that exists has the keys and indexes of the template.
func Ensure(ctx context.Context, c *dynamodb.Client, t template.Table) error {
	kept, err := c.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: t.Create.TableName})
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return create(ctx, c, t)
	case err != nil:
		return fmt.Errorf("describe table %s: %w", *t.Create.TableName, err)
	}
	want, have := wanted(t.Create), existing(kept.Table)
	if want != have {
		return fmt.Errorf("the table kept from earlier differs from %s in template.yaml: run `make reset` (it deletes the local data)\n  kept:     %s\n  template: %s", t.ID, have, want)
	}
	return nil
}

func create(ctx context.Context, c *dynamodb.Client, t template.Table) error {
	if _, err := c.CreateTable(ctx, &t.Create); err != nil {
		return fmt.Errorf("create table %s: %w", *t.Create.TableName, err)
	}
	if t.TTL == "" {
		return nil
	}
	_, err := c.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: t.Create.TableName, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: &t.TTL, Enabled: aws.Bool(true)},
	})
	if err != nil {
		return fmt.Errorf("time to live of %s: %w", *t.Create.TableName, err)
	}
	return nil
}

// shape is what two definitions must have in common to be the same table.
type shape struct {
	Keys       []string
	Attributes []string
	Indexes    map[string][]string
}

func (s shape) String() string {
	b, _ := json.Marshal(s) // strings only
	return string(b)
}

func newShape(keys []types.KeySchemaElement, attributes []types.AttributeDefinition) shape {
	s := shape{Keys: schema(keys), Indexes: map[string][]string{}}
	for _, a := range attributes {
		s.Attributes = append(s.Attributes, *a.AttributeName+" "+string(a.AttributeType))
	}
	slices.Sort(s.Attributes)
	return s
}

func (s shape) index(kind string, name *string, keys []types.KeySchemaElement, p *types.Projection) {
	all := schema(keys)
	if p != nil {
		all = append(all, string(p.ProjectionType))
		all = append(all, slices.Sorted(slices.Values(p.NonKeyAttributes))...)
	}
	s.Indexes[kind+" "+*name] = all
}

func schema(keys []types.KeySchemaElement) []string {
	var out []string
	for _, k := range keys {
		out = append(out, *k.AttributeName+" "+string(k.KeyType))
	}
	return out
}

func wanted(in dynamodb.CreateTableInput) string {
	s := newShape(in.KeySchema, in.AttributeDefinitions)
	for _, x := range in.LocalSecondaryIndexes {
		s.index("local", x.IndexName, x.KeySchema, x.Projection)
	}
	for _, x := range in.GlobalSecondaryIndexes {
		s.index("global", x.IndexName, x.KeySchema, x.Projection)
	}
	return s.String()
}

func existing(t *types.TableDescription) string {
	s := newShape(t.KeySchema, t.AttributeDefinitions)
	for _, x := range t.LocalSecondaryIndexes {
		s.index("local", x.IndexName, x.KeySchema, x.Projection)
	}
	for _, x := range t.GlobalSecondaryIndexes {
		s.index("global", x.IndexName, x.KeySchema, x.Projection)
	}
	return s.String()
}
