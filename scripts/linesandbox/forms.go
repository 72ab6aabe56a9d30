package linesandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// doForm carries out a form of the pages and goes back to where it came from.
func (s *Server) doForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
	if err := r.ParseMultipartForm(maxControlBody); err != nil && err != http.ErrNotMultipart {
		s.problem(w, fmt.Errorf("read form: %w", err))
		return
	}
	back := "/_sandbox/"
	if from, err := url.Parse(r.Referer()); err == nil && strings.HasPrefix(from.Path, "/_sandbox/") {
		q := from.Query()
		q.Del("error")
		back = from.Path
		if len(q) > 0 {
			back += "?" + q.Encode()
		}
	}
	if r.PathValue("act") == "visitor" {
		u := s.CreateUser(UserSpec{Name: r.FormValue("name")})
		http.Redirect(w, r, "/_sandbox/phone/"+url.PathEscape(r.FormValue("channel"))+"/"+u.ID, http.StatusSeeOther)
		return
	}
	if err := s.do(r); err != nil {
		if !strings.HasPrefix(back, "/_sandbox/phone/") && !strings.HasPrefix(back, "/_sandbox/groups-page/") {
			s.problem(w, err)
			return
		}
		back = strings.SplitN(back, "?", 2)[0] + "?error=" + url.QueryEscape(err.Error())
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

func (s *Server) do(r *http.Request) error {
	channelID, user := r.FormValue("channel"), r.FormValue("user")
	if act, group := strings.CutPrefix(r.PathValue("act"), "group-"); group {
		return s.groupAct(act, r.FormValue("group"), channelID, user, r.FormValue("value"), r.FormValue("message"))
	}
	switch act := r.PathValue("act"); act {
	case "follow":
		return s.Follow(channelID, user)
	case "block":
		return s.Block(channelID, user)
	case "unblock":
		return s.Unblock(channelID, user)
	case "rename":
		return s.Rename(user, r.FormValue("name"))
	case "picture":
		return s.ChangePicture(user)
	case "delete":
		return s.DeleteAccount(user)
	case "write":
		return s.doWrite(r, channelID, user)
	case "postback":
		return s.SendPostback(channelID, user, r.FormValue("value"))
	case "unsend":
		return s.Unsend(channelID, user, r.FormValue("message"))
	case "sticker":
		_, err := s.SendSticker(channelID, user, "446", "1988")
		return err
	}
	return s.doConsole(r, channelID)
}

// doWrite sends a text, or the file that was chosen.
func (s *Server) doWrite(r *http.Request, channelID, user string) error {
	file, head, err := r.FormFile("file")
	if err != nil {
		_, err := s.SendText(channelID, user, r.FormValue("value"))
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	m := Media{Kind: "file", MIME: head.Header.Get("Content-Type"), FileName: head.Filename, Data: data}
	for _, kind := range []string{"image", "video", "audio"} {
		if strings.HasPrefix(m.MIME, kind+"/") {
			m.Kind, m.FileName = kind, ""
		}
	}
	_, err = s.SendMedia(channelID, user, m)
	return err
}

// doConsole serves the forms of the account and trouble pages.
func (s *Server) doConsole(r *http.Request, channelID string) error {
	number := func(name string) int { n, _ := strconv.Atoi(r.FormValue(name)); return n }
	share := func(name string) float64 { n, _ := strconv.ParseFloat(r.FormValue(name), 64); return n / 100 }
	switch act := r.PathValue("act"); act {
	case "group":
		_, err := s.CreateGroup(r.FormValue("name"), r.Form["members"]...)
		return err
	case "friends":
		_, err := s.AddFriends(channelID, min(max(number("count"), 1), 100000), r.FormValue("quiet") != "")
		return err
	case "person":
		u := s.CreateUser(UserSpec{Name: r.FormValue("name")})
		return s.Follow(channelID, u.ID)
	case "switches":
		change := ChannelChange{
			Verified: checked(r, "verified"), UseWebhook: checked(r, "useWebhook"), Redelivery: checked(r, "redelivery"), ChatOn: checked(r, "chatOn"),
			JoinGroups: checked(r, "joinGroups"),
		}
		if n := number("quota"); r.FormValue("quota") != "" {
			change.Quota = &n
		} else {
			none := -1
			change.Quota = &none
		}
		_, err := s.ConfigureChannel(channelID, change)
		return err
	case "secret":
		_, err := s.ReissueSecret(channelID)
		return err
	case "redeliver":
		_, err := s.Redeliver(channelID, strings.Fields(r.FormValue("events"))...)
		return err
	case "fault":
		_, err := s.AddFault(Fault{
			Method: r.FormValue("method"), Path: r.FormValue("path"), Kind: FaultKind(r.FormValue("kind")), Status: number("status"),
			DelayMS: number("delay"), Count: number("count"), Chance: share("chance"),
		})
		return err
	case "unfault":
		s.RemoveFault(number("id"))
		return nil
	case "webhooks":
		set, err := s.WebhookSettings(channelID)
		if err != nil {
			return err
		}
		set.DelayMS, set.JitterMS, set.Shuffle = number("delay"), number("jitter"), r.FormValue("shuffle") != ""
		set.Duplicate, set.Drop, set.LoseAnswer = share("duplicate"), share("drop"), share("loseAnswer")
		return s.SetWebhookSettings(channelID, set)
	case "seed":
		return s.Seed(25)
	case "assume":
		return s.Assume(r.FormValue("name"), r.FormValue("value"))
	}
	return refusedAct(r.PathValue("act"))
}

func refusedAct(act string) error { return fmt.Errorf("act %q: %w", act, ErrUnknown) }

func checked(r *http.Request, name string) *bool {
	on := r.FormValue(name) != ""
	return &on
}
