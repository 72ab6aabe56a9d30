package friend

import "strings"

// Said is the last text in one direction, kept only where HubSpot shows it (P-43).
type Said struct {
	ID   string `dynamodbav:"i,omitempty"`
	At   int64  `dynamodbav:"t,omitempty"`
	Text string `dynamodbav:"x,omitempty"`
	// Unsent names texts that the friend took back before they were heard of.
	Unsent string `dynamodbav:"u,omitempty"`
}

// unsentKept bounds how many ids wait for a text that may never come.
const unsentKept = 5

// Heard takes a text if it is later than the one that is kept. Texts may come twice, late and after they were taken back.
func (s *Said) Heard(id string, at int64, text string) {
	if at < s.At || at == s.At && id <= s.ID {
		return
	}
	if strings.Contains(s.Unsent+" ", " "+id+" ") {
		text = ""
	}
	s.ID, s.At, s.Text = id, at, text
}

// TakenBack forgets a text that the friend unsent; what was said before it is not brought back.
func (s *Said) TakenBack(id string) {
	if id == s.ID {
		s.Text = ""
	}
	if strings.Contains(s.Unsent+" ", " "+id+" ") {
		return
	}
	all := append(strings.Fields(s.Unsent), id)
	s.Unsent = " " + strings.Join(all[max(0, len(all)-unsentKept):], " ")
}
