package template_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lumo/scripts/localcloud/template"
)

var local = template.Local{Stack: "lumo", SQS: "http://127.0.0.1:4000", Parameters: map[string]string{}}

// The real template must be understood whole; this is what keeps it deployable and runnable at once.
func TestTheRealTemplate(t *testing.T) {
	t.Parallel()
	s, err := template.Read("../../../template.yaml", template.Local{Stack: "lumo", SQS: local.SQS, Parameters: map[string]string{"HubspotClientId": "me"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Functions) == 0 || len(s.Tables) != 1 || len(s.Buckets) != 1 || len(s.Keys) != 1 {
		t.Fatalf("%d functions, %d tables, %d buckets, %d keys", len(s.Functions), len(s.Tables), len(s.Buckets), len(s.Keys))
	}
	consumed := map[string]bool{}
	for _, f := range s.Functions {
		if f.Environment["HUBSPOT_CLIENT_ID"] != "me" || !strings.HasPrefix(f.Environment["QUEUE_FLUSH"], local.SQS+"/") {
			t.Errorf("%s: environment %v", f.ID, f.Environment)
		}
		for _, src := range f.Sources {
			consumed[src.Queue] = true
		}
	}
	for _, q := range s.Queues {
		if !consumed[q.Name] {
			t.Errorf("nothing reads the queue %s", q.ID)
		}
		if q.DeadLetter == "" && !strings.HasSuffix(strings.TrimSuffix(q.Name, ".fifo"), "Dead") {
			t.Errorf("the queue %s has no dead-letter queue", q.ID)
		}
	}
	if tb := s.Tables[0]; tb.TTL != "ttl" || *tb.Create.KeySchema[0].AttributeName != "pk" {
		t.Errorf("table: %+v", tb)
	}
}

const head = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: { Type: String, Default: x }
  Kept: { Type: String, Default: "4" }
  Prod: { Type: String, Default: "no", AllowedValues: ["yes", "no"] }
Conditions:
  IsProd: !Equals [!Ref Prod, "yes"]
  IsNot: !Not [!Condition IsProd]
Globals:
  Function: { Runtime: provided.al2023, Handler: bootstrap, Timeout: 7, Environment: { Variables: { A: global, B: !Ref Name } } }
Resources:
  Q:
    Type: AWS::SQS::Queue
    Properties: { FifoQueue: true, VisibilityTimeout: 60, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } }
  Dead: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
  S: { Type: AWS::SQS::Queue, Properties: { QueueName: own-name } }
`

func TestResolution(t *testing.T) {
	t.Parallel()
	s, err := template.Parse([]byte(head+`
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/f
      ReservedConcurrentExecutions: !Ref Kept
      Environment:
        Variables:
          B: own
          URL: !Ref Q
          JOINED: !Join ["-", [a, !Ref AWS::Region, !If [IsProd, big, small]]]
          SUB: !Sub ["${N}/${Q.Arn}/${!Left}/${AWS::StackName}", { N: !Ref Name }]
          LONG: { "Fn::Sub": "${S.QueueName}" }
          NONE: !If [IsNot, !Ref AWS::NoValue, x]
      Events:
        R: { Type: HttpApi, Properties: { Method: get, Path: "/a/{id}" } }
        D: { Type: HttpApi, Properties: {} }
        M: { Type: SQS, Properties: { Queue: !GetAtt Q.Arn, BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 }, FunctionResponseTypes: [ReportBatchItemFailures] } }
        N: { Type: SQS, Properties: { Queue: !GetAtt S.Arn, BatchSize: 100, MaximumBatchingWindowInSeconds: 2, Enabled: true } }
        T: { Type: Schedule, Properties: { Schedule: rate(1 minute), Input: "{}" } }
        Off: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute), State: DISABLED } }
  OnlyProd: { Type: AWS::SQS::Queue, Condition: IsProd }
Outputs:
  Arn: { Value: !GetAtt F.Arn }
`), template.Local{Stack: "st", SQS: "http://sqs", Parameters: map[string]string{"Name": "given"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []template.Function{{
		ID: "F", Name: "st-F", Code: "functions/f", Memory: 128, Timeout: 7 * time.Second, Reserved: 4,
		Environment: map[string]string{
			"A": "global", "B": "own", "URL": "http://sqs/000000000000/st-Q.fifo", "JOINED": "a-us-east-1-small",
			"SUB": "given/arn:aws:sqs:us-east-1:000000000000:st-Q.fifo/${Left}/st", "LONG": "own-name",
		},
		Routes: []template.Route{{Event: "D", Method: "ANY", Path: "$default"}, {Event: "R", Method: "GET", Path: "/a/{id}"}},
		Sources: []template.Source{
			{Event: "M", Queue: "st-Q.fifo", BatchSize: 1, MaxConcurrency: 2, ReportItems: true},
			{Event: "N", Queue: "own-name", BatchSize: 100, Window: 2 * time.Second},
		},
		Schedules: []template.Schedule{{Event: "T", Expression: "rate(1 minute)", Input: "{}"}},
	}}
	if d := cmp.Diff(want, s.Functions); d != "" {
		t.Error(d)
	}
	names := []string{}
	for _, q := range s.Queues {
		names = append(names, q.Name)
	}
	if d := cmp.Diff([]string{"st-Dead.fifo", "own-name", "st-Q.fifo"}, names); d != "" {
		t.Error(d)
	}
	q, _ := s.Queue("st-Q.fifo")
	if d := cmp.Diff(map[string]string{
		"FifoQueue": "true", "VisibilityTimeout": "60",
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:st-Dead.fifo","maxReceiveCount":3}`,
	}, q.Attributes); d != "" {
		t.Error(d)
	}
}

func TestWhatIsNotUnderstoodIsNamed(t *testing.T) {
	t.Parallel()
	function := func(events string) string {
		return head + "  F: { Type: AWS::Serverless::Function, Properties: { CodeUri: f, Events: { E: " + events + " } } }\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"resource type", head + "  X: { Type: AWS::Foo::Bar }", "Resources.X: the resource type AWS::Foo::Bar"},
		{"resource field", head + "  X: { Type: AWS::SQS::Queue, Propertys: {} }", "Resources.X: Propertys"},
		{"section", head + "Rules: {}", "Rules: section"},
		{"misspelt queue property", head + "  X: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeOut: 3 } }", "Resources.X.Properties.VisibilityTimeOut"},
		{"wrong type", head + "  X: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: soon } }", "Resources.X.Properties: cannot unmarshal"},
		{"event type", function("{ Type: Kinesis }"), "Events.E: the event type Kinesis"},
		{"event property", function("{ Type: SQS, Properties: { Queue: !GetAtt S.Arn, FilterCriteria: {} } }"), "Events.E.FilterCriteria"},
		{"batch of a FIFO queue", function("{ Type: SQS, Properties: { Queue: !GetAtt Q.Arn, BatchSize: 11 } }"), "10 at most"},
		{"big batch without window", function("{ Type: SQS, Properties: { Queue: !GetAtt S.Arn, BatchSize: 11 } }"), "needs MaximumBatchingWindowInSeconds"},
		{"unknown queue", function("{ Type: SQS, Properties: { Queue: arn:nothing } }"), "no queue nothing"},
		{"response type", function("{ Type: SQS, Properties: { Queue: !GetAtt S.Arn, FunctionResponseTypes: [Foo] } }"), "the response type Foo"},
		{"dangling reference", function("{ Type: SQS, Properties: { Queue: !GetAtt None.Arn } }"), `no resource "None"`},
		{"dangling Sub", head + "Outputs: { X: { Value: !Sub '${Nothing}' } }", `no "Nothing"`},
		{"attribute", head + "Outputs: { X: { Value: !GetAtt S.Foo } }", "the attribute Foo of AWS::SQS::Queue"},
		{"intrinsic", head + "Outputs: { X: { Value: !ImportValue x } }", "the intrinsic function ImportValue"},
		{"key twice", head + "  S: { Type: AWS::SQS::Queue }", "S comes twice"},
		{"global section", strings.Replace(head, "Globals:", "Globals:\n  Api: {}", 1), "Globals.Api"},
		{"parameter property", strings.Replace(head, "Default: x", "Defualt: x", 1), "Parameters.Name.Defualt"},
		{"same route twice", function("{ Type: HttpApi, Properties: { Path: /a } }, G: { Type: HttpApi, Properties: { Path: /a } }"), "belongs to F already"},
		{"visibility below the timeout", strings.Replace(function("{ Type: SQS, Properties: { Queue: !GetAtt S.Arn } }"), "Timeout: 7", "Timeout: 40", 1), "less than the function's timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := template.Parse([]byte(c.text), local)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	for name, parameters := range map[string]map[string]string{"unknown": {"Foo": "x"}, "not allowed": {"Prod": "maybe"}} {
		if _, err := template.Parse([]byte(head), template.Local{Stack: "s", Parameters: parameters}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
