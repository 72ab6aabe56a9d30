package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"lumo/scripts/demo"
	"lumo/scripts/linesandbox"
)

// Pictures, films and other files arrive in HubSpot as they were sent, whatever has to be waited for, and what cannot be brought is said in its
// place. The relay stays small.
func TestFilesInTheInbox(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, demo.Size{Contacts: 5, Lists: 1, Friends: 4, Linked: 3})
	c.connectInbox()
	p := c.linked[1]
	film := append([]byte("\x00\x00\x00\x18ftypmp42"), bytes.Repeat([]byte("frame "), 3<<20)...)      // 18 MB
	long := append([]byte("\x00\x00\x00\x18ftypmp42"), bytes.Repeat([]byte("frame "), 50<<20/6+1)...) // 50 MB
	plan := append([]byte("%PDF-1.7 "), bytes.Repeat([]byte("plan "), 1000)...)
	type media struct {
		linesandbox.Media
		want string
		data []byte // what HubSpot must hold; nil for nothing
	}
	all := []media{
		{linesandbox.Media{Kind: "video", Data: film}, "[Video]", film},
		{linesandbox.Media{Kind: "video", Data: long}, "[Video]\nLarger than 20 MB, opens until ", nil},
		{linesandbox.Media{Kind: "file", FileName: "plan.pdf", Data: plan}, "[File] plan.pdf", plan},
		{linesandbox.Media{Kind: "file", FileName: "photo.jpg", Data: []byte("MZ this is a program")}, "[File] photo.jpg (not attached: it is a program)", nil},
		{linesandbox.Media{Kind: "video", Data: film}, "[Video]", film},
	}
	filmID := ""
	for _, m := range all {
		id, err := outside.Line.SendMedia(c.account.ID, p.user, m.Media)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Data) == len(long) {
			filmID = id
		}
	}
	if _, err := outside.Line.SendLocation(c.account.ID, p.user, linesandbox.Location{Title: "Shop", Address: "1-2-3 Ginza", Latitude: 35.67, Longitude: 139.76}); err != nil {
		t.Fatal(err)
	}
	if _, err := outside.Line.SendSticker(c.account.ID, p.user, "446", "1988"); err != nil {
		t.Fatal(err)
	}
	eventually(t, 4*within, "the files in the thread", func() string {
		th := c.thread(p)
		if th == nil || len(th.Messages) < len(all)+2 {
			return fmt.Sprintf("thread %v", th)
		}
		return ""
	})
	th := c.thread(p)
	if len(th.Messages) != len(all)+2 {
		t.Errorf("%d messages", len(th.Messages))
	}
	filmText := ""
	for _, m := range all {
		found := false
		for _, got := range th.Messages {
			if len(m.data) == 0 && len(m.Data) > 20<<20 && strings.HasPrefix(got.Text, m.want) {
				found = true
				opens(t, got.Text, m.Data)
				filmText = got.Text
				continue
			}
			if got.Text != m.want {
				continue
			}
			if m.data == nil {
				found = len(got.Attachments) == 0
				continue
			}
			if len(got.Attachments) == 1 {
				f, err := outside.HubSpot.File(c.Portal, got.Attachments[0].File)
				found = err == nil && sha256.Sum256(f.Data) == sha256.Sum256(m.data)
			}
		}
		if !found {
			t.Errorf("%s %s did not arrive as %q", m.Kind, m.FileName, m.want)
		}
	}
	if peak := peakOf(t, "InboxRelay"); peak > 128<<20 {
		t.Errorf("the relay took %d MB", peak>>20)
	} else {
		t.Logf("the relay took %d MB", peak>>20)
	}

	if err := outside.Line.Unsend(c.account.ID, p.user, filmID); err != nil {
		t.Fatal(err)
	}
	eventually(t, 4*within, "the end of the film's link", func() string {
		res, err := http.Get(fileLink.FindString(filmText))
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			return res.Status
		}
		return ""
	})

	file, err := outside.HubSpot.AddFile(c.Portal, "price list.pdf", "application/pdf", plan)
	if err != nil {
		t.Fatal(err)
	}
	id, err := outside.HubSpot.Reply(c.Portal, th.ID, 1, "Our prices", file)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, within, "the agent's file", func() string {
		if m := c.entry(p, id); m.Status != "SENT" || m.Edits == 0 {
			return m.Status + " " + m.Error
		}
		return ""
	})
	log, err := outside.Line.ChatLog(c.account.ID, p.user)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range log {
		if e.From == "account" {
			texts = append(texts, e.Text)
		}
	}
	if len(texts) != 2 || texts[0] != "Our prices" || !strings.Contains(texts[1], outside.HubSpotURL+"/_files/") {
		t.Errorf("on the phone %q", texts)
	}
}

var fileLink = regexp.MustCompile(`https?://\S+/f/[A-Za-z0-9_-]+$`)

// opens follows the link in a message, as an agent's browser does, to the whole file.
func opens(t *testing.T, text string, want []byte) {
	t.Helper()
	res, err := http.Get(fileLink.FindString(text))
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, res.Body)
	if err != nil || res.StatusCode != http.StatusOK || n != int64(len(want)) || [32]byte(sum.Sum(nil)) != sha256.Sum256(want) {
		t.Errorf("%s leads to %d bytes, %s, %v", text, n, res.Status, err)
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`)

// peakOf is the most memory that a process of a function has ever held. Linux tells; elsewhere it is 0.
func peakOf(t *testing.T, function string) (most int) {
	t.Helper()
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range all {
		environment, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(environment, []byte("AWS_LAMBDA_FUNCTION_NAME=")) || !regexp.MustCompile(`AWS_LAMBDA_FUNCTION_NAME=[^\x00]*`+function).Match(environment) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(name), "status"))
		if m := highWater.FindSubmatch(status); err == nil && m != nil {
			kb, _ := strconv.Atoi(string(m[1]))
			most = max(most, kb<<10)
		}
	}
	return most
}
