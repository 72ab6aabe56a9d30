package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lumo/shared/chat"
	"lumo/shared/friend"
	"lumo/shared/id"
	"lumo/shared/line"
	"lumo/shared/lineaccount"
	"lumo/shared/queue"
	"lumo/shared/work"
	"lumo/shared/workflow"
)

// linkedTo finds the bench's friends by contact.
type linkedTo struct {
	*keeper
	by map[id.ContactID]friend.Key
}

func (l linkedTo) ByContact(_ context.Context, _ id.PortalID, c id.ContactID) ([]friend.Key, error) {
	k, ok := l.by[c]
	if !ok {
		return nil, nil
	}
	return []friend.Key{k}, nil
}

// oneAccount is the bench's only one.
type oneAccount struct{ lineaccount.Store }

func (oneAccount) Account(_ context.Context, p id.PortalID, s id.Slot) (lineaccount.Account, error) {
	return lineaccount.Account{Portal: p, Slot: s, State: lineaccount.Active}, nil
}

// pushes is chat.Line over one channel.
type pushes struct{ c *line.ChannelClient }

func (p pushes) Push(ctx context.Context, _ id.PortalID, k friend.Key, key string, ms []json.RawMessage) (chat.Accepted, error) {
	sent, err := p.c.BulkPush(ctx, key, k.User, line.Outgoing{Messages: ms})
	return chat.Accepted{RequestID: sent.RequestID}, err
}

// Reply is not what a workflow does: it has no reply token.
func (p pushes) Reply(context.Context, id.PortalID, friend.Key, string, []json.RawMessage) (chat.Accepted, error) {
	return chat.Accepted{}, errors.New("a workflow has no reply token")
}

// workflows is the service over the bench's friends and channel.
func (s *sending) workflows() *workflow.Service {
	by := map[id.ContactID]friend.Key{}
	for k, f := range s.rows.rows {
		by[f.Link.Contact] = k
	}
	out, c := s.app.Workflows(), s.app.Chat()
	friends := linkedTo{s.rows, by}
	c.Friends, c.Accounts, c.Line = friends, oneAccount{}, pushes{s.channel}
	out.Friends, out.Accounts, out.Chat = friends, oneAccount{}, c
	return out
}

// measureWorkflow enrolls contacts all at once: how long accepting takes, and what each costs.
func measureWorkflow(ctx context.Context, r *run) ([]Figure, error) {
	n := max(100, min(r.Size/10, 10_000)/100*100)
	s, err := r.sending(ctx, n)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	steps := s.workflows()
	var mu sync.Mutex
	var took []time.Duration
	err = work.Each(ctx, 50, n, func(ctx context.Context, i int) error {
		began := s.clock.Now()
		body := fmt.Sprintf(`{"callbackId":"ap-%d","origin":{"portalId":%d,"actionDefinitionId":1},"context":{"workflowId":5,"actionId":1,"actionExecutionIndexIdentifier":{"enrollmentId":%d,"actionExecutionIndex":0}},`+
			`"object":{"objectId":%d,"objectType":"CONTACT"},"inputFields":{"oa":"1","text_1":"hello","category":"transactional"}}`, i, hub, i+1, s.contacts[i])
		c, err := workflow.Parse(workflow.SendMessage, []byte(body), began)
		if err != nil {
			return err
		}
		if reason, err := steps.Refuses(ctx, c.Portal); err != nil || reason != "" {
			return fmt.Errorf("refused: %s %w", reason, err)
		}
		err = steps.Accept(ctx, c)
		mu.Lock()
		took = append(took, s.clock.Now().Sub(began))
		mu.Unlock()
		return err
	})
	if err != nil {
		return nil, err
	}
	s.table.reset()
	s.hub.ResetStats()
	var calls []workflow.Call
	for _, m := range s.sent.Take(queue.Actions) {
		var todo workflow.Work
		if err := json.Unmarshal(m.Body, &todo); err != nil {
			return nil, err
		}
		calls = append(calls, *todo.Call)
	}
	for part := range slices.Chunk(calls, 100) {
		if again, err := steps.Handle(ctx, hub, part); err != nil || len(again) > 0 {
			return nil, fmt.Errorf("%d steps not done: %w", len(again), err)
		}
	}
	slices.Sort(took)
	each := float64(n)
	return []Figure{
		atMost("workflow_accept_p99", float64(took[n*99/100].Microseconds())/1000, "ms", 1000),
		atMost("workflow_line_calls", float64(s.accepted("/message/push"))/each, "per enrolled contact", 1),
		atMost("workflow_hubspot_calls", float64(s.hub.Stats(hub).Total)/each, "per enrolled contact", 0.01),
		atMost("workflow_writes", float64(s.table.total())/each, "items per enrolled contact", 9),
	}, nil
}
