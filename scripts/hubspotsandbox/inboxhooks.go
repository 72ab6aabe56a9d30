package hubspotsandbox

import (
	"encoding/json"
	"strconv"
)

// Webhooks of custom channels: one JSON object for each event, to the channel's own address, signed like all others. How HubSpot repeats
// them is not documented; they are repeated here like the webhooks of records.

func (s *Server) tell(p *portal, x *channel, body map[string]any) {
	if x.Webhook == "" || p.Installed == nil {
		return
	}
	body["portalId"], body["channelId"] = strconv.FormatInt(p.ID, 10), strconv.FormatInt(x.ID, 10)
	body["eventId"], body["eventTimestamp"] = s.uuid(), iso(s.now().UnixMilli())
	raw, err := json.Marshal(body)
	if err != nil {
		return
	}
	h := &s.hooks
	times := 1
	if h.Settings.Duplicate > 0 && s.rng.Float64() < h.Settings.Duplicate {
		times++
	}
	for range times {
		due := s.realNow() + h.Settings.DelayMs
		if h.Settings.JitterMs > 0 {
			due += s.rng.Int64N(h.Settings.JitterMs + 1)
		}
		h.NextID++
		h.counts.Events++
		h.Batches = append(h.Batches, &batch{ID: h.NextID, Due: due, Portal: p.ID, Target: x.Webhook, Raw: raw})
		s.arm(due)
	}
}

func (s *Server) tellAccount(p *portal, x *channel, a *ChannelAccount, what string) {
	body := map[string]any{"type": what, "channelAccountId": strconv.FormatInt(a.ID, 10), "channelAccountDeliveryIdentifier": a.Identifier}
	if what != "CHANNEL_ACCOUNT_PURGED" {
		body["authorized"] = a.Authorized
	}
	s.tell(p, x, body)
}

func (s *Server) tellOutgoing(p *portal, x *channel, a *ChannelAccount, t *Thread, m *ChatEntry) {
	s.tell(p, x, map[string]any{"type": "OUTGOING_CHANNEL_MESSAGE_CREATED", "channelIntegrationThreadIds": []string{t.Key}, "message": s.messageBody(p, a, t, m)})
}
