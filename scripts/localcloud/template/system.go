package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.yaml.in/yaml/v3"
)

// decode copies a resolved value into a struct that lists every property understood there.
func decode(n *yaml.Node, path string, v any, into any) error {
	if place := unknown(v, reflect.TypeOf(into).Elem(), path); place != "" {
		return at(n, place, "this property is not understood")
	}
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return at(n, path, "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// unknown returns the place of the first property that t has no field for. encoding/json would take a wrong case for the right one;
// CloudFormation does not.
func unknown(v any, t reflect.Type, path string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for i, e := range v {
				if place := unknown(e, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); place != "" {
					return place
				}
			}
		}
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner, ok := property(t, name)
			if !ok {
				return path + "." + name
			}
			if place := unknown(v[name], inner, path+"."+name); place != "" {
				return place
			}
		}
	}
	return ""
}

func property(t reflect.Type, name string) (reflect.Type, bool) {
	switch t.Kind() {
	case reflect.Interface:
		return t, true
	case reflect.Map:
		return t.Elem(), true
	case reflect.Struct:
		for f := range t.Fields() {
			if tag := f.Tag.Get("json"); f.IsExported() && (tag == name || tag == "" && f.Name == name) {
				return f.Type, true
			}
		}
	}
	return nil, false
}

func (r *resolver) system(doc document) (*System, error) {
	s := &System{}
	globals, err := r.globals(&doc.Globals)
	if err != nil {
		return nil, err
	}
	for _, id := range r.order {
		x := r.resources[id]
		path := "Resources." + id
		var v any = object{}
		n := x.node
		if x.properties != nil {
			n, path = x.properties, path+".Properties"
			if v, err = r.value(n, path); err != nil {
				return nil, err
			}
		}
		switch x.kind {
		case "AWS::Serverless::Function":
			err = r.function(s, x, globals, v, n, path)
		case "AWS::SQS::Queue":
			err = r.queue(s, x, v, n, path)
		case "AWS::DynamoDB::Table":
			err = table(s, x, v, n, path)
		case "AWS::Serverless::HttpApi":
			err = decode(n, path, v, &struct{ StageName, Description, FailOnWarnings, Tags, DefaultRouteSettings, AccessLogSettings, DisableExecuteApiEndpoint any }{})
		case "AWS::S3::Bucket":
			s.Buckets = append(s.Buckets, x.name)
			err = decode(n, path, v, &struct {
				BucketName, PublicAccessBlockConfiguration, BucketEncryption, LifecycleConfiguration, OwnershipControls, VersioningConfiguration, Tags any
			}{})
		case "AWS::KMS::Key":
			s.Keys = append(s.Keys, x.name)
			err = decode(n, path, v, &struct{ Description, EnableKeyRotation, KeyPolicy, PendingWindowInDays, Tags any }{})
		default:
			err = r.other(s, x, v, n, path)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := r.outputs(&doc.Outputs); err != nil {
		return nil, err
	}
	s.sortQueues()
	return s, s.check()
}

// outputs are resolved only so that what they refer to exists.
func (r *resolver) outputs(n *yaml.Node) error {
	all, err := fields(n, "Outputs")
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		path := "Outputs." + name
		own, err := fields(all[name], path)
		if err != nil {
			return err
		}
		if c := own["Condition"]; c != nil {
			if holds, err := r.condition(c.Value, c, path); err != nil || !holds {
				if err != nil {
					return err
				}
				continue
			}
		}
		if _, err := r.value(all[name], path); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) queue(s *System, x *resource, v any, n *yaml.Node, path string) error {
	var p struct {
		QueueName, Tags                                                                                            any
		FifoQueue, ContentBasedDeduplication, SqsManagedSseEnabled                                                 *bool
		VisibilityTimeout, MessageRetentionPeriod, DelaySeconds, ReceiveMessageWaitTimeSeconds, MaximumMessageSize *int
		DeduplicationScope, FifoThroughputLimit, KmsMasterKeyId                                                    *string
		RedrivePolicy                                                                                              *struct {
			DeadLetterTargetArn string `json:"deadLetterTargetArn"`
			MaxReceiveCount     int    `json:"maxReceiveCount"`
		}
		RedriveAllowPolicy any
	}
	if err := decode(n, path, v, &p); err != nil {
		return err
	}
	q := Queue{ID: x.id, Name: x.name, Attributes: map[string]string{}}
	for name, value := range v.(object) {
		switch name {
		case "QueueName", "Tags":
		case "RedrivePolicy", "RedriveAllowPolicy":
			b, err := json.Marshal(value)
			if err != nil {
				return at(n, path, "%s: %v", name, err)
			}
			q.Attributes[name] = string(b)
		default:
			q.Attributes[name] = fmt.Sprint(value)
		}
	}
	if p.RedrivePolicy != nil {
		arn := p.RedrivePolicy.DeadLetterTargetArn
		q.DeadLetter = arn[strings.LastIndexByte(arn, ':')+1:]
	}
	s.Queues = append(s.Queues, q)
	return nil
}

// sortQueues puts those that nobody redrives from first; CreateQueue wants the target to exist.
func (s *System) sortQueues() {
	slices.SortStableFunc(s.Queues, func(a, b Queue) int {
		switch {
		case a.DeadLetter == "" && b.DeadLetter != "":
			return -1
		case a.DeadLetter != "" && b.DeadLetter == "":
			return 1
		}
		return 0
	})
}

func table(s *System, x *resource, v any, n *yaml.Node, path string) error {
	var p struct {
		TableName, PointInTimeRecoverySpecification, SSESpecification, DeletionProtectionEnabled, Tags, ContributorInsightsSpecification any

		BillingMode             types.BillingMode
		AttributeDefinitions    []types.AttributeDefinition
		KeySchema               []types.KeySchemaElement
		LocalSecondaryIndexes   []types.LocalSecondaryIndex
		GlobalSecondaryIndexes  []types.GlobalSecondaryIndex
		TimeToLiveSpecification *types.TimeToLiveSpecification
	}
	if err := decode(n, path, v, &p); err != nil {
		return err
	}
	if p.BillingMode != types.BillingModePayPerRequest {
		return at(n, path, "BillingMode %q is not understood", p.BillingMode)
	}
	t := Table{ID: x.id, Create: dynamodb.CreateTableInput{
		TableName: &x.name, BillingMode: p.BillingMode, AttributeDefinitions: p.AttributeDefinitions, KeySchema: p.KeySchema,
		LocalSecondaryIndexes: p.LocalSecondaryIndexes, GlobalSecondaryIndexes: p.GlobalSecondaryIndexes,
	}}
	if ttl := p.TimeToLiveSpecification; ttl != nil && ttl.Enabled != nil && *ttl.Enabled && ttl.AttributeName != nil {
		t.TTL = *ttl.AttributeName
	}
	s.Tables = append(s.Tables, t)
	return nil
}

// Queue finds a queue by name.
func (s *System) Queue(name string) (Queue, bool) {
	i := slices.IndexFunc(s.Queues, func(q Queue) bool { return q.Name == name })
	if i < 0 {
		return Queue{}, false
	}
	return s.Queues[i], true
}

// Visibility is the queue's visibility timeout in seconds.
func (q Queue) Visibility() int {
	n, err := strconv.Atoi(q.Attributes["VisibilityTimeout"])
	if err != nil {
		return 30
	}
	return n
}

// FIFO tells the kind of the queue.
func (q Queue) FIFO() bool { return q.Attributes["FifoQueue"] == "true" }

// check refuses what AWS would refuse when the template is deployed.
func (s *System) check() error {
	routes := map[string]string{}
	for _, f := range s.Functions {
		for _, r := range f.Routes {
			if other := routes[r.Key()]; other != "" {
				return fmt.Errorf("in Resources.%s, event %s: the route %s belongs to %s already", f.ID, r.Event, r.Key(), other)
			}
			routes[r.Key()] = f.ID
		}
		for _, src := range f.Sources {
			if err := s.checkSource(f, src); err != nil {
				return fmt.Errorf("in Resources.%s, event %s: %w", f.ID, src.Event, err)
			}
		}
	}
	return nil
}

func (s *System) checkSource(f Function, src Source) error {
	q, ok := s.Queue(src.Queue)
	switch {
	case !ok:
		return fmt.Errorf("the template declares no queue %s", src.Queue)
	case src.BatchSize < 1 || src.BatchSize > 10_000:
		return fmt.Errorf("BatchSize must be between 1 and 10,000")
	case q.FIFO() && src.BatchSize > 10:
		return fmt.Errorf("BatchSize of a FIFO queue is 10 at most")
	case q.FIFO() && src.Window > 0:
		return fmt.Errorf("a FIFO queue has no batching window")
	case src.BatchSize > 10 && src.Window == 0:
		return fmt.Errorf("BatchSize over 10 needs MaximumBatchingWindowInSeconds")
	case q.Visibility() < int(f.Timeout.Seconds()):
		return fmt.Errorf("the visibility timeout of %s, %d s, is less than the function's timeout, %s", q.ID, q.Visibility(), f.Timeout)
	case src.MaxConcurrency != 0 && (src.MaxConcurrency < 2 || src.MaxConcurrency > 1000):
		return fmt.Errorf("MaximumConcurrency must be between 2 and 1,000")
	}
	return nil
}
