package demo

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// ConnectInbox goes the way from HubSpot's inbox settings through Lumo's page and back: consent where HubSpot asks for it, the account of a
// slot, and HubSpot's own end of it.
func (w *World) ConnectInbox(ctx context.Context, b *Browser, channel, inbox int64, slot int) error {
	if err := b.Open(ctx, fmt.Sprintf("%s/ui/%d/inbox/settings", w.HubSpot, w.Portal)); err != nil {
		return err
	}
	if err := b.Submit(ctx, fmt.Sprintf("/ui/%d/inbox/settings/connect", w.Portal), url.Values{"channel": {fmt.Sprint(channel)}, "inbox": {fmt.Sprint(inbox)}}); err != nil {
		return err
	}
	if strings.Contains(b.At(), "/authorize") {
		form := url.Values{"query": {b.hidden("query")}, "portal": {fmt.Sprint(w.Portal)}, "decision": {"allow"}}
		if err := b.Submit(ctx, w.HubSpot+"/oauth/consent", form); err != nil {
			return err
		}
	}
	if !strings.HasPrefix(b.At(), w.Front+"/setup/inbox") {
		return fmt.Errorf("the inbox settings lead to %s", b.At())
	}
	form := url.Values{"slot": {fmt.Sprint(slot)}}
	for _, name := range []string{"token", "portalId", "accountToken", "channelId", "redirectUrl"} {
		form.Set(name, html.UnescapeString(b.hidden(name)))
	}
	if err := b.Submit(ctx, "/setup/inbox", form); err != nil {
		return err
	}
	if !strings.HasPrefix(b.At(), w.HubSpot+"/ui/") || strings.Contains(b.At(), "flash=") {
		return fmt.Errorf("after connecting the browser is at %s", b.At())
	}
	w.say("connected the inbox of portal %d", w.Portal)
	return nil
}
