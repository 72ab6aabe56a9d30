package linesandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// UserSpec describes a person to create. Empty fields get seeded values that depend only on the seed and the person's number.
type UserSpec struct {
	Name          string `json:"name,omitempty"`
	StatusMessage string `json:"statusMessage,omitempty"`
	Language      string `json:"language,omitempty"`
	Email         string `json:"email,omitempty"`
	NoPicture     bool   `json:"noPicture,omitempty"`
	NoConsent     bool   `json:"noConsent,omitempty"`
}

var (
	familyNames = []string{"佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "髙田", "齋藤", "長谷川", "五十嵐"}
	givenNames  = []string{"さくら", "陽菜", "葵", "翔太", "健一", "美咲", "大輔", "由美子", "蓮", "ひなた", "真理", "拓海", "結衣", "龍之介"}
	nicknames   = []string{"みーちゃん", "Taro", "ケンタ", "Yuki", "mika_0214", "しょうちゃん", "NAO", "りんご🍎", "☆ゆい☆", "Ken", "ぽん太", "さち"}
	latinNames  = []string{"Anna Schmidt", "José García", "Emily O’Brien", "สมชาย ใจดี", "王小明", "Nguyễn Thị Mai", "Kim Minjun", "Priya Nair", "Łukasz Nowak"}
	emoji       = []string{"😀", "🌸", "🍣", "👩‍👧‍👦", "🎌", "🐈", "🏳️‍🌈", "✨", "🍵", "🎸", "👍🏽", "🗼"}
	statusTexts = []string{"", "", "", "よろしくお願いします", "お仕事中💻", "On holiday until Monday", "新しい電話番号です", "🎵 lo-fi all day"}
	languages   = []string{"ja", "ja", "ja", "ja", "en", "zh-TW", "th", "ko"}
)

// seededPerson depends only on seed and number, so a person is the same in every run.
func seededPerson(seed uint64, number int) User {
	r := rand.New(rand.NewPCG(seed, uint64(number)+0x70656f70))
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	u := User{ID: fmt.Sprintf("u%06d", number), Language: pick(languages), StatusMessage: pick(statusTexts), Picture: 1, Consent: true}
	switch n := r.IntN(10); {
	case n < 4:
		u.Name = pick(familyNames) + " " + pick(givenNames)
	case n < 6:
		u.Name = pick(givenNames) + pick(emoji)
	case n < 8:
		u.Name = pick(nicknames)
	default:
		u.Name = pick(latinNames)
	}
	if r.IntN(8) == 0 {
		u.Picture = 0
	}
	u.Email = fmt.Sprintf("person%d@example.com", number)
	return u
}

// CreateUser adds a person.
func (s *Server) CreateUser(spec UserSpec) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.createUser(spec)
}

// CreateUsers adds n seeded people.
func (s *Server) CreateUsers(n int) []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]User, n)
	for i := range out {
		out[i] = *s.createUser(UserSpec{})
	}
	return out
}

func (s *Server) createUser(spec UserSpec) *User {
	s.st.NextUser++
	u := seededPerson(s.cfg.Seed, s.st.NextUser)
	for _, f := range []struct {
		field *string
		value string
	}{{&u.Name, spec.Name}, {&u.StatusMessage, spec.StatusMessage}, {&u.Language, spec.Language}, {&u.Email, spec.Email}} {
		if f.value != "" {
			*f.field = f.value
		}
	}
	if spec.NoPicture {
		u.Picture = 0
	}
	u.Consent = !spec.NoConsent
	s.st.Users = append(s.st.Users, &u)
	s.st.users[u.ID] = &u
	for _, p := range s.st.Providers {
		s.st.byLine[lineUserID(p.ID, u.ID)] = lineRef{p.ID, u.ID}
	}
	s.changes++
	return &u
}

// Users lists all people in order of creation.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]User, len(s.st.Users))
	for i, u := range s.st.Users {
		out[i] = *u
	}
	return out
}

// User returns a person by the sandbox's id ("u000001") or any of their LINE user ids.
func (s *Server) User(ref string) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.user(ref)
	if err != nil {
		return User{}, err
	}
	return *u, nil
}

func (s *Server) user(ref string) (*User, error) {
	if u := s.st.users[ref]; u != nil {
		return u, nil
	}
	if line, ok := s.st.byLine[ref]; ok {
		return s.st.users[line.user], nil
	}
	return nil, fmt.Errorf("person %q: %w", ref, ErrUnknown)
}

// knows returns the person behind a LINE user id as seen by a channel: ids of another provider mean nothing to it.
func (s *Server) knows(c *channel, lineID string) *User {
	line, ok := s.st.byLine[lineID]
	if !ok || line.provider != c.Provider {
		return nil
	}
	return s.st.users[line.user]
}

// LineUserID is the id under which the channel's provider knows the person.
func (s *Server) LineUserID(channelID, ref string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(channelID)
	if err != nil {
		return "", err
	}
	u, err := s.user(ref)
	if err != nil {
		return "", err
	}
	return lineUserID(c.Provider, u.ID), nil
}

// Friend is one person's side of one Official Account.
type Friend struct {
	User       string       `json:"user"`
	LineUserID string       `json:"lineUserId"`
	Name       string       `json:"name"`
	PictureURL string       `json:"pictureUrl,omitempty"`
	State      Relationship `json:"state"`
	Messages   int          `json:"messages"`
}

// Friends lists everyone who ever had to do with the account, in order of first contact, with their present state.
func (s *Server) Friends(channelID string) ([]Friend, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.channel(channelID)
	if err != nil {
		return nil, err
	}
	out := make([]Friend, len(c.Relations))
	for i, r := range c.Relations {
		out[i] = s.friend(c, r)
	}
	return out, nil
}

func (s *Server) friend(c *channel, r *relation) Friend {
	u := s.st.users[r.User]
	return Friend{User: u.ID, LineUserID: lineUserID(c.Provider, u.ID), Name: u.Name, PictureURL: s.pictureURL(u), State: r.State, Messages: len(r.Log)}
}

// AddFriends creates n seeded people who add the account as a friend. Quiet ones did so before anybody listened: no webhook.
func (s *Server) AddFriends(channelID string, n int, quiet bool) ([]Friend, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return nil, err
	}
	out := make([]Friend, n)
	for i := range out {
		u := s.createUser(UserSpec{})
		r := c.relation(u.ID)
		r.State, r.Since = Friended, s.now()
		if !quiet {
			s.emitFollow(c, r, false)
		}
		out[i] = s.friend(c, r)
	}
	return out, nil
}

func (s *Server) messaging(channelID string) (*channel, error) {
	c, err := s.channel(channelID)
	if err != nil {
		return nil, err
	}
	if c.Kind != MessagingChannel {
		return nil, fmt.Errorf("channel %s is no Messaging API channel: %w", c.ID, ErrNotPossible)
	}
	return c, nil
}

// ChatLog is what the person sees in the chat with the account, oldest first.
func (s *Server) ChatLog(channelID, ref string) ([]ChatEntry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.messaging(channelID)
	if err != nil {
		return nil, err
	}
	u, err := s.user(ref)
	if err != nil {
		return nil, err
	}
	out := []ChatEntry{}
	if r := c.byUser[u.ID]; r != nil {
		for _, e := range r.Log {
			out = append(out, *e)
		}
	}
	return slices.Clip(out), nil
}
