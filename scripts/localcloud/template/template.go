// Package template reads template.yaml, resolves it with local values and returns the system it describes. Whatever it does not
// understand (a resource, an event, a property, an intrinsic function) is an error that names the place, so that the template cannot
// drift past what the local cloud imitates.
package template

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.yaml.in/yaml/v3"
)

// System is everything that the template declares and the local cloud imitates.
type System struct {
	Functions []Function
	Queues    []Queue // dead-letter queues before the queues that name them
	Tables    []Table
	Buckets   []string
	Keys      []string // ids of KMS keys
	Others    []Other  // what only AWS has
}

// Function is one Lambda function.
type Function struct {
	ID, Name    string // the logical id, and the name as deployed
	Code        string // folder, relative to the template
	Memory      int    // MiB
	Timeout     time.Duration
	Reserved    int // reserved concurrency, 0 when none is
	Environment map[string]string
	Routes      []Route
	Sources     []Source
	Schedules   []Schedule
}

// Route is an HTTP API route. Method is ANY or a method; the default route has Path $default.
type Route struct{ Event, Method, Path string }

// Key is the route key as API Gateway writes it.
func (r Route) Key() string {
	if r.Path == "$default" {
		return r.Path
	}
	return r.Method + " " + r.Path
}

// Source is an SQS event source mapping.
type Source struct {
	Event          string
	Queue          string // name
	BatchSize      int
	Window         time.Duration
	MaxConcurrency int  // 0 when not limited
	ReportItems    bool // ReportBatchItemFailures
}

// Schedule invokes the function at certain times.
type Schedule struct {
	Event      string
	Expression string // rate(), cron() or at()
	TimeZone   string // "" is UTC
	Input      string // JSON to invoke with; "" is the event that EventBridge makes
}

// Queue is an SQS queue with its attributes as CreateQueue takes them.
type Queue struct {
	ID, Name   string
	Attributes map[string]string
	DeadLetter string // name of its dead-letter queue
}

// Table is a DynamoDB table.
type Table struct {
	ID     string
	Create dynamodb.CreateTableInput
	TTL    string // attribute, "" when there is none
}

// Local is what the local cloud stands in for CloudFormation with.
type Local struct {
	Stack      string
	SQS        string            // origin of queue URLs
	Parameters map[string]string // values that replace the template's defaults
}

// Read reads and resolves the template at path.
func Read(path string, local Local) (*System, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := Parse(b, local)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// document is the outline of a template; anything else at the top is refused.
type document struct {
	AWSTemplateFormatVersion string    `yaml:"AWSTemplateFormatVersion"`
	Transform                string    `yaml:"Transform"`
	Description              string    `yaml:"Description"`
	Metadata                 yaml.Node `yaml:"Metadata"`
	Parameters               yaml.Node `yaml:"Parameters"`
	Conditions               yaml.Node `yaml:"Conditions"`
	Globals                  yaml.Node `yaml:"Globals"`
	Resources                yaml.Node `yaml:"Resources"`
	Outputs                  yaml.Node `yaml:"Outputs"`
}

// Parse resolves the text of a template.
func Parse(text []byte, local Local) (*System, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if len(root.Content) != 1 {
		return nil, fmt.Errorf("the template is empty")
	}
	top, err := fields(root.Content[0], "template")
	if err != nil {
		return nil, err
	}
	known := []string{"AWSTemplateFormatVersion", "Transform", "Description", "Metadata", "Parameters", "Conditions", "Globals", "Resources", "Outputs"}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if !slices.Contains(known, name) {
			return nil, at(top[name], name, "section is not understood")
		}
	}
	var doc document
	if err := root.Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Transform != "AWS::Serverless-2016-10-31" {
		return nil, fmt.Errorf("the Transform %q is not understood", doc.Transform)
	}
	r, err := newResolver(doc, local)
	if err != nil {
		return nil, err
	}
	return r.system(doc)
}
