package linesandbox

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
)

// Content people sent (Messaging API reference: Getting content).

// held finds a message's content. LINE keeps it only for messages to this channel.
func (c *call) held() (*content, answer, bool) {
	k := c.s.st.Contents[c.params["messageId"]]
	if k == nil || k.Channel != c.ch.ID || k.External {
		return nil, refuse(http.StatusNotFound, "not found"), true
	}
	if k.Gone {
		return nil, refuse(http.StatusGone, "The content is gone"), true
	}
	return k, answer{}, false
}

func messageContent(c *call) answer {
	k, a, bad := c.held()
	if bad {
		return a
	}
	if c.s.now().Before(k.Ready) {
		return answer{status: http.StatusAccepted}
	}
	return answer{status: http.StatusOK, raw: k.data, mime: k.MIME}
}

func contentPreview(c *call) answer {
	k, a, bad := c.held()
	if bad {
		return a
	}
	if k.Kind != "image" && k.Kind != "video" {
		return refuse(http.StatusBadRequest, "The content can not be previewed")
	}
	if c.s.now().Before(k.Ready) {
		return answer{status: http.StatusAccepted}
	}
	return answer{status: http.StatusOK, raw: paint(7, 60), mime: "image/png"}
}

func transcoding(c *call) answer {
	k, a, bad := c.held()
	if bad {
		return a
	}
	if k.Kind != "video" && k.Kind != "audio" {
		return refuse(http.StatusBadRequest, "Transcoding status doesn't support this type of content")
	}
	if c.s.now().Before(k.Ready) {
		return ok(object{"status": "processing"})
	}
	return ok(object{"status": "succeeded"})
}

// paint draws a small picture that depends only on seed: two colours, mirrored squares.
func paint(seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 0x706963))
	hue := func(light uint32) color.RGBA {
		return color.RGBA{uint8(light + r.Uint32N(80)), uint8(light + r.Uint32N(80)), uint8(light + r.Uint32N(80)), 255}
	}
	back, front := hue(170), hue(40)
	const cells = 8
	var on [cells][cells]bool
	for y := range cells {
		for x := range cells / 2 {
			on[y][x] = r.IntN(2) == 0
			on[y][cells-1-x] = on[y][x]
		}
	}
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{back, front})
	for y := range size {
		for x := range size {
			if on[y*cells/size][x*cells/size] {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img) // a bytes.Buffer does not fail
	return out.Bytes()
}

func paintFor(name string, size int) []byte {
	h := fnv.New64a()
	h.Write([]byte(name))
	return paint(binary.BigEndian.Uint64(h.Sum(nil)), size)
}
