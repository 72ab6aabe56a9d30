package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"lumo/shared/chat"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// Content opens files that users sent. Close Body.
type Content interface {
	Open(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (Held, error)
}

// Held is a file at LINE.
type Held struct {
	Body io.ReadCloser
	Type string
	Size int64 // -1 when LINE does not say
}

// Upload is a file for HubSpot.
type Upload struct {
	Name, Folder, Type string
	Body               []byte
}

// Signed is where a file of HubSpot's can be fetched for a while.
type Signed struct {
	URL, Name, Extension string
	Size                 int64
}

const (
	// maxFile is the largest file that is brought to HubSpot (P-86). It is held in memory once; see the function's memory in template.yaml.
	// Larger ones go to the Depot.
	maxFile = 20 << 20
	// preparing is how long one delivery waits for LINE to convert a file; after that the queue brings the message again.
	preparing = 20 * time.Second
	// linkLife is how long a link to an agent's file works.
	linkLife = 90 * 24 * 3600
	// maxPicture is the largest picture that LINE shows.
	maxPicture = 10 << 20
)

// attach brings a file over. What can never be brought is said in the message's text instead, so that the conversation shows it.
func (r *Relay) attach(ctx context.Context, p id.PortalID, c Connection, e Event, m *Message) error {
	if e.File.Foreign != "" {
		m.Text += " " + e.File.Foreign // somebody else's server, which is not called from here
		return nil
	}
	if e.File.Size > maxKept {
		m.Text += tooLarge
		return nil
	}
	k := friend.Key{Slot: c.Slot, User: e.User}
	name := "file " + e.ID
	if had, ok, err := r.Store.Mark(ctx, p, k, name); err != nil || ok {
		m.Files = append(m.Files, had.Message)
		return err
	}
	if until, ok, err := keptUntil(ctx, r.Store, p, k, e.ID); err != nil || ok {
		m.Text += opensAt(r.Depot.Address(p, k, e.ID, until), time.UnixMilli(until))
		return err
	}
	r.holding.Lock()
	defer r.holding.Unlock()
	held, err := r.open(ctx, p, k, e.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		m.Text += " (no longer available at LINE)"
		return nil
	case err != nil:
		return err
	}
	defer held.Body.Close()
	if held.Size > maxKept {
		m.Text += tooLarge
		return nil
	}
	var b bytes.Buffer
	large, err := read(&b, &held, max(e.File.Size, held.Size) > maxFile)
	switch {
	case err != nil:
		return err
	case large:
		return r.keep(ctx, p, k, e, held, b.Bytes(), m)
	case b.Len() == 0:
		m.Text += " (an empty file)"
		return nil
	}
	f, note := upload(e, held, b.Bytes())
	if note != "" {
		m.Text += note
		return nil
	}
	f.Folder = fmt.Sprintf("/line/%s/%s", c.Bot, m.At.Format("2006-01"))
	fileID, err := r.HubSpot.Upload(ctx, p, f)
	var refused *fault.Fault
	if errors.As(err, &refused) && refused.Class == fault.Invalid {
		m.Text += " (not attached: HubSpot refused the file)"
		return nil
	}
	if err != nil {
		return err
	}
	m.Files = append(m.Files, fileID)
	return r.Store.SetMark(ctx, p, k, name, Mark{Message: fileID}, r.Clock.Now().UnixMilli())
}

// read fills b with the file, or, of one that is large, with its beginning. held's body then still holds all of it.
func read(b *bytes.Buffer, held *Held, large bool) (bool, error) {
	size := held.Size
	body := &whole{Reader: held.Body, size: size}
	most := int64(maxFile + 1)
	if large {
		most = lookAt
	} else if size > 0 {
		b.Grow(int(size) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(body, most))
	if err != nil {
		return false, err
	}
	if !large && n <= maxFile {
		return false, nil
	}
	held.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b.Bytes()), body), held.Body}
	return true, nil
}

// erase deletes the file of a message that was taken back. Where HubSpot does not let us, left says what agents are to do.
func (r *Relay) erase(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (left string, err error) {
	if err := r.unkeep(ctx, p, k, messageID); err != nil {
		return "", err
	}
	had, ok, err := r.Store.Mark(ctx, p, k, "file "+messageID)
	if err != nil || !ok {
		return "", err
	}
	err = r.HubSpot.Erase(ctx, p, had.Message)
	switch {
	case err == nil, fault.Is(err, fault.NotFound):
		return "", nil
	case fault.ClassOf(err).Retryable():
		return "", err
	}
	return " Lumo may not delete its file; please delete it in HubSpot's file manager.", nil
}

const (
	// tooLarge leads to where LINE shows it to the account's staff.
	tooLarge = " (not attached: larger than 300 MB; open it at https://chat.line.biz/)"
	program  = " (not attached: it is a program)"
)

// upload is what HubSpot gets of a file; note says why it gets nothing.
func upload(e Event, held Held, b []byte) (f Upload, note string) {
	name, mimeType, safe := identify(e, held.Type, b)
	if !safe {
		return f, program
	}
	return Upload{Name: name, Type: mimeType, Body: b}, ""
}

// open waits a little while LINE converts the file.
func (r *Relay) open(ctx context.Context, p id.PortalID, k friend.Key, messageID string) (Held, error) {
	until := r.Clock.Now().Add(preparing)
	for {
		held, err := r.Content.Open(ctx, p, k, messageID)
		var f *fault.Fault
		if err == nil || !errors.As(err, &f) || f.Code != codePreparing {
			return held, err
		}
		pause := max(f.RetryAfter, time.Second)
		if r.Clock.Now().Add(pause).After(until) {
			return held, err
		}
		if r.Clock.Sleep(ctx, pause) != nil {
			return held, err
		}
	}
}

// codePreparing: LINE is still converting a video or audio.
const codePreparing = "LINE_CONTENT_PREPARING"

// kinds are the types that are known by their first bytes, with the extensions that suit them.
var kinds = map[string][]string{
	"image/jpeg": {".jpg", ".jpeg"}, "image/png": {".png"}, "image/gif": {".gif"}, "image/webp": {".webp"}, "application/pdf": {".pdf"},
	"video/mp4": {".mp4", ".m4v", ".mov", ".m4a"}, "audio/mpeg": {".mp3"}, "audio/wave": {".wav"}, "application/ogg": {".ogg"},
}

// programs begin so, or are called so: none of them reaches an agent.
var (
	programs       = [][]byte{[]byte("MZ"), []byte("\x7fELF"), []byte("#!"), {0xcf, 0xfa, 0xed, 0xfe}, {0xce, 0xfa, 0xed, 0xfe}, {0xca, 0xfe, 0xba, 0xbe}}
	programEndings = []string{".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".ps1", ".vbs", ".js", ".jse", ".wsf", ".hta", ".jar", ".apk", ".dmg", ".sh", ".lnk", ".html", ".htm", ".svg"}
)

// identify names a file by what it is, whatever the sender or LINE calls it. A name that lies gets the true ending behind it.
func identify(e Event, told string, b []byte) (name, mimeType string, safe bool) {
	name = plainName(e.File.Name)
	for _, p := range programs {
		if bytes.HasPrefix(b, p) {
			return name, "", false
		}
	}
	if slices.Contains(programEndings, strings.ToLower(path.Ext(name))) {
		return name, "", false
	}
	mimeType, _, _ = strings.Cut(http.DetectContentType(b), ";")
	if len(b) > 11 && string(b[4:8]) == "ftyp" {
		mimeType = "video/mp4"
		if e.Type == "audio" || strings.HasPrefix(string(b[8:11]), "M4A") {
			mimeType = "audio/mp4"
		}
	}
	if mimeType == "text/html" || mimeType == "text/xml" {
		mimeType = "text/plain"
	}
	if name == "" {
		name = plainName(e.ID)
	}
	endings, known := kinds[mimeType]
	switch ext := strings.ToLower(path.Ext(name)); {
	case mimeType == "audio/mp4":
		if ext != ".m4a" && ext != ".mp4" {
			name += ".m4a"
		}
	case known && !slices.Contains(endings, ext):
		name += endings[0]
	case !known && isPicture(ext): // it says picture and is none
		name += ".bin"
		mimeType = "application/octet-stream"
	case !known && ext == "":
		name += ".bin"
	}
	return name, mimeType, true
}

func isPicture(ext string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png", ".gif", ".webp"}, ext)
}

// plainName keeps what is safe in a path.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|%#`, r) {
			return '_'
		}
		return r
	}, strings.TrimSpace(s))
	if r := []rune(s); len(r) > 100 {
		s = string(r[len(r)-100:]) // the ending stays
	}
	return strings.TrimLeft(s, ".")
}

// parts are what LINE gets of an agent's message; refusal says why it gets nothing. Links to files are made once: a repetition must be the same
// message.
func (r *Relay) parts(ctx context.Context, p id.PortalID, k friend.Key, a answer) (out []chat.Content, refusal string, err error) {
	for _, s := range split(a.Text) {
		out = append(out, chat.OfText(s))
	}
	if len(a.Attachments) > 0 {
		files, refusal, err := r.files(ctx, p, k, a)
		if err != nil || refusal != "" {
			return nil, refusal, err
		}
		out = append(out, files...)
	}
	if len(out) == 0 {
		return nil, "The message is empty.", nil
	}
	return out, "", nil
}

func (r *Relay) files(ctx context.Context, p id.PortalID, k friend.Key, a answer) (out []chat.Content, refusal string, err error) {
	name := "links " + a.ID
	had, ok, err := r.Store.Mark(ctx, p, k, name)
	if err != nil {
		return nil, "", err
	}
	if ok {
		return out, "", json.Unmarshal([]byte(had.Message), &out)
	}
	for _, x := range a.Attachments {
		if x.Type != "FILE" || x.File == "" {
			return nil, "LINE cannot show this kind of attachment.", nil
		}
		s, err := r.HubSpot.File(ctx, p, string(x.File), linkLife)
		if fault.Is(err, fault.NotFound) {
			return nil, "The attached file is not in HubSpot any more.", nil
		}
		if err != nil {
			return nil, "", err
		}
		out = append(out, shareable(s, x.Name))
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, "", err
	}
	return out, "", r.Store.SetMark(ctx, p, k, name, Mark{Message: string(b)}, r.Clock.Now().UnixMilli())
}

// shareable is a picture where LINE can show it, else a link.
func shareable(s Signed, name string) chat.Content {
	ext := strings.ToLower(strings.TrimPrefix(s.Extension, "."))
	picture := chat.OfImage(s.URL, "")
	if (ext == "jpg" || ext == "jpeg" || ext == "png") && s.Size > 0 && s.Size <= maxPicture && picture.Check() == nil {
		return picture
	}
	if name == "" {
		name = s.Name
	}
	return chat.OfText(strings.TrimSpace(name + "\n" + s.URL))
}
