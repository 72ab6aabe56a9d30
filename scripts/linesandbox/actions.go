package linesandbox

import (
	"encoding/json"
	"fmt"
	"time"
)

// Follow adds the account as a friend. A person who had blocked it unblocks it.
func (s *Server) Follow(channelID, ref string) error {
	return s.act(channelID, ref, func(c *channel, u *User, r *relation) error {
		if r.State == Friended {
			return fmt.Errorf("%s is a friend already: %w", u.ID, ErrNotPossible)
		}
		unblocked := r.State == Blocked
		r.State, r.Since = Friended, s.now()
		s.emitFollow(c, r, unblocked)
		return nil
	})
}

// Block stops the account from reaching the person. LINE tells the account by an unfollow event.
func (s *Server) Block(channelID, ref string) error {
	return s.act(channelID, ref, func(c *channel, u *User, r *relation) error {
		if r.State != Friended {
			return fmt.Errorf("%s is no friend: %w", u.ID, ErrNotPossible)
		}
		r.State = Blocked
		s.emit(c, r, "unfollow", nil, false)
		return nil
	})
}

// Unblock makes a person who blocked the account its friend again.
func (s *Server) Unblock(channelID, ref string) error {
	return s.act(channelID, ref, func(c *channel, u *User, r *relation) error {
		if r.State != Blocked {
			return fmt.Errorf("%s has not blocked the account: %w", u.ID, ErrNotPossible)
		}
		r.State = Friended
		s.emitFollow(c, r, true)
		return nil
	})
}

// Rename changes the display name. LINE sends no event for it (Messaging API reference: Webhook event objects).
func (s *Server) Rename(ref, name string) error {
	return s.change(ref, func(u *User) { u.Name = name })
}

// ChangePicture gives the person another picture, at another address.
func (s *Server) ChangePicture(ref string) error {
	return s.change(ref, func(u *User) { u.Picture++ })
}

// RemovePicture leaves the person without one.
func (s *Server) RemovePicture(ref string) error {
	return s.change(ref, func(u *User) { u.Picture = 0 })
}

// DeleteAccount removes the person from LINE. No event is sent.
func (s *Server) DeleteAccount(ref string) error {
	return s.change(ref, func(u *User) { u.Deleted = true })
}

func (s *Server) change(ref string, do func(*User)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.user(ref)
	if err != nil {
		return err
	}
	s.changes++
	do(u)
	return nil
}

func (s *Server) act(channelID, ref string, do func(*channel, *User, *relation) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return err
	}
	u, err := s.user(ref)
	if err != nil {
		return err
	}
	if u.Deleted {
		return fmt.Errorf("%s has left LINE: %w", u.ID, ErrNotPossible)
	}
	s.changes++
	return do(c, u, c.relation(u.ID))
}

// SendText writes a text message to the account and returns its message id.
func (s *Server) SendText(channelID, ref, text string) (string, error) {
	if text == "" {
		return "", fmt.Errorf("an empty text cannot be sent: %w", ErrNotPossible)
	}
	return s.say(channelID, ref, "text", text, object{"text": text}, nil)
}

// SendSticker sends a sticker.
func (s *Server) SendSticker(channelID, ref, packageID, stickerID string) (string, error) {
	return s.say(channelID, ref, "sticker", "[Sticker "+packageID+"/"+stickerID+"]", object{
		"packageId": packageID, "stickerId": stickerID, "stickerResourceType": "STATIC", "keywords": []string{"hello", "smile"},
	}, nil)
}

// Location is a place a person shares.
type Location struct {
	Title     string  `json:"title,omitempty"`
	Address   string  `json:"address,omitempty"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// SendLocation shares a place.
func (s *Server) SendLocation(channelID, ref string, l Location) (string, error) {
	o := object{"latitude": l.Latitude, "longitude": l.Longitude}
	o.put("title", l.Title)
	o.put("address", l.Address)
	return s.say(channelID, ref, "location", "[Location] "+l.Title, o, nil)
}

// Media is a file a person sends. Kind is image, video, audio or file.
type Media struct {
	Kind       string `json:"kind"`
	MIME       string `json:"mime,omitempty"`
	FileName   string `json:"fileName,omitempty"`
	DurationMS int    `json:"durationMs,omitempty"`
	Data       []byte `json:"data"`
	// ExternalURL makes the content live outside LINE (contentProvider external); Data is then unused.
	ExternalURL string `json:"externalUrl,omitempty"`
}

// SendImage sends a picture; an empty one is replaced by a small PNG.
func (s *Server) SendImage(channelID, ref string, data []byte) (string, error) {
	return s.SendMedia(channelID, ref, Media{Kind: "image", Data: data})
}

var defaultMIME = map[string]string{"image": "image/jpeg", "video": "video/mp4", "audio": "audio/x-m4a", "file": "application/octet-stream"}

// SendMedia sends a picture, film, sound or file. Its bytes are fetched from the content endpoint by message id.
func (s *Server) SendMedia(channelID, ref string, m Media) (string, error) {
	if _, ok := defaultMIME[m.Kind]; !ok {
		return "", fmt.Errorf("media kind %q: %w", m.Kind, ErrUnknown)
	}
	if len(m.Data) == 0 && m.ExternalURL == "" {
		m.Data, m.MIME = paint(uint64(len(ref)), 240), "image/png"
	}
	if m.MIME == "" {
		m.MIME = defaultMIME[m.Kind]
	}
	o := object{}
	switch m.Kind {
	case "file":
		o["fileName"], o["fileSize"] = m.FileName, len(m.Data)
	default:
		provider := object{"type": "line"}
		if m.ExternalURL != "" {
			provider = object{"type": "external", "originalContentUrl": m.ExternalURL, "previewImageUrl": m.ExternalURL}
		}
		o["contentProvider"] = provider
	}
	if m.DurationMS > 0 {
		o["duration"] = m.DurationMS
	}
	return s.say(channelID, ref, m.Kind, "["+m.Kind+"] "+m.FileName, o, &m)
}

// quotable are the kinds of message that can be quoted and so carry a quoteToken (Messaging API reference: Message event).
var quotable = map[string]bool{"text": true, "sticker": true, "image": true, "video": true}

func (s *Server) say(channelID, ref, kind, readable string, message object, media *Media) (string, error) {
	var id string
	err := s.act(channelID, ref, func(c *channel, u *User, r *relation) error {
		if r.State == Blocked {
			return fmt.Errorf("%s has blocked the account: %w", u.ID, ErrNotPossible)
		}
		id = s.messageID()
		message["id"], message["type"] = id, kind
		if quotable[kind] {
			message["quoteToken"] = s.secretText(48)
		}
		if c.ChatOn {
			message["markAsReadToken"] = s.secretText(32)
		}
		if media != nil {
			s.keepContent(c, u, id, *media)
		}
		r.LastWrote = s.now()
		raw, err := json.Marshal(message)
		if err != nil {
			return fmt.Errorf("encode message: %w", err)
		}
		s.appendLog(r, &ChatEntry{ID: id, From: "user", At: s.now(), Type: kind, Text: readable, Message: raw})
		s.emit(c, r, "message", object{"message": message}, true)
		return nil
	})
	return id, err
}

func (s *Server) keepContent(c *channel, u *User, id string, m Media) {
	ready := s.now()
	if m.Kind == "video" || m.Kind == "audio" {
		ready = ready.Add(s.assumedSeconds("transcoding_seconds"))
	}
	s.st.Contents[id] = &content{Channel: c.ID, User: u.ID, Kind: m.Kind, MIME: m.MIME, Ready: ready, External: m.ExternalURL != "", data: m.Data}
}

// logLimit bounds a chat's memory; older bubbles scroll away.
const logLimit = 1000

func (s *Server) appendLog(r *relation, e *ChatEntry) {
	r.Log = append(r.Log, e)
	if len(r.Log) > logLimit {
		r.Log = append([]*ChatEntry(nil), r.Log[len(r.Log)-logLimit/2:]...)
	}
}

// SendPostback taps a button whose action is a postback.
func (s *Server) SendPostback(channelID, ref, data string) error {
	return s.act(channelID, ref, func(c *channel, u *User, r *relation) error {
		if r.State == Blocked {
			return fmt.Errorf("%s has blocked the account: %w", u.ID, ErrNotPossible)
		}
		r.LastWrote = s.now()
		s.emit(c, r, "postback", object{"postback": object{"data": data}}, true)
		return nil
	})
}

// Unsend takes a message back. Its content is gone and the account is told (Messaging API reference: Unsend event).
func (s *Server) Unsend(channelID, ref, messageID string) error {
	return s.act(channelID, ref, func(c *channel, _ *User, r *relation) error {
		for _, e := range r.Log {
			if e.ID != messageID || e.From != "user" || e.Unsent {
				continue
			}
			e.Unsent = true
			if held := s.st.Contents[messageID]; held != nil {
				held.Gone, held.data = true, nil
			}
			s.emit(c, r, "unsend", object{"unsend": object{"messageId": messageID}}, false)
			return nil
		}
		return fmt.Errorf("message %q of this person: %w", messageID, ErrUnknown)
	})
}

// reachable tells whether a message of the account arrives: a friend, or a person who wrote within seven days (LINE docs: Sending messages).
func (s *Server) reachable(u *User, r *relation) bool {
	if u.Deleted || r == nil || r.State == Blocked {
		return false
	}
	return r.State == Friended || !r.LastWrote.IsZero() && s.now().Sub(r.LastWrote) <= 7*24*time.Hour
}
