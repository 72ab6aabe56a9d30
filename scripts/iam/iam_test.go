package iam_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"lumo/scripts/iam"
)

const root = "../.."

var reach = sync.OnceValues(func() (map[string]iam.Needs, error) { return iam.Reach(root, "./functions/...") })

func needs(t *testing.T) map[string]iam.Needs {
	t.Helper()
	n, err := reach()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func template(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(root + "/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each function may do what its code does, and nothing else.
func TestPoliciesFitTheCode(t *testing.T) {
	t.Parallel()
	grants, err := iam.ReadGrants([]byte(template(t)))
	if err != nil {
		t.Fatal(err)
	}
	// What the analysis thinks possible and is not: its path ends at a value that another program sets.
	never := map[string]string{
		"template.yaml, Broadcasts: lacks sqs:SendMessage on SyncSteps.Arn": "a broadcast's chain has a lane of its own, so it never takes the usual one",
	}
	for _, problem := range iam.Compare(needs(t), grants) {
		known, _, _ := strings.Cut(problem, ", which")
		if never[known] == "" {
			t.Error(problem)
		}
		delete(never, known)
	}
	for known := range never {
		t.Errorf("needs no exception any more: %s", known)
	}
}

// What somebody gets wrong is named, with its place.
func TestWhatDoesNotFitIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"a queue is forgotten":        {"!GetAtt Taps.Arn, !GetAtt HubspotEvents.Arn", "!GetAtt HubspotEvents.Arn", "Links: lacks sqs:SendMessage on Taps.Arn, which its code reaches: functions/links.main > "},
		"a queue too much":            {"!GetAtt Taps.Arn, !GetAtt HubspotEvents.Arn", "!GetAtt Taps.Arn, !GetAtt HubspotEvents.Arn, !GetAtt Flush.Arn", "Links: may sqs:SendMessage on Flush.Arn, which its code cannot reach"},
		"a call is not allowed":       {"Action: [dynamodb:GetItem, ", "Action: [", "lacks dynamodb:GetItem on Table.Arn"},
		"a call that nobody makes":    {"Action: [dynamodb:GetItem, ", "Action: [dynamodb:Scan, dynamodb:GetItem, ", "may dynamodb:Scan on Table.Arn, which its code cannot reach"},
		"an index is forgotten":       {`Resource: [!GetAtt Table.Arn, !Sub "${Table.Arn}/index/*"]`, "Resource: !GetAtt Table.Arn", "lacks dynamodb:Query on ${Table.Arn}/index/*"},
		"every bucket":                {`Resource: !Sub "${Bucket.Arn}/portal/*"`, `Resource: "*"`, "may s3:"},
		"every action of a service":   {"Action: ses:SendEmail", `Action: "ses:*"`, "ses:* names no single action"},
		"a statement that denies":     {"Effect: Allow, Action: ses:SendEmail", "Effect: Deny, Action: ses:SendEmail", "only plain Allow statements are understood"},
		"a function without its code": {"CodeUri: functions/links", "CodeUri: functions/link", "Links: there is no program functions/link"},
		"code that is no function":    {"CodeUri: functions/links", "CodeUri: functions/link", "functions/links is no function of template.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := template(t)
			broken := strings.Replace(whole, c.from, c.to, 1)
			if broken == whole {
				t.Fatalf("the template does not hold %q", c.from)
			}
			grants, err := iam.ReadGrants([]byte(broken))
			if err != nil {
				if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "template.yaml, ") {
					t.Errorf("says %v", err)
				}
				return
			}
			problems := iam.Compare(needs(t), grants)
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, c.says) }) {
				t.Errorf("says %s", strings.Join(problems, "\n"))
			}
		})
	}
}
