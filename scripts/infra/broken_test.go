package infra_test

import (
	"strings"
	"testing"

	"lumo/scripts/localcloud/template"
)

// What CloudFormation would refuse, or take and do nothing with, is named with its place before anybody deploys.
func TestABrokenTemplateIsNamed(t *testing.T) {
	t.Parallel()
	whole := read(t, "template.yaml")
	for name, c := range map[string]struct{ from, to, says string }{
		"a misspelt property of an alarm":    {"Resources.TickStalled", "EvaluationPeriods: 2, Threshold: 1, >EvaluationPeriod: 2, Threshold: 1, ", "Resources.TickStalled.Properties.EvaluationPeriod: this property is not understood"},
		"an alarm without a threshold":       {"Resources.TickStalled", "Threshold: 1, >", "Resources.TickStalled.Properties: Threshold is missing"},
		"a comparison that does not exist":   {"Resources.TickStalled", "LessThanThreshold>SmallerThanThreshold", "Resources.TickStalled.Properties.ComparisonOperator: SmallerThanThreshold is none of"},
		"a period that CloudWatch has not":   {"Resources.TickStalled", "Period: 300>Period: 301", "Resources.TickStalled.Properties.Period: 301 is none of"},
		"an alarm of a queue that is gone":   {"Resources.FlushOld", "!GetAtt Flush.QueueName>!GetAtt Fluss.QueueName", `Resources.FlushOld.Properties.Dimensions[0].Value: there is no resource "Fluss"`},
		"a topic that is gone":               {"Resources.ServerErrors", "!Ref AlarmTopic>!Ref AlarmTopics", `Resources.ServerErrors.Properties.AlarmActions[0]: there is no "AlarmTopics"`},
		"a subscription without an address":  {"Resources.AlarmMail", ", Endpoint: !Ref AlarmEmail>", "Resources.AlarmMail.Properties: Endpoint is missing"},
		"a front that caches by no policy":   {"Resources.Front", "CachePolicyId:>#", "Resources.Front.Properties.DistributionConfig.DefaultCacheBehavior: CachePolicyId is missing"},
		"a front without TLS to the origin":  {"Resources.Front", "https-only>plain", "OriginProtocolPolicy: plain is none of"},
		"a batch that a FIFO queue refuses":  {"Resources.ListSync", "BatchSize: 1,>BatchSize: 50,", "in Resources.ListSync, event SyncSteps: BatchSize of a FIFO queue is 10 at most"},
		"a function longer than its message": {"Resources.ListSync", "Timeout: 60>Timeout: 600", "is less than the function's timeout"},
		"a condition that is not there":      {"Resources.AlarmMail", "HasAlarmEmail>HasMail", `Resources.AlarmMail: there is no condition "HasMail"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := strings.TrimPrefix(c.from, "Resources.")
			old, with, _ := strings.Cut(c.to, ">")
			head, tail, found := strings.Cut(whole, "\n  "+id+":")
			if !found || !strings.Contains(tail, old) {
				t.Fatalf("the template has no %s with %q", id, old)
			}
			broken := head + "\n  " + id + ":" + strings.Replace(tail, old, with, 1)
			_, err := template.Parse([]byte(broken), template.Local{Stack: "lumo", SQS: "http://127.0.0.1", Parameters: map[string]string{
				"AlarmEmail": "a@example.com", "Domain": "a.example.com", "OriginDomain": "o.example.com", "CertificateArn": "arn:c", "OriginCertificateArn": "arn:o", "FrontKey": "k",
			}})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}
