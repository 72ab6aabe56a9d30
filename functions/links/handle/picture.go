package handle

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"

	"github.com/boombuler/barcode/qr"

	"lumo/functions/internal/entry"
	"lumo/shared/linkage"
)

const (
	// dot is how wide a module of a QR code is drawn; quiet is the free margin in modules that ISO/IEC 18004 asks for.
	dot   = 8
	quiet = 4
)

// picture is the QR code of a linking address, for phones that look at another screen or at paper. Only addresses that lead somewhere have one,
// so that nobody gets codes of other sites from here.
func (p *Pages) picture(token string, v linkage.View) (entry.Response, error) {
	if v.Outcome != linkage.Confirm {
		status := max(statuses[v.Outcome], http.StatusBadRequest)
		return entry.Text(status, http.StatusText(status)), nil
	}
	b, err := code(p.Origin + linkage.Path + token)
	if err != nil {
		return entry.Response{}, fmt.Errorf("draw a QR code: %w", err)
	}
	return entry.Response{Header: map[string]string{"Content-Type": "image/png"}, Body: b}, nil
}

// code draws text. Level M survives a folded flyer and still fits an address into a small code.
func code(text string) ([]byte, error) {
	c, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	size := c.Bounds().Dx()
	side := (size + 2*quiet) * dot
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range size * dot {
		for x := range size * dot {
			if c.At(x/dot, y/dot) == color.Black {
				img.SetColorIndex(x+quiet*dot, y+quiet*dot, 1)
			}
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, img)
	return b.Bytes(), err
}
