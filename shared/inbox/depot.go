package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"lumo/shared/blob"
	"lumo/shared/clock"
	"lumo/shared/fault"
	"lumo/shared/friend"
	"lumo/shared/id"
)

// FilePath begins the addresses of kept files.
const FilePath = "/f/"

const (
	// maxKept is the largest file that people can send with LINE.
	maxKept = 300 << 20
	// lookAt is how much of a file tells what it is.
	lookAt = 512
	// downloadLife is how long the bucket's own address works; a link makes a new one each time.
	downloadLife = 5 * time.Minute
)

// Kept is a file of a friend's that HubSpot does not take for its size, and that lies in Lumo's bucket instead (P-86).
type Kept struct {
	Friend  friend.Key
	Message string       // LINE's id of the message
	Contact id.ContactID // who the friend was linked to when it came; 0: nobody
	Name    string
	Type    string
	Size    int64
	Until   int64 // Unix ms
}

func (f Kept) object() string {
	return "inbox/" + f.Friend.Slot.String() + "/" + string(f.Friend.User) + "/" + f.Message
}

// KeptStore knows kept files by the hashes of their tokens. Reads are strongly consistent; a row goes some time after Until.
type KeptStore interface {
	PutKept(ctx context.Context, p id.PortalID, hash string, f Kept) error
	Kept(ctx context.Context, p id.PortalID, hash string) (Kept, bool, error)
	// DropKept of nothing is no error.
	DropKept(ctx context.Context, p id.PortalID, hash string) error
	// AllKept lists a stretch of a portal's; next "" is the end.
	AllKept(ctx context.Context, p id.PortalID, after string) (fs map[string]Kept, next string, err error)
}

// Tokens are unguessable, mean nothing to who reads them, and can be made again from what they are for.
type Tokens interface {
	Make(p id.PortalID, of string, until time.Time) (token, hash string)
	// Read is ErrNoFile for what was not made here, or is over.
	Read(token string, now time.Time) (p id.PortalID, hash string, err error)
}

// ErrNoFile: there is no such file, not any more, or there never was.
var ErrNoFile = errors.New("there is no such file")

// Depot keeps large files, each behind a link that works for 90 days unless the file goes before: when the message is unsent, and when the
// contact is deleted for privacy.
type Depot struct {
	Store  KeptStore
	Bucket blob.Depot
	Tokens Tokens
	Origin string
}

func (d *Depot) token(p id.PortalID, k friend.Key, messageID string, until int64) (token, hash string) {
	return d.Tokens.Make(p, k.Slot.String()+"/"+string(k.User)+"/"+messageID, time.UnixMilli(until))
}

// Address of a file that is kept until then.
func (d *Depot) Address(p id.PortalID, k friend.Key, messageID string, until int64) string {
	token, _ := d.token(p, k, messageID, until)
	return d.Origin + FilePath + token
}

// Keep stores a file and returns its address. Repeated, it is the same file under the same address. The row is written last: a link works only
// when the whole file is there.
func (d *Depot) Keep(ctx context.Context, p id.PortalID, f Kept, body io.Reader) (address string, err error) {
	token, hash := d.token(p, f.Friend, f.Message, f.Until)
	address = d.Origin + FilePath + token
	if _, ok, err := d.Store.Kept(ctx, p, hash); err != nil || ok {
		return address, err
	}
	counted := &counter{Reader: body}
	if err := d.Bucket.Stream(ctx, p, f.object(), f.Type, counted); err != nil {
		return "", err
	}
	f.Size = counted.n
	return address, d.Store.PutKept(ctx, p, hash, f)
}

// Drop removes the file of a message. Repeating it is harmless.
func (d *Depot) Drop(ctx context.Context, p id.PortalID, k friend.Key, messageID string, until int64) error {
	_, hash := d.token(p, k, messageID, until)
	if err := d.Bucket.Delete(ctx, p, Kept{Friend: k, Message: messageID}.object()); err != nil {
		return err
	}
	return d.Store.DropKept(ctx, p, hash)
}

// ForgetFiles implements erasure.Files: it removes what friends sent who were linked to these contacts.
func (d *Depot) ForgetFiles(ctx context.Context, p id.PortalID, cs []id.ContactID, after string) (next string, err error) {
	return d.forget(ctx, p, after, func(f Kept) bool { return f.Contact != 0 && slices.Contains(cs, f.Contact) })
}

// ForgetFriends removes what these friends sent, also before they were linked to anybody.
func (d *Depot) ForgetFriends(ctx context.Context, p id.PortalID, ks []friend.Key) error {
	for after := ""; ; {
		next, err := d.forget(ctx, p, after, func(f Kept) bool { return slices.Contains(ks, f.Friend) })
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}

// forget removes those of a stretch that are meant.
func (d *Depot) forget(ctx context.Context, p id.PortalID, after string, meant func(Kept) bool) (next string, err error) {
	all, next, err := d.Store.AllKept(ctx, p, after)
	if err != nil {
		return "", err
	}
	for hash, f := range all {
		if !meant(f) {
			continue
		}
		if err := d.Bucket.Delete(ctx, p, f.object()); err != nil {
			return "", err
		}
		if err := d.Store.DropKept(ctx, p, hash); err != nil {
			return "", err
		}
	}
	return next, nil
}

// Pickup hands kept files out.
type Pickup struct {
	Store     KeptStore
	Addresses blob.Addresses
	Tokens    Tokens
	Clock     clock.Clock
}

// Open is where the file behind a token can be fetched within the next minutes; ErrNoFile when there is none.
func (u *Pickup) Open(ctx context.Context, token string) (string, error) {
	now := u.Clock.Now()
	p, hash, err := u.Tokens.Read(token, now)
	if err != nil {
		return "", err
	}
	f, ok, err := u.Store.Kept(ctx, p, hash)
	if err != nil {
		return "", err
	}
	if !ok || f.Until <= now.UnixMilli() {
		return "", ErrNoFile
	}
	return u.Addresses.Address(ctx, p, f.object(), blob.Download{Name: f.Name, Type: f.Type}, downloadLife)
}

type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// whole fails where a body ends before its size (-1: not known), or goes beyond what is kept.
type whole struct {
	io.Reader
	size, n int64
}

var errTooLarge = errors.New("larger than any file in LINE")

func (w *whole) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	w.n += int64(n)
	switch {
	case w.n > maxKept:
		return n, errTooLarge
	case errors.Is(err, io.EOF) && w.n < w.size, err != nil && !errors.Is(err, io.EOF):
		return n, cutOff(err)
	}
	return n, err
}

func cutOff(err error) error {
	return &fault.Fault{Provider: "line", Class: fault.Unavailable, Certainty: fault.NothingHappened, Code: "LINE_UNAVAILABLE", Message: "LINE's file was cut off", Err: err}
}

// keep puts a large file, whose first bytes are head, into the depot, and says in the message where it opens.
func (r *Relay) keep(ctx context.Context, p id.PortalID, k friend.Key, e Event, held Held, head []byte, m *Message) error {
	name, mimeType, safe := identify(e, held.Type, head[:min(len(head), lookAt)])
	if !safe {
		m.Text += program
		return nil
	}
	until := time.UnixMilli(e.At).Add(blob.Keep)
	address, err := r.Depot.Keep(ctx, p, Kept{Friend: k, Message: e.ID, Contact: m.Contact, Name: name, Type: mimeType, Until: until.UnixMilli()}, held.Body)
	if errors.Is(err, errTooLarge) {
		m.Text += tooLarge
		return nil
	}
	if err != nil {
		return err
	}
	m.Text += opensAt(address, until)
	return r.Store.SetMark(ctx, p, k, keptMark(e.ID), Mark{Message: strconv.FormatInt(until.UnixMilli(), 10)}, r.Clock.Now().UnixMilli())
}

func opensAt(address string, until time.Time) string {
	return fmt.Sprintf("\nLarger than 20 MB, opens until %s: %s", until.UTC().Format("2 January 2006"), address)
}

func keptMark(messageID string) string { return "kept " + messageID }

// keptUntil tells whether the depot has a message's file.
func keptUntil(ctx context.Context, s Store, p id.PortalID, k friend.Key, messageID string) (until int64, ok bool, err error) {
	m, ok, err := s.Mark(ctx, p, k, keptMark(messageID))
	if err != nil || !ok || m.Message == "" {
		return 0, false, err
	}
	until, err = strconv.ParseInt(m.Message, 10, 64)
	return until, err == nil, err
}

// unkeep removes the file of a message that was taken back.
func (r *Relay) unkeep(ctx context.Context, p id.PortalID, k friend.Key, messageID string) error {
	until, ok, err := keptUntil(ctx, r.Store, p, k, messageID)
	if err != nil || !ok {
		return err
	}
	if err := r.Depot.Drop(ctx, p, k, messageID, until); err != nil {
		return err
	}
	return r.Store.SetMark(ctx, p, k, keptMark(messageID), Mark{}, r.Clock.Now().UnixMilli())
}
