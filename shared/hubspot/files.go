package hubspot

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"lumo/shared/fault"
	"lumo/shared/pace"
)

// Upload is a file for the portal's file manager.
type Upload struct {
	Name, Folder, Type string
	Body               []byte
}

// UploadFile stores a private file and returns its id. It may leave a second copy when it is repeated.
func (p *Portal) UploadFile(ctx context.Context, f Upload) (string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	err := writeForm(w, f)
	head := b.Len()
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", &fault.Fault{Provider: provider, Class: fault.Misconfigured, Certainty: fault.NothingHappened, Code: "HUBSPOT_BAD_REQUEST_URL", Message: "the request could not be built", Err: err}
	}
	q := p.request(ctx, http.MethodPost, "/files/{V}/files")
	q.body, q.around = f.Body, [2][]byte{b.Bytes()[:head], b.Bytes()[head:]}
	q.contentType, q.priority = w.FormDataContentType(), max(q.priority, pace.Event)
	var out struct {
		ID string `json:"id"`
	}
	return out.ID, p.c.fetch(ctx, q, &out)
}

var quoted = strings.NewReplacer(`\`, `_`, `"`, `_`, "\r", "_", "\n", "_")

// writeForm writes everything up to where the file itself begins.
func writeForm(w *multipart.Writer, f Upload) error {
	for _, field := range [][2]string{
		{"options", `{"access":"PRIVATE","overwrite":false,"duplicateValidationStrategy":"NONE","duplicateValidationScope":"EXACT_FOLDER"}`},
		{"folderPath", f.Folder}, {"fileName", f.Name},
	} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return err
		}
	}
	_, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + quoted.Replace(f.Name) + `"`}, "Content-Type": {f.Type}})
	return err
}

// SignedFile is where anybody can fetch a private file until the link ends.
type SignedFile struct {
	URL       string `json:"url"`
	Name      string `json:"name"`
	Extension string `json:"extension"`
	Size      int64  `json:"size"`
}

// SignedURL makes a link to a file.
func (p *Portal) SignedURL(ctx context.Context, fileID string, seconds int) (SignedFile, error) {
	q := p.request(ctx, http.MethodGet, "/files/{V}/files/"+pathPart(fileID)+"/signed-url")
	q.query = url.Values{"expirationSeconds": {itoa(seconds)}}
	var out SignedFile
	return out, p.c.fetch(ctx, q, &out)
}

// EraseFile deletes a file for good, not into HubSpot's bin. It needs the scope files.delete.
func (p *Portal) EraseFile(ctx context.Context, fileID string) error {
	return p.c.fetch(ctx, p.request(ctx, http.MethodDelete, "/files/{V}/files/"+pathPart(fileID)+"/gdpr-delete"), nil)
}
