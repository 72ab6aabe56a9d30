package linesandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// bubble is one chat entry as the phone shows it.
type bubble struct {
	ChatEntry
	Mine    bool
	Day     string // shown above the first bubble of a day
	Image   string
	Media   string // content address of a film, sound or file
	Sender  string
	Cards   []card
	Areas   []button // of a rich message
	Replies []button // quick replies, of the last message only
}

// card is a template's column or a Flex bubble, reduced to what one reads and taps.
type card struct {
	Image   string
	Title   string
	Lines   []string
	Buttons []button
}

type button struct {
	Label, Kind, Value string
}

type flexNode struct {
	Type, Text, URL, Label     string
	Title, ThumbnailImageURL   string
	ImageURL                   string
	Contents                   json.RawMessage
	Header, Hero, Body, Footer *flexNode
	Action, DefaultAction      *actionNode
	Actions                    []actionNode
	Columns                    []flexNode
	Template                   *flexNode
	OriginalContentURL         string
	PreviewImageURL, AltText   string
	BaseURL                    string
	Sender                     struct{ Name string }
	QuickReply                 struct{ Items []struct{ Action actionNode } }
	FileName                   string
}

type actionNode struct {
	Type, Label, Data, DisplayText, Text, URI, LinkURI string
}

func (a actionNode) button() button {
	b := button{Label: a.Label, Kind: a.Type}
	switch a.Type {
	case "postback":
		b.Value = a.Data
	case "message":
		b.Value = a.Text
	case "uri":
		b.Value = a.URI
	}
	if b.Label == "" {
		b.Label = a.DisplayText + a.Text
	}
	return b
}

func (s *Server) bubbles(log []ChatEntry) []bubble {
	out := make([]bubble, 0, len(log))
	day := ""
	for i, e := range log {
		b := bubble{ChatEntry: e, Mine: e.From == "user"}
		if d := e.At.In(japan).Format("Mon 2 Jan 2006"); d != day {
			b.Day, day = d, d
		}
		var m flexNode
		if json.Unmarshal(e.Message, &m) == nil && !e.Unsent {
			b.fill(m, i == len(log)-1)
		}
		out = append(out, b)
	}
	return out
}

func (b *bubble) fill(m flexNode, last bool) {
	b.Sender = m.Sender.Name
	own := "/_sandbox/contents/" + b.ID
	switch {
	case b.Mine && b.Type == "image":
		b.Image = own
	case b.Mine && (b.Type == "video" || b.Type == "audio" || b.Type == "file"):
		b.Media = own
	case b.Type == "image" || b.Type == "video":
		b.Image = m.PreviewImageURL
	case b.Type == "imagemap":
		b.Image = m.BaseURL + "/460"
		for i, a := range m.Actions {
			area := a.button()
			if a.Type == "uri" {
				area.Value = a.LinkURI
			}
			if area.Label == "" {
				area.Label = fmt.Sprintf("Area %d", i+1)
			}
			b.Areas = append(b.Areas, area)
		}
	case b.Type == "template" && m.Template != nil:
		b.Cards = m.Template.templateCards()
	case b.Type == "flex":
		b.Cards = flexCards(m.Contents)
	}
	if last {
		for _, item := range m.QuickReply.Items {
			b.Replies = append(b.Replies, item.Action.button())
		}
	}
}

func (n *flexNode) templateCards() []card {
	if len(n.Columns) == 0 {
		return []card{n.templateCard()}
	}
	var out []card
	for i := range n.Columns {
		out = append(out, n.Columns[i].templateCard())
	}
	return out
}

func (n *flexNode) templateCard() card {
	c := card{Image: n.ThumbnailImageURL + n.ImageURL, Title: n.Title}
	if n.Text != "" {
		c.Lines = strings.Split(n.Text, "\n")
	}
	for _, a := range n.Actions {
		c.Buttons = append(c.Buttons, a.button())
	}
	if n.Action != nil {
		c.Buttons = append(c.Buttons, n.Action.button())
	}
	return c
}

func flexCards(raw json.RawMessage) []card {
	var root struct {
		Type     string
		Contents []flexNode
	}
	if json.Unmarshal(raw, &root) == nil && root.Type == "carousel" {
		var out []card
		for i := range root.Contents {
			out = append(out, root.Contents[i].flexCard())
		}
		return out
	}
	var one flexNode
	if json.Unmarshal(raw, &one) != nil {
		return nil
	}
	return []card{one.flexCard()}
}

func (n *flexNode) flexCard() card {
	var c card
	for _, part := range []*flexNode{n.Header, n.Hero, n.Body, n.Footer} {
		if part != nil {
			part.collect(&c)
		}
	}
	return c
}

func (n *flexNode) collect(c *card) {
	switch n.Type {
	case "text":
		c.Lines = append(c.Lines, n.Text)
	case "image":
		if c.Image == "" {
			c.Image = n.URL
		}
	}
	if n.Action != nil {
		c.Buttons = append(c.Buttons, n.Action.button())
	}
	var children []flexNode
	if json.Unmarshal(n.Contents, &children) == nil {
		for i := range children {
			children[i].collect(c)
		}
	}
}

// piece of a text: an address that can be tapped, or what stands between.
type piece struct{ Text, URL string }

var addressPattern = regexp.MustCompile(`https?://[^\s<>"\x{7f}-\x{10ffff}]+`)

// linked cuts a text at its addresses, which LINE's apps make tappable.
func linked(text string) []piece {
	var out []piece
	at := 0
	for _, m := range addressPattern.FindAllStringIndex(text, -1) {
		out = append(out, piece{Text: text[at:m[0]]}, piece{text[m[0]:m[1]], text[m[0]:m[1]]})
		at = m[1]
	}
	return append(out, piece{Text: text[at:]})
}

func (s *Server) phonePage(w http.ResponseWriter, r *http.Request, page string) {
	channelID, ref := r.PathValue("channel"), r.PathValue("user")
	c, err := s.Channel(channelID)
	if err != nil {
		s.problem(w, err)
		return
	}
	u, err := s.User(ref)
	if err != nil {
		s.problem(w, err)
		return
	}
	log, err := s.ChatLog(c.ID, u.ID)
	if err != nil {
		s.problem(w, err)
		return
	}
	f := s.friendOf(c.ID, u.ID)
	data := map[string]any{
		"Title": u.Name, "Channel": c, "User": u, "Friend": f, "Picture": localPath(f.PictureURL),
		"Bubbles": s.bubbles(log), "Now": s.Now().In(japan).Format("15:04"),
		"Version": len(log), "Error": r.URL.Query().Get("error"),
	}
	if n := len(log); n > 0 {
		data["Latest"] = log[n-1].At.Format(time.RFC3339Nano)
	}
	s.render(w, http.StatusOK, page, data)
}

func (s *Server) friendOf(channelID, user string) Friend {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, u := s.st.channels[channelID], s.st.users[user]
	if r := c.byUser[user]; r != nil {
		return s.friend(c, r)
	}
	return s.friend(c, &relation{User: u.ID, State: Stranger})
}

// localPath makes pictures load from wherever the page itself came from.
func localPath(url string) string {
	if i := strings.Index(url, "/_sandbox/"); i >= 0 {
		return url[i:]
	}
	return ""
}
