package linesandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Account link (LINE docs: User account linking; Messaging API reference: Issue link token, Account link event). The account asks for a link
// token for one of its friends, its own site sends that person's browser to the dialog with the token and a nonce, and LINE tells by webhook
// whether the person at the dialog was the one.

// linkTokenLife is documented, with the remark that it may change.
const linkTokenLife = 10 * time.Minute

// A nonce has 10 to 255 characters.
const minNonce, maxNonce = 10, 255

// linkToken is one permission to link: ten minutes, once.
type linkToken struct {
	Channel string    `json:"channel"`
	User    string    `json:"user"`
	Expires time.Time `json:"expires"`
}

// issueLinkToken serves POST /v2/bot/user/{userId}/linkToken. The guide demands a friend; which status anybody else gets is not documented.
func issueLinkToken(c *call) answer {
	line := c.params["userId"]
	if !userIDPattern.MatchString(line) {
		return refuse(http.StatusBadRequest, "The value for the 'userId' parameter is invalid")
	}
	u := c.s.knows(c.ch, line)
	if u == nil || u.Deleted || c.ch.byUser[u.ID] == nil || c.ch.byUser[u.ID].State != Friended {
		return refuse(http.StatusNotFound, "Not found")
	}
	token := c.s.secretText(32)
	c.s.st.LinkTokens[token] = &linkToken{Channel: c.ch.ID, User: u.ID, Expires: c.s.now().Add(linkTokenLife)}
	return ok(object{"linkToken": token})
}

// readAccountLink checks what LINE checks before it shows the dialog. Such errors end on a page of LINE's, without a webhook.
func (s *Server) readAccountLink(q url.Values) (*linkToken, error) {
	t := s.st.LinkTokens[q.Get("linkToken")]
	if t == nil || !s.now().Before(t.Expires) {
		return nil, fmt.Errorf("the link token is expired or was used: %w", ErrNotPossible)
	}
	if n := len(q.Get("nonce")); n < minNonce || n > maxNonce {
		return nil, fmt.Errorf("the nonce must have 10 to 255 characters: %w", ErrNotPossible)
	}
	return t, nil
}

// AccountLink lets a person go through the dialog at an address to which the account's site has sent them. ok is false when they are not the
// one for whom the link token was made. An expired or used token is an error, and nobody is told.
func (s *Server) AccountLink(dialogURL, ref string) (linked bool, err error) {
	u, err := url.Parse(dialogURL)
	if err != nil {
		return false, fmt.Errorf("dialog URL: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accountLink(u.Query(), ref)
}

func (s *Server) accountLink(q url.Values, ref string) (bool, error) {
	t, err := s.readAccountLink(q)
	if err != nil {
		return false, err
	}
	u, err := s.user(ref)
	if err != nil {
		return false, err
	}
	s.changes++
	delete(s.st.LinkTokens, q.Get("linkToken"))
	ch := s.st.channels[t.Channel]
	linked := u.ID == t.User
	link := object{"result": "failed", "nonce": q.Get("nonce")}
	if linked {
		link["result"] = "ok"
		s.emit(ch, ch.relation(u.ID), "accountLink", object{"link": link}, true)
		return true, nil
	}
	// Nobody is named, and there is nothing to reply to (Messaging API reference: Account link event).
	now := s.now().UTC()
	s.send(ch, &outEvent{Type: "accountLink", User: u.ID, Happened: now}, object{"type": "accountLink", "mode": "active", "timestamp": now.UnixMilli(), "link": link})
	return false, nil
}

// accountLinkPage is what the person sees: who they are is their phone's business, so that the sandbox asks.
func accountLinkPage(c *call) answer {
	t, err := c.s.readAccountLink(c.r.URL.Query())
	if err != nil {
		return loginProblem(err)
	}
	people := []User{*c.s.st.users[t.User]}
	const most = 300
	for _, u := range c.s.st.Users {
		if !u.Deleted && u.ID != t.User && len(people) < most {
			people = append(people, *u)
		}
	}
	return page(http.StatusOK, "accountlink", map[string]any{"Title": "LINE account link", "Bot": c.s.st.channels[t.Channel].Name, "People": people})
}

func accountLinkDecision(c *call) answer {
	linked, err := c.s.accountLink(c.r.URL.Query(), c.form().Get("user"))
	if err != nil {
		return loginProblem(err)
	}
	if !linked {
		return loginProblem(fmt.Errorf("this link is for another LINE account: %w", ErrNotPossible))
	}
	return page(http.StatusOK, "accountlinked", map[string]any{"Title": "LINE account link"})
}
