package line

import (
	"context"
	"io"
	"net/http"
	"regexp"

	"lumo/shared/fault"
)

var messageIDPattern = regexp.MustCompile(`^[0-9]{1,40}$`)

// Content is a file that a user sent. Close Body.
type Content struct {
	Body io.ReadCloser
	Type string // MIME type
	Size int64  // -1 when LINE does not say
}

// Content opens the file of an image, video, audio or file message. LINE keeps it for "a certain period" only: fetch it at once. NotFound
// means that it is gone or was unsent, Unavailable with CodePreparing that LINE is still converting it. The download ends with ctx.
func (c *ChannelClient) Content(ctx context.Context, messageID string) (Content, error) {
	if !messageIDPattern.MatchString(messageID) {
		return Content{}, refusedHere("The LINE message id is not valid.", nil)
	}
	return authorized(ctx, c, func(token string) (Content, error) {
		res, err := c.client.open(ctx, c.client.stream, request{
			method: http.MethodGet, url: c.client.data + "/v2/bot/message/" + messageID + "/content", token: token,
		})
		if err != nil {
			return Content{}, err
		}
		if res.StatusCode == http.StatusOK {
			return Content{Body: res.Body, Type: res.Header.Get("Content-Type"), Size: res.ContentLength}, nil
		}
		res.Body = &limitedBody{res.Body, maxReply}
		r, err := drain(res)
		if err != nil {
			return Content{}, err
		}
		f := interpret(r)
		if r.status == http.StatusAccepted {
			f.Class, f.Code, f.Certainty = fault.Unavailable, CodePreparing, fault.NothingHappened
			f.Message, f.RetryAfter = "LINE is still preparing the file", preparingPause
		}
		return Content{}, f
	})
}
