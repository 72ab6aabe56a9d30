package inbox_test

import (
	"bytes"
	"strings"
	"testing"

	"lumo/shared/fault"
	"lumo/shared/inbox"
)

var (
	png  = append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, 600)...)
	mp4  = append([]byte("\x00\x00\x00\x18ftypmp42"), bytes.Repeat([]byte{7}, 600)...)
	tool = append([]byte("MZ\x90\x00"), bytes.Repeat([]byte{7}, 600)...)
)

func sent(kind, name string, size int64) inbox.Event {
	e := inbox.Event{ID: "1", At: start.UnixMilli(), Type: kind, File: &inbox.File{Name: name, Size: size}}
	if kind == "file" {
		e.Text = name
	}
	return e
}

// TestWhatBecomesOfFiles is the documented outcome of everything that people may send (docs/line-oddities.md).
func TestWhatBecomesOfFiles(t *testing.T) {
	t.Parallel()
	gone := &fault.Fault{Provider: "line", Class: fault.NotFound, Certainty: fault.NothingHappened, Code: "LINE_NOT_FOUND"}
	for name, c := range map[string]struct {
		event          inbox.Event
		held           held
		file, mimeType string // "" when nothing is attached
		text           string
	}{
		"a photo":                      {sent("image", "", 0), held{body: png, kind: "image/jpeg"}, "1.png", "image/png", "[Photo]"},
		"a video":                      {sent("video", "", 0), held{body: mp4, kind: "video/mp4"}, "1.mp4", "video/mp4", "[Video]"},
		"a voice message":              {sent("audio", "", 0), held{body: mp4, kind: "audio/x-m4a"}, "1.m4a", "audio/mp4", "[Voice message]"},
		"a document":                   {sent("file", "plan.pdf", 604), held{body: append([]byte("%PDF-1.7"), png...)}, "plan.pdf", "application/pdf", "[File] plan.pdf"},
		"a text":                       {sent("file", "notes.txt", 5), held{body: []byte("hello")}, "notes.txt", "text/plain", "[File] notes.txt"},
		"an empty file":                {sent("file", "empty.txt", 0), held{body: nil}, "", "", "[File] empty.txt (an empty file)"},
		"a program that says .jpg":     {sent("file", "photo.jpg", 604), held{body: tool}, "", "", "[File] photo.jpg (not attached: it is a program)"},
		"a program by name":            {sent("file", "run.EXE", 604), held{body: png}, "", "", "[File] run.EXE (not attached: it is a program)"},
		"a document that says .png":    {sent("file", "x.png", 604), held{body: append([]byte("%PDF-1.7"), png...)}, "x.png.pdf", "application/pdf", "[File] x.png"},
		"anything that says .png":      {sent("file", "x.png", 604), held{body: bytes.Repeat([]byte{1}, 600)}, "x.png.bin", "application/octet-stream", "[File] x.png"},
		"a page":                       {sent("file", "page", 604), held{body: []byte("<html><script>alert(1)</script>")}, "page.bin", "text/plain", "[File] page"},
		"expired":                      {sent("image", "", 0), held{err: gone}, "", "", "[Photo] (no longer available at LINE)"},
		"elsewhere":                    {inbox.Event{ID: "1", Type: "image", File: &inbox.File{Foreign: "https://a.example/x.png"}}, held{}, "", "", "[Photo] https://a.example/x.png"},
		"a name that leads elsewhere":  {sent("file", "../../etc/x.pdf", 604), held{body: append([]byte("%PDF-1.7"), png...)}, "_.._etc_x.pdf", "application/pdf", "[File] ../../etc/x.pdf"},
		"a video that takes some time": {sent("video", "", 0), held{body: mp4, waits: 3}, "1.mp4", "video/mp4", "[Video]"},
	} {
		w := newWorld()
		w.held["1"] = c.held
		w.must(t, said(c.event, start))
		m := w.thread[0]
		if m.Text != c.text {
			t.Errorf("%s: %q", name, m.Text)
		}
		if (len(m.Files) == 1) != (c.file != "") || len(w.uploads) != len(m.Files) {
			t.Errorf("%s: attached %v", name, m.Files)
			continue
		}
		if c.file == "" {
			continue
		}
		f := w.uploads[m.Files[0]]
		if f.Name != c.file || f.Type != c.mimeType || !bytes.Equal(f.Body, c.held.body) || !strings.HasPrefix(f.Folder, "/line/") {
			t.Errorf("%s: %q %q in %q", name, f.Name, f.Type, f.Folder)
		}
	}
}

// What takes LINE longer than one delivery, or was cut off, comes again with the queue; nothing is shown half.
func TestAFileThatIsNotThereYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.held["1"] = held{body: mp4, waits: 10}
	n := said(sent("video", "", 0), start)
	if err := w.Handle(t.Context(), n); err == nil || len(w.thread) != 0 {
		t.Fatalf("%v, %d shown", err, len(w.thread))
	}
	w.must(t, n)
	if len(w.thread) != 1 || len(w.uploads) != 1 {
		t.Errorf("%d shown, %d files", len(w.thread), len(w.uploads))
	}
	w = newWorld()
	w.held["1"] = held{body: mp4, cutting: true}
	if err := w.Handle(t.Context(), n); err == nil || len(w.uploads) != 0 {
		t.Errorf("cut off: %v, %d files", err, len(w.uploads))
	}
}

// A file is uploaded once, although publishing it failed.
func TestAFileIsUploadedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.held["1"] = held{body: png}
	w.hubspot = func(what string) error {
		if what == "publish" {
			return away()
		}
		return nil
	}
	n := said(sent("image", "", 0), start)
	if err := w.Handle(t.Context(), n); err == nil {
		t.Fatal("published")
	}
	w.hubspot = func(string) error { return nil }
	w.must(t, n)
	if len(w.uploads) != 1 || len(w.thread[0].Files) != 1 {
		t.Errorf("%d files, %v", len(w.uploads), w.thread[0].Files)
	}
}

func TestAFileThatHubSpotRefusesIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.held["1"] = held{body: png}
	w.hubspot = func(what string) error {
		if what == "upload" {
			return refused(fault.Invalid, "HUBSPOT_INVALID")
		}
		return nil
	}
	w.must(t, said(sent("image", "", 0), start))
	if m := w.thread[0]; m.Text != "[Photo] (not attached: HubSpot refused the file)" {
		t.Errorf("%q", m.Text)
	}
}

func TestAnAgentsFilesReachLine(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.files["1"] = inbox.Signed{URL: "https://files.example/1.png?signature=a", Name: "shelf", Extension: "png", Size: 1000}
	w.files["2"] = inbox.Signed{URL: "https://files.example/2.pdf?signature=b", Name: "plan", Extension: "pdf", Size: 1000}
	w.must(t, replied("m1", "Here you are", "1", "2"))
	if len(w.phone) != 1 {
		t.Fatalf("%d sends", len(w.phone))
	}
	c := w.phone[0].Content
	if c.Text != "Here you are" || len(c.Rest) != 2 || c.Rest[0].Image != w.files["1"].URL || !strings.Contains(c.Rest[1].Text, w.files["2"].URL) {
		t.Errorf("%+v", c)
	}
	w.must(t, replied("m2", "", "3"))
	if got := w.statuses["m2"]; len(got) != 1 || !strings.Contains(got[0], "not in HubSpot any more") {
		t.Errorf("%v", got)
	}
	// Links that were made before a crash stay the same, or the repetition would be another message.
	w.dies = func(where string) bool { return where == "after send" }
	w.run(func() { _ = w.Handle(t.Context(), replied("m3", "", "1")) })
	w.dies = func(string) bool { return false }
	w.files["1"] = inbox.Signed{URL: "https://files.example/1.png?signature=other", Name: "shelf", Extension: "png", Size: 1000}
	w.must(t, replied("m3", "", "1"))
	if len(w.phone) != 2 || w.phone[1].Content.Image != "https://files.example/1.png?signature=a" {
		t.Errorf("%+v", w.phone[1].Content)
	}
}

// A friend who takes a picture back takes its file along, however often HubSpot has to be asked.
func TestTheFileOfAnUnsentMessageIsErased(t *testing.T) {
	t.Parallel()
	gone := said(inbox.Event{Kind: inbox.Unsent, ID: "1", At: start.UnixMilli()}, start)
	for name, c := range map[string]struct {
		trouble *fault.Fault // of the first deletion
		after   bool         // it had its effect all the same
		again   bool         // the note comes again
		files   int
		comment string
	}{
		"at once":                {},
		"HubSpot is away":        {trouble: away(), again: true},
		"the answer is lost":     {trouble: away(), after: true, again: true},
		"somebody deleted it":    {trouble: refused(fault.NotFound, "HUBSPOT_NOT_FOUND"), after: true},
		"the scope is not given": {trouble: refused(fault.Permission, "HUBSPOT_SCOPE"), files: 1, comment: "please delete it"},
	} {
		w := newWorld()
		w.held["1"] = held{body: png}
		w.must(t, said(sent("image", "", 0), start))
		fail := func(what string) error {
			if what == "erase" && c.trouble != nil {
				return c.trouble
			}
			return nil
		}
		if c.after {
			w.after = fail
		} else {
			w.hubspot = fail
		}
		err := w.Handle(t.Context(), gone)
		if (err != nil) != c.again {
			t.Errorf("%s: %v", name, err)
		}
		if c.again {
			w.hubspot, w.after = func(string) error { return nil }, func(string) error { return nil }
			w.must(t, gone)
		}
		if len(w.uploads) != c.files || len(w.comments) != 1 || !strings.Contains(w.comments[0], c.comment) || !w.conns[1].Works() || len(w.items) != 0 {
			t.Errorf("%s: %d files, %v, %+v", name, len(w.uploads), w.comments, w.conns[1])
		}
	}
}
