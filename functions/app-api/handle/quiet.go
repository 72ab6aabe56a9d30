package handle

import (
	"context"

	"lumo/shared/workflow"
)

// quietView has the zone beside the hours, since that is what they mean.
type quietView struct {
	workflow.Quiet
	TimeZone string `json:"timeZone"`
}

func getQuiet(ctx context.Context, c *call) (any, error) {
	q, err := c.Workflows.Quiet(ctx, c.portal())
	return quietView{q, c.at.Zone().String()}, err
}

type changeQuiet struct {
	request
	workflow.Quiet
}

func putQuiet(ctx context.Context, c *call) (any, error) {
	in, err := read[changeQuiet](c)
	if err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, invalid("from", "Quiet hours are two times of a day, in minutes since midnight.")
	}
	return quietView{in.Quiet, c.at.Zone().String()}, c.Workflows.SaveQuiet(ctx, c.portal(), in.Quiet)
}
