package linesandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// controlPerson is what a person does to the own account, whatever the chat.
func (s *Server) controlPerson(r request) (any, error) {
	var in struct {
		Name string `json:"name"`
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	ref, act := r.PathValue("user"), r.PathValue("act")
	var err error
	switch act {
	case "rename":
		err = s.Rename(ref, in.Name)
	case "change-picture":
		err = s.ChangePicture(ref)
	case "remove-picture":
		err = s.RemovePicture(ref)
	case "delete":
		err = s.DeleteAccount(ref)
	default:
		err = fmt.Errorf("act %q: %w", act, ErrUnknown)
	}
	if err != nil {
		return nil, err
	}
	return s.User(ref)
}

// controlAct is what a person does towards one account.
func (s *Server) controlAct(r request) (any, error) {
	var in struct {
		Text      string `json:"text"`
		PackageID string `json:"packageId"`
		StickerID string `json:"stickerId"`
		Data      string `json:"data"` // postback
		MessageID string `json:"messageId"`
		Media     Media  `json:"media"`
		Location
	}
	if err := r.into(&in); err != nil {
		return nil, err
	}
	channelID, ref := r.PathValue("channel"), r.PathValue("user")
	var id string
	var err error
	switch act := r.PathValue("act"); act {
	case "follow":
		err = s.Follow(channelID, ref)
	case "block":
		err = s.Block(channelID, ref)
	case "unblock":
		err = s.Unblock(channelID, ref)
	case "text":
		id, err = s.SendText(channelID, ref, in.Text)
	case "sticker":
		id, err = s.SendSticker(channelID, ref, in.PackageID, in.StickerID)
	case "location":
		id, err = s.SendLocation(channelID, ref, in.Location)
	case "media":
		id, err = s.SendMedia(channelID, ref, in.Media)
	case "image":
		in.Media.Kind = "image"
		id, err = s.SendMedia(channelID, ref, in.Media)
	case "postback":
		err = s.SendPostback(channelID, ref, in.Data)
	case "unsend":
		err = s.Unsend(channelID, ref, in.MessageID)
	default:
		err = fmt.Errorf("act %q: %w", act, ErrUnknown)
	}
	if err != nil {
		return nil, err
	}
	o := object{}
	o.put("messageId", id)
	return o, nil
}

// servePicture draws a person's or account's picture. An older one is gone once there is a newer (switch old_pictures_die).
func (s *Server) servePicture(w http.ResponseWriter, r *http.Request) {
	owner, file := r.PathValue("owner"), r.PathValue("file")
	version, err := strconv.Atoi(strings.TrimSuffix(file, ".png"))
	s.mu.Lock()
	u, c := s.st.users[owner], s.st.channels[owner]
	dead := u != nil && (version > u.Picture || version < u.Picture && s.assumes("old_pictures_die", "on") || u.Picture == 0)
	s.mu.Unlock()
	if err != nil || u == nil && c == nil || dead || version < 1 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "max-age=86400")
	_, _ = w.Write(paintFor(owner+"/"+file, 200)) // the reader may be gone
}

// Seed makes a small world to play in: one company with a verified account, an unverified one and a Login channel, another
// company with its own account, and friends of the first.
func (s *Server) Seed(friends int) error {
	if len(s.Providers()) > 0 {
		return nil
	}
	first, second := s.CreateProvider("Komorebi Foods"), s.CreateProvider("Other Company")
	limit := 5000
	main, err := s.CreateChannel(ChannelSpec{
		Provider: first.ID, Name: "Komorebi Café ☕", Verified: true, Quota: &limit, Redelivery: true, ChatOn: true,
	})
	if err != nil {
		return err
	}
	for _, spec := range []ChannelSpec{
		{Provider: first.ID, Name: "こもれびベーカリー"},
		{Provider: first.ID, Name: "Komorebi Login", Kind: LoginChannel, LinkedBot: main.ID, RedirectURIs: []string{"http://127.0.0.1:3000/"}},
		{Provider: second.ID, Name: "Other Shop", Verified: true},
	} {
		if _, err := s.CreateChannel(spec); err != nil {
			return err
		}
	}
	_, err = s.AddFriends(main.ID, friends, true)
	return err
}
