package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// User who calls the API; HubSpot's proxy names the signed-in user.
const (
	userID    = "71"
	userEmail = "hanako@sakura-coffee.example"
)

// API calls app-api as hubspot.fetch does: HubSpot's proxy adds who calls to the query and signs the whole (developer platform, 5.4 and 5.5).
func (w *World) API(ctx context.Context, method, path string, in, out any) error {
	body := []byte{}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	address, err := url.Parse(w.Front + path)
	if err != nil {
		return err
	}
	q := url.Values{"userId": {userID}, "portalId": {fmt.Sprint(w.Portal)}, "userEmail": {userEmail}, "appId": {fmt.Sprint(w.AppID)}}.Encode()
	if address.RawQuery != "" {
		q = address.RawQuery + "&" + q
	}
	address.RawQuery = q
	req, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	at := strconv.FormatInt(time.Now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(w.Secret))
	io.WriteString(mac, method+address.String())
	mac.Write(body)
	io.WriteString(mac, at)
	req.Header.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	req.Header.Set("X-HubSpot-Request-Timestamp", at)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var env struct {
		OK    bool            `json:"ok"`
		Data  json.RawMessage `json:"data"`
		Error APIError        `json:"error"`
	}
	if err := json.Unmarshal(b, &env); err != nil {
		return fmt.Errorf("%s %s: %s %.200s", method, path, res.Status, b)
	}
	if !env.OK && env.Error.Code == "" { // not from the API: the gateway answered
		return fmt.Errorf("%s %s: %s %.200s", method, path, res.Status, b)
	}
	if !env.OK {
		env.Error.Status = res.StatusCode
		return &env.Error
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(env.Data, out)
}

// APIError is a refusal of the API.
type APIError struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field"`
}

func (e *APIError) Error() string { return e.Code + ": " + e.Message }
