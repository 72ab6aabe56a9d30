package handle

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"

	"github.com/boombuler/barcode/qr"

	"lumo/shared/linkage"
)

func TestALinkHasItsQRCode(t *testing.T) {
	t.Parallel()
	p, d := newPages()
	b := open(t, p)
	for _, path := range []string{linkage.Path + token, linkage.Path + linkage.FormPrefix + token} {
		res := b.ask(http.MethodGet, path+linkage.PictureEnd, "", "")
		if res.Status != 0 && res.Status != http.StatusOK || res.Header["Content-Type"] != "image/png" || res.Header["Cache-Control"] != "no-store" {
			t.Fatalf("%s: %d %v", path, res.Status, res.Header)
		}
		img, err := png.Decode(bytes.NewReader(res.Body))
		if err != nil {
			t.Fatal(err)
		}
		sameCode(t, img, "https://lumo.example"+path)
	}
	if len(d.did) != 0 || len(b.cookies) != 0 {
		t.Errorf("looking at a picture did %v and left %v", d.did, b.cookies)
	}
}

// sameCode compares module by module, and looks for the margin without which phones read nothing.
func sameCode(t *testing.T, img image.Image, text string) {
	t.Helper()
	want, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	n := want.Bounds().Dx()
	if side := img.Bounds().Dx(); side != (n+2*quiet)*dot || img.Bounds().Dy() != side {
		t.Fatalf("%v for %d modules", img.Bounds(), n)
	}
	dark := func(c color.Color) bool { r, _, _, _ := c.RGBA(); return r < 0x8000 }
	for y := -quiet; y < n+quiet; y++ {
		for x := -quiet; x < n+quiet; x++ {
			inside := x >= 0 && y >= 0 && x < n && y < n
			if got := dark(img.At((x+quiet)*dot+dot/2, (y+quiet)*dot+dot/2)); got != (inside && dark(want.At(x, y))) {
				t.Fatalf("module %d,%d is dark: %v", x, y, got)
			}
		}
	}
}

func TestOnlyLinksThatLeadSomewhereHaveAQRCode(t *testing.T) {
	t.Parallel()
	for outcome, status := range map[linkage.Outcome]int{
		linkage.Invalid: http.StatusNotFound, linkage.Expired: http.StatusGone, linkage.TooMany: http.StatusTooManyRequests, linkage.Unavailable: http.StatusServiceUnavailable,
	} {
		p, d := newPages()
		d.view = linkage.View{Outcome: outcome}
		res := open(t, p).ask(http.MethodGet, linkage.Path+token+linkage.PictureEnd, "", "")
		if res.Status != status || res.Header["Content-Type"] == "image/png" {
			t.Errorf("%s: %d %v", outcome, res.Status, res.Header)
		}
	}
}
