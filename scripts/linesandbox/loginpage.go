package linesandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// authorizePage is what LINE shows between our link and our callback: log in, consent, maybe add a friend.
func authorizePage(c *call) answer {
	q := c.r.URL.Query()
	a, err := c.s.readAuthorize(q)
	if err != nil {
		return loginProblem(err)
	}
	if a.prompt == "none" {
		return c.finishAuthorize(Consent{})
	}
	const most = 300
	var people []User
	for _, u := range c.s.st.Users {
		if !u.Deleted && len(people) < most {
			people = append(people, *u)
		}
	}
	data := map[string]any{
		"Title": "LINE Login", "App": a.channel.Name, "Scopes": strings.Fields(a.scope),
		"People": people, "Aggressive": q.Get("bot_prompt") == "aggressive",
	}
	if a.botPrompt {
		data["Bot"] = c.s.st.channels[a.channel.LinkedBot].Name
	}
	return page(http.StatusOK, "authorize", data)
}

func authorizeDecision(c *call) answer {
	f := c.form()
	return c.finishAuthorize(Consent{User: f.Get("user"), Deny: f.Get("decision") != "allow", AddFriend: f.Get("friend") != ""})
}

func (c *call) finishAuthorize(consent Consent) answer {
	to, err := c.s.authorize(c.r.URL.Query(), consent)
	if err != nil {
		return loginProblem(err)
	}
	return answer{status: http.StatusFound, header: http.Header{"Location": {to}}}
}

func loginProblem(err error) answer {
	return page(http.StatusBadRequest, "problem", map[string]any{"Title": "400 Bad Request", "Text": err.Error()})
}

func page(status int, name string, data any) answer {
	var b strings.Builder
	if err := pageTemplates.ExecuteTemplate(&b, name, data); err != nil {
		return refuse(http.StatusInternalServerError, "page not rendered: "+url.QueryEscape(err.Error()))
	}
	return answer{status: status, raw: []byte(b.String()), mime: "text/html; charset=utf-8"}
}
