// Command channel makes the app's custom channel in HubSpot what this version of Lumo needs, once per app and again after every change of
// Lumo's address. It needs the key of the HubSpot account that owns the app (Development, Keys), which no function ever sees:
//
//	HUBSPOT_DEVELOPER_KEY=... go run ./scripts/cmd/channel -app-id 1234567 -public-url https://lumo.example.com
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"lumo/shared/hubspot"
)

func main() {
	var o options
	flag.Int64Var(&o.app, "app-id", 0, "id of the HubSpot app")
	flag.StringVar(&o.public, "public-url", "", "Lumo's own origin")
	flag.StringVar(&o.api, "api-url", hubspot.DefaultBaseURL, "HubSpot's API")
	flag.StringVar(&o.logo, "logo", "", "https address of the channel's picture")
	flag.Parse()
	o.key = os.Getenv("HUBSPOT_DEVELOPER_KEY")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	id, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("The channel is", id)
}

type options struct {
	app               int64
	public, api, logo string
	key               string
}

func run(ctx context.Context, o options) (string, error) {
	u, err := url.Parse(o.public)
	switch {
	case o.key == "":
		return "", errors.New("HUBSPOT_DEVELOPER_KEY is not set")
	case o.app <= 0:
		return "", errors.New("-app-id is missing")
	case err != nil || u.Host == "" || u.RawQuery != "" || strings.Trim(u.Path, "/") != "":
		return "", errors.New("-public-url must be an origin, such as https://lumo.example.com")
	}
	c := hubspot.New(hubspot.Config{BaseURL: o.api, AppID: o.app})
	return hubspot.Channels{Client: c, Key: o.key}.Ensure(ctx, Definition(strings.TrimRight(o.public, "/"), o.logo))
}

// Definition is the channel as Lumo deals with it: one plain text or picture after the other, threads named by us.
func Definition(origin, logo string) hubspot.Channel {
	b, _ := json.Marshal(map[string]any{ // strings, numbers and lists always encode
		"deliveryIdentifierTypes": []string{"CHANNEL_SPECIFIC_OPAQUE_ID"}, "threadingModel": "INTEGRATION_THREAD_ID", "richText": []string{}, "allowInlineImages": false,
		"allowOutgoingMessages": true, "allowConversationStart": true, "allowMultipleRecipients": false, "outgoingAttachmentTypes": []string{"FILE"},
		"allowedFileAttachmentMimeTypes": []string{"image/jpeg", "image/png", "image/gif", "application/pdf", "video/mp4", "audio/mpeg", "audio/mp4"},
		"maxFileAttachmentCount":         4, "maxFileAttachmentSizeBytes": 10_000_000, "maxTotalFileAttachmentSizeBytes": 40_000_000,
	})
	return hubspot.Channel{
		Name: "LINE", Description: "Chat with the friends of your LINE Official Account", Logo: logo, Capabilities: b,
		Webhook: origin + "/hubspot/channel", Redirect: origin + "/setup/inbox",
	}
}
