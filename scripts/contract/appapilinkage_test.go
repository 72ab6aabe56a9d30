package contract

import (
	"strings"
	"testing"

	"lumo/scripts/linesandbox"
	"lumo/shared/linkage"
)

type linking struct {
	LoginChannelID *string
	CallbackURL    string
	MergeAddress   *string
}

func TestAPIMakesLinksForContacts(t *testing.T) {
	t.Parallel()
	w := newChatWorld(t)
	contact := w.contact.String()
	w.ann.refused("POST", "/contacts/"+contact+"/links", `{"slot":1}`, 200, "NO_LOGIN_CHANNEL")
	w.ann.refused("POST", "/contacts/"+contact+"/links", `{"slot":2}`, 200, "NO_SUCH_ACCOUNT")
	if l := into[linking](t, w.ann.ok("GET", "/accounts/1/linking", nil)); l.LoginChannelID != nil || l.MergeAddress != nil || !strings.HasSuffix(l.CallbackURL, linkage.CallbackPath) {
		t.Errorf("before: %+v", l)
	}
	bot, err := w.line.Channel(w.channel.ID)
	w.must(err)
	login, err := w.line.CreateChannel(linesandbox.ChannelSpec{Kind: linesandbox.LoginChannel, Provider: bot.Provider, LinkedBot: bot.ID})
	w.must(err)
	set := func(id, secret string) body { return body{"channelId": id, "channelSecret": secret} }
	w.ann.refused("PUT", "/accounts/1/login", `{"channelId":"x","channelSecret":"y"}`, 200, "INVALID_INPUT")
	w.ann.refused("PUT", "/accounts/1/login", `{"channelId":"`+bot.ID+`","channelSecret":"`+bot.Secret+`"}`, 200, "LOGIN_CHANNEL_REFUSED")
	w.ann.refused("PUT", "/accounts/2/login", `{"channelId":"`+login.ID+`","channelSecret":"`+login.Secret+`"}`, 200, "NO_SUCH_ACCOUNT")
	l := into[linking](t, w.ann.ok("PUT", "/accounts/1/login", set(login.ID, login.Secret)))
	if l.LoginChannelID == nil || *l.LoginChannelID != login.ID || l.MergeAddress == nil || !strings.HasSuffix(*l.MergeAddress, linkage.Path+"{{ contact.line_link_token }}") {
		t.Errorf("after: %+v", l)
	}
	made := into[struct {
		Address, ContactID string
		EndsAt             int64
	}](t, w.ann.ok("POST", "/contacts/"+contact+"/links", body{"slot": 1}))
	if !strings.Contains(made.Address, linkage.Path) || made.ContactID != contact || made.EndsAt != w.clock.Now().Add(linkage.Life).UnixMilli() {
		t.Errorf("made %+v", made)
	}
	w.ann.refused("POST", "/contacts/99999/links", `{"slot":1}`, 200, "NO_SUCH_CONTACT")
	if l := into[linking](t, w.ann.ok("PUT", "/accounts/1/login", set("", ""))); l.LoginChannelID != nil || l.MergeAddress != nil {
		t.Errorf("taken away: %+v", l)
	}
}
