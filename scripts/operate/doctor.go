package operate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lumo/shared/directory"
	"lumo/shared/id"
	"lumo/shared/queue"
	"lumo/shared/seal"
)

// Finding is one thing that was looked at.
type Finding struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// ErrUnwell: at least one finding is bad.
var ErrUnwell = errors.New("something is wrong with this stage; docs/runbook.md tells what to do about each check")

// late is how long a portal may wait for the minute tick.
const late = 5 * time.Minute

// Doctor looks at everything that a stage needs, changes nothing, and prints a line for each.
func (s *Stage) Doctor(ctx context.Context) error {
	checks := []struct {
		name string
		look func(context.Context) (string, error)
	}{
		{"table", s.lookAtTable}, {"bucket", s.lookAtBucket}, {"key", s.lookAtKey}, {"front", s.lookAtFront}, {"hubspot", s.lookAtHubSpot},
		{"line", s.lookAtLine}, {"tick", s.lookAtTick},
	}
	for _, q := range queue.All() {
		checks = append(checks, struct {
			name string
			look func(context.Context) (string, error)
		}{"queue " + string(q), func(ctx context.Context) (string, error) { return s.lookAtQueue(ctx, q) }})
	}
	well := true
	for _, c := range checks {
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		detail, err := c.look(limited)
		cancel()
		f := Finding{Check: c.name, OK: err == nil, Detail: detail}
		if err != nil {
			f.Detail, well = err.Error(), false
		}
		if err := s.print(f); err != nil {
			return err
		}
	}
	if !well {
		return ErrUnwell
	}
	return nil
}

func (s *Stage) lookAtTable(ctx context.Context) (string, error) {
	r, err := s.table.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: s.tableName()})
	if err != nil {
		return "", err
	}
	if status := r.Table.TableStatus; status != "ACTIVE" && status != "UPDATING" {
		return "", fmt.Errorf("the table is %s", status)
	}
	return *s.tableName(), nil
}

func (s *Stage) lookAtBucket(ctx context.Context) (string, error) {
	one := int32(1)
	_, err := s.objects.ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: s.bucket(), MaxKeys: &one})
	return *s.bucket(), err
}

// lookAtKey seals and opens something for a portal that does not exist.
func (s *Stage) lookAtKey(ctx context.Context) (string, error) {
	e := seal.New(s.App.Keys(), s.App.Clock)
	text := []byte("a check")
	sealed, err := e.Seal(ctx, nobody, text)
	if err != nil {
		return "", err
	}
	opened, err := e.Open(ctx, nobody, sealed)
	if err == nil && !bytes.Equal(opened, text) {
		err = errors.New("what was sealed opens as something else")
	}
	return "", err
}

// nobody is above HubSpot's ids.
const nobody id.PortalID = 1<<53 - 1

// lookAtFront asks for the start page, and knocks at a door that must be closed.
func (s *Stage) lookAtFront(ctx context.Context) (string, error) {
	origin := s.App.Config.PublicURL
	for path, want := range map[string]int{"/": http.StatusOK, "/api/v1/status": http.StatusUnauthorized} {
		status, err := get(ctx, origin+path)
		if err != nil {
			return "", err
		}
		if status != want {
			return "", fmt.Errorf("GET %s answers %d, not %d", path, status, want)
		}
	}
	return origin, nil
}

func get(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// lookAtHubSpot asks for a token of the app itself: its client id and secret are good.
func (s *Stage) lookAtHubSpot(ctx context.Context) (string, error) {
	_, err := s.App.HubSpot().AppToken(ctx, journalScopes)
	return s.App.Config.HubspotAPIURL, err
}

// journalScopes are what every app of ours may ask for.
var journalScopes = []string{"developer.webhooks_journal.read"}

// lookAtLine is content with any answer: only a customer's channel could ask more.
func (s *Stage) lookAtLine(ctx context.Context) (string, error) {
	_, err := get(ctx, s.App.Config.LineAPIURL+"/v2/bot/info")
	return s.App.Config.LineAPIURL, err
}

// lookAtTick finds portals that the minute tick should have looked at long ago.
func (s *Stage) lookAtTick(ctx context.Context) (string, error) {
	for shard := range directory.Shards {
		ps, err := s.App.Directory().DuePortals(ctx, shard, s.App.Clock.Now().Add(-late), 1)
		if err != nil {
			return "", err
		}
		if len(ps) > 0 {
			return "", fmt.Errorf("portal %s waits for the tick for more than %s", ps[0], late)
		}
	}
	return "no portal waits", nil
}

func (s *Stage) lookAtQueue(ctx context.Context, q queue.Queue) (string, error) {
	waiting, err := s.waiting(ctx, s.App.Config.Queues[q])
	if err != nil {
		return "", err
	}
	detail := fmt.Sprintf("%d waiting", waiting)
	url, known := s.App.Config.DeadQueues[q]
	if !known {
		return detail, nil
	}
	dead, err := s.waiting(ctx, url)
	if err == nil && dead > 0 {
		err = fmt.Errorf("%d dead letters wait for the function DeadLetters", dead)
	}
	return detail, err
}

func (s *Stage) waiting(ctx context.Context, url string) (int, error) {
	name := types.QueueAttributeNameApproximateNumberOfMessages
	r, err := s.queues.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{name}})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(r.Attributes[string(name)])
}
