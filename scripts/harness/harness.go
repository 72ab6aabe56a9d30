// Package harness is the world outside Lumo for tests of whole processes: both sandboxes as servers of the calling process, joined to
// the origin at which Lumo will listen, and loopback ports that stay free while a process is killed and started again.
package harness

import (
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"lumo/scripts/demo"
	"lumo/scripts/hubspotsandbox"
	"lumo/scripts/linesandbox"
)

// AppID and ClientID are how the HubSpot sandbox knows Lumo.
const (
	AppID    = 7654321
	ClientID = "lumo-harness"
)

// Outside is HubSpot, LINE and the people who use them.
type Outside struct {
	HubSpot             *hubspotsandbox.Server
	Line                *linesandbox.Server
	HubSpotURL, LineURL string
	Front               string // Lumo's own origin
	Secret              string // the app's client secret
	servers             []*http.Server
}

// Start serves both sandboxes on free ports. root is the repository, front the origin of Lumo, which need not listen yet.
func Start(root, front string) (*Outside, error) {
	file, err := hubspotsandbox.ReadWebhookFile(filepath.Join(root, "hubspot-app/src/app/webhooks/webhooks-hsmeta.json"))
	if err != nil {
		return nil, err
	}
	actions, err := hubspotsandbox.ReadActionFiles(filepath.Join(root, "hubspot-app/src/app/workflow-actions"), map[string]string{"API_ORIGIN": front})
	if err != nil {
		return nil, err
	}
	o := &Outside{Front: front, Secret: rand.Text()}
	hubspot, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	line, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		hubspot.Close()
		return nil, err
	}
	o.HubSpotURL, o.LineURL = "http://"+hubspot.Addr().String(), "http://"+line.Addr().String()
	callback := front + "/oauth/callback"
	o.HubSpot = hubspotsandbox.New(hubspotsandbox.Config{
		PublicURL: o.HubSpotURL, AppID: AppID, ClientID: ClientID, ClientSecret: o.Secret, InstallURL: callback, RedirectURLs: []string{callback},
		WebhookTarget: hubspotsandbox.Expand(file.Target, map[string]string{"API_ORIGIN": front}), Subscriptions: file.Subscriptions, MaxConcurrent: file.MaxConcurrent, Actions: actions,
		HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	})
	o.HubSpot.DefineChannel("LINE", front+"/hubspot/channel", front+"/setup/inbox")
	o.Line = linesandbox.New(linesandbox.Config{PublicURL: o.LineURL, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}})
	for l, h := range map[net.Listener]http.Handler{hubspot: o.HubSpot, line: o.Line} {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
		o.servers = append(o.servers, s)
		go s.Serve(l)
	}
	return o, nil
}

// Parameters lead the functions of template.yaml to the sandboxes.
func (o *Outside) Parameters() map[string]string {
	return map[string]string{
		"HubspotApiUrl": o.HubSpotURL, "HubspotAppUrl": o.HubSpotURL, "HubspotClientId": ClientID, "HubspotAppId": strconv.Itoa(AppID), "HubspotClientSecret": o.Secret,
		"LineApiUrl": o.LineURL, "LineDataApiUrl": o.LineURL, "LineAccessUrl": o.LineURL,
	}
}

// World is one HubSpot account's way through the product.
func (o *Outside) World(portal int64) *demo.World {
	return &demo.World{Front: o.Front, HubSpot: o.HubSpotURL, Line: o.LineURL, Portal: portal, AppID: AppID, Secret: o.Secret}
}

// Close stops both.
func (o *Outside) Close() {
	o.HubSpot.Close()
	for _, s := range o.servers {
		s.Close()
	}
}

// FreeAddress finds a loopback address outside the range from which the system takes ports for outgoing connections, so that it can be
// listened on again after a kill.
func FreeAddress() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+mathrand.IntN(10_000))
		l, err := net.Listen("tcp", address)
		if err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no free loopback port between 20000 and 29999")
}
