package sqs

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

func (s *Server) createQueue(_ context.Context, in createQueueInput) (any, error) {
	base, suffix := strings.CutSuffix(in.QueueName, ".fifo")
	fifo := in.Attributes["FifoQueue"] == "true"
	if !names.MatchString(base) || len(in.QueueName) > 80 || suffix != fifo {
		return nil, invalid("The name of a queue can only include alphanumeric characters, hyphens, or underscores and be 1 to 80 in length; that of a FIFO queue, and no other, must end with .fifo.")
	}
	if err := s.checkAttributes(in.Attributes, fifo); err != nil {
		return nil, err
	}
	out := map[string]string{"QueueUrl": s.url(in.QueueName)}
	if q := s.queues[in.QueueName]; q != nil {
		for k, v := range in.Attributes {
			if q.attributes[k] != v {
				return nil, &apiError{"QueueNameExists", "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute " + k}
			}
		}
		return out, nil
	}
	return out, s.commit(change{Op: opCreate, Queue: in.QueueName, Attributes: in.Attributes, At: s.now()})
}

func (s *Server) deleteQueue(_ context.Context, in queueInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.commit(change{Op: opDelete, Queue: q.name})
}

func (s *Server) purgeQueue(_ context.Context, in queueInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if !q.purged.IsZero() && s.now().Sub(q.purged) < time.Minute {
		return nil, batchError("PurgeQueueInProgress", "Only one PurgeQueue operation on "+q.name+" is allowed every 60 seconds.")
	}
	return struct{}{}, s.commit(change{Op: opPurge, Queue: q.name, At: s.now()})
}

func (s *Server) getQueueURL(_ context.Context, in getQueueURLInput) (any, error) {
	q, err := s.find(in.QueueName)
	if err != nil {
		return nil, err
	}
	return map[string]string{"QueueUrl": s.url(q.name)}, nil
}

func (s *Server) listQueues(_ context.Context, in listQueuesInput) (any, error) {
	limit := 1000
	if in.MaxResults != nil {
		if limit = *in.MaxResults; limit < 1 || limit > 1000 {
			return nil, invalid("Value for parameter MaxResults must be between 1 and 1000.")
		}
	}
	out := map[string]any{}
	var urls []string
	last := ""
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		if !strings.HasPrefix(name, in.QueueNamePrefix) || name <= in.NextToken {
			continue
		}
		if len(urls) == limit {
			out["NextToken"] = last
			break
		}
		urls, last = append(urls, s.url(name)), name
	}
	if len(urls) > 0 {
		out["QueueUrls"] = urls
	}
	return out, nil
}

func (s *Server) getQueueAttributes(_ context.Context, in getQueueAttributesInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := q.describe(s.now())
	if !slices.Contains(in.AttributeNames, "All") {
		maps.DeleteFunc(all, func(k, _ string) bool { return !slices.Contains(in.AttributeNames, k) })
	}
	return map[string]any{"Attributes": all}, nil
}

func (s *Server) setQueueAttributes(_ context.Context, in setQueueAttributesInput) (any, error) {
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if v, ok := in.Attributes["FifoQueue"]; ok && v != q.attributes["FifoQueue"] {
		return nil, &apiError{"InvalidAttributeName", "InvalidAttributeName", "FifoQueue cannot be changed."}
	}
	if err := s.checkAttributes(in.Attributes, q.fifo()); err != nil {
		return nil, err
	}
	return struct{}{}, s.commit(change{Op: opConfigure, Queue: q.name, Attributes: in.Attributes})
}
