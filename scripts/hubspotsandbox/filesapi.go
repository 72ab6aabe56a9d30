package hubspotsandbox

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

var fileRoutes = []route{
	{pattern: "POST /files/{v}/files", scopes: []string{"files.write"}, large: true, handle: (*Server).postFile},
	{pattern: "GET /files/{v}/files/{file}", scopes: []string{"files.read"}, handle: (*Server).getFile},
	{pattern: "GET /files/{v}/files/{file}/signed-url", scopes: []string{"files.read"}, handle: (*Server).signFile},
	{pattern: "DELETE /files/{v}/files/{file}", scopes: []string{"files.delete"}, handle: (*Server).deleteFile},
	{pattern: "DELETE /files/{v}/files/{file}/gdpr-delete", scopes: []string{"files.delete"}, handle: (*Server).deleteFile},
}

// maxFile is the largest file that an account takes.
const maxFile = 20 << 20

func (f *StoredFile) body(origin string, portal int64) map[string]any {
	ext := strings.TrimPrefix(path.Ext(f.Name), ".")
	sum := md5.Sum(f.Data)
	m := map[string]any{
		"id": strconv.FormatInt(f.ID, 10), "name": strings.TrimSuffix(f.Name, "."+ext), "extension": ext, "path": f.Path, "size": f.Size, "access": f.Access,
		"type": fileKind(f.Type), "fileMd5": hex.EncodeToString(sum[:]), "createdAt": iso(f.Created), "updatedAt": iso(f.Created), "archived": f.Archived,
		"url": fmt.Sprintf("%s/_files/%d/%d/%s", origin, portal, f.ID, f.Name), "isUsableInContent": true,
	}
	if f.Expires != 0 {
		m["expiresAt"] = f.Expires
	}
	return m
}

func fileKind(mimeType string) string {
	kind, _, _ := strings.Cut(mimeType, "/")
	switch kind {
	case "image":
		return "IMG"
	case "audio":
		return "AUDIO"
	case "video":
		return "MOVIE"
	case "text", "application":
		return "DOCUMENT"
	}
	return "OTHER"
}

func (s *Server) postFile(c *call) reply {
	_, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return c.fail(415, "VALIDATION_ERROR", "multipart/form-data is expected")
	}
	f := &StoredFile{Created: c.now}
	fields, seen := map[string]string{}, false
	parts := multipart.NewReader(strings.NewReader(string(c.body)), params["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c.fail(400, "VALIDATION_ERROR", "The form cannot be read")
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return c.fail(400, "VALIDATION_ERROR", "The form cannot be read")
		}
		if part.FormName() != "file" {
			fields[part.FormName()] = string(b)
			continue
		}
		seen, f.Data, f.Name, f.Type = true, b, part.FileName(), part.Header.Get("Content-Type")
	}
	var options struct {
		Access string `json:"access"`
		TTL    string `json:"ttl"`
	}
	switch {
	case !seen:
		return c.fail(400, "VALIDATION_ERROR", "file is missing")
	case json.Unmarshal([]byte(fields["options"]), &options) != nil || options.Access == "":
		return c.fail(400, "VALIDATION_ERROR", "options must be JSON with an access")
	case (fields["folderPath"] == "") == (fields["folderId"] == ""):
		return c.fail(400, "VALIDATION_ERROR", "exactly one of folderId and folderPath is required")
	case len(f.Data) == 0:
		return c.sub(400, "VALIDATION_ERROR", "FileValidationError.EMPTY_FILE", "The file is empty")
	case len(f.Data) > maxFile:
		return c.sub(400, "VALIDATION_ERROR", "FileValidationError.FILE_TOO_LARGE", "The file is larger than this account allows")
	}
	if fields["fileName"] != "" {
		f.Name = fields["fileName"]
	}
	f.ID, f.Access, f.Size, f.Path = c.portal.Inbox.id(), options.Access, int64(len(f.Data)), path.Join("/", fields["folderPath"], f.Name)
	if days, ok := period(options.TTL); ok {
		f.Expires = c.now + days*24*time.Hour.Milliseconds()
	} else if options.TTL != "" {
		return c.fail(400, "VALIDATION_ERROR", "ttl must be an ISO 8601 period")
	}
	c.portal.Inbox.Files = append(c.portal.Inbox.Files, f)
	s.changes++
	return reply{status: 201, body: f.body(s.cfg.PublicURL, c.portal.ID)}
}

// period reads P<n>D, P<n>W, P<n>M and P<n>Y in days.
func period(s string) (days int64, ok bool) {
	if len(s) < 3 || s[0] != 'P' {
		return 0, false
	}
	n, err := strconv.ParseInt(s[1:len(s)-1], 10, 64)
	unit := map[byte]int64{'D': 1, 'W': 7, 'M': 30, 'Y': 365}[s[len(s)-1]]
	return n * unit, err == nil && unit != 0 && n > 0
}

func (c *call) file() *StoredFile {
	n, _ := strconv.ParseInt(c.path("file"), 10, 64)
	return c.portal.Inbox.file(n)
}

func (s *Server) getFile(c *call) reply {
	if f := c.file(); f != nil {
		return reply{status: 200, body: f.body(s.cfg.PublicURL, c.portal.ID)}
	}
	return c.notFound()
}

func (s *Server) deleteFile(c *call) reply {
	f := c.file()
	if f == nil {
		return c.notFound()
	}
	f.Archived, f.Data = true, nil
	s.changes++
	return reply{status: 204}
}

// signFile makes a link that anybody may use until it ends.
func (s *Server) signFile(c *call) reply {
	f := c.file()
	if f == nil {
		return c.notFound()
	}
	seconds, err := strconv.ParseInt(c.r.URL.Query().Get("expirationSeconds"), 10, 64)
	if err != nil || seconds <= 0 {
		seconds = 3600
	}
	until := c.now + seconds*1000
	link := fmt.Sprintf("%s/_files/%d/%d/%s?until=%d&signature=%s", s.cfg.PublicURL, c.portal.ID, f.ID, f.Name, until, s.uploadSignature(c.portal.ID, f.ID, until))
	return reply{status: 200, body: map[string]any{"url": link, "expiresAt": iso(until), "name": f.Name, "extension": strings.TrimPrefix(path.Ext(f.Name), "."), "type": fileKind(f.Type), "size": f.Size}}
}

func (s *Server) uploadSignature(portal, file, until int64) string {
	sign := Sign(s.oauth.Secrets[0], "FILE", fmt.Sprintf("%d/%d", portal, file), nil, strconv.FormatInt(until, 10))["X-HubSpot-Signature-v3"]
	return hex.EncodeToString([]byte(sign))[:32]
}

// fileHandler serves what a link leads to: public files, and private ones with a signature.
func (s *Server) fileHandler(w http.ResponseWriter, r *http.Request) {
	portalID, _ := strconv.ParseInt(r.PathValue("p"), 10, 64)
	fileID, _ := strconv.ParseInt(r.PathValue("file"), 10, 64)
	until, _ := strconv.ParseInt(r.URL.Query().Get("until"), 10, 64)
	s.mu.Lock()
	var f *StoredFile
	if p := s.portals[portalID]; p != nil {
		f = p.Inbox.file(fileID)
	}
	signed := r.URL.Query().Get("signature") == s.uploadSignature(portalID, fileID, until) && until > s.now().UnixMilli()
	s.mu.Unlock()
	if f == nil || !signed && !strings.HasPrefix(f.Access, "PUBLIC") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.Data)
}
