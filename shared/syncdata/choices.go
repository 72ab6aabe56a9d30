package syncdata

import (
	"context"
	"time"

	"lumo/shared/id"
	"lumo/shared/lineproperty"
)

// Choice is one value of a field of choices, and what people call it.
type Choice struct {
	Value string `dynamodbav:"v"`
	Label string `dynamodbav:"l"`
}

// Choices remembers them, so that showing a value under its label does not ask HubSpot each time.
type Choices interface {
	// Choices were saved at the time given (Unix ms), 0 for never.
	Choices(ctx context.Context, p id.PortalID, property string) (cs []Choice, at int64, err error)
	SaveChoices(ctx context.Context, p id.PortalID, property string, cs []Choice, at int64) error
}

const (
	// labelsFor is how old labels may be that are only shown.
	labelsFor = time.Hour
	// maxLabels of one property; HubSpot allows 5,000, which would be too large a row.
	maxLabels = 1000
	// maxLabel in characters.
	maxLabel = 100
)

// Labels tell what the values of a field of choices are called, hidden ones too: old values stay readable.
func (s *Service) Labels(ctx context.Context, p id.PortalID, name string) ([]Choice, error) {
	now := s.Clock.Now().UnixMilli()
	known, at, err := s.Choices.Choices(ctx, p, name)
	if err != nil || at != 0 && now-at < labelsFor.Milliseconds() {
		return known, err
	}
	all, err := s.options(ctx, p, name)
	if err != nil {
		return known, err
	}
	out := make([]Choice, 0, min(len(all), maxLabels))
	for _, o := range all[:min(len(all), maxLabels)] {
		out = append(out, choiceOf(o))
	}
	return out, s.Choices.SaveChoices(ctx, p, name, out, now)
}

func choiceOf(o lineproperty.Option) Choice {
	n := 0
	for i := range o.Label {
		if n++; n > maxLabel {
			return Choice{o.Value, o.Label[:i]}
		}
	}
	return Choice{o.Value, o.Label}
}
