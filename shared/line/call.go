package line

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/line/line-bot-sdk-go/v8/linebot/messaging_api"

	"lumo/shared/fault"
)

// maxReply is far above the largest JSON answer (1,000 follower ids).
const maxReply = 1 << 20

// request is one call of our own thin client.
type request struct {
	method, url, token, contentType, retryKey string
	body                                      io.Reader
}

func (c *Client) open(ctx context.Context, via *http.Client, q request) (*http.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, notSent(err)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, q.body)
	if err != nil {
		return nil, notSent(err)
	}
	req.Header.Set("User-Agent", "lumo")
	if q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	if q.retryKey != "" {
		req.Header.Set("X-Line-Retry-Key", q.retryKey)
	}
	res, err := via.Do(req)
	if err != nil {
		return nil, noReply(err)
	}
	return res, nil
}

// do makes the call and reads the answer to its end. The error, if any, says that no complete answer came.
func (c *Client) do(ctx context.Context, q request) (reply, error) {
	res, err := c.open(ctx, c.http, q)
	if err != nil {
		return reply{}, err
	}
	return drain(res)
}

func drain(res *http.Response) (reply, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	r := reply{status: res.StatusCode, header: res.Header, body: body}
	if err != nil && res.StatusCode/100 == 2 {
		return r, nil // accepted, although the rest got lost; whoever needs the body finds it unreadable
	}
	if err != nil {
		f := interpret(r) // the status alone tells what happened
		f.Err = err
		return r, f
	}
	return r, nil
}

// authorized repeats f once with another token if LINE refused the first: a 401 means that nothing happened.
func authorized[T any](ctx context.Context, c *ChannelClient, f func(token string) (T, error)) (T, error) {
	token, err := c.token(ctx, "")
	if err != nil {
		var none T
		return none, err
	}
	out, err := f(token)
	if !fault.Is(err, fault.Unauthorized) {
		return out, err
	}
	token, again := c.token(ctx, token)
	if again != nil {
		return out, again
	}
	return f(token)
}

// call makes a simple call through the SDK, with a client of its own: the SDK's WithContext changes the client it is called on.
func call[T any](ctx context.Context, c *ChannelClient, f func(*messaging_api.MessagingApiAPI) (*http.Response, T, error)) (T, error) {
	return authorized(ctx, c, func(token string) (out T, err error) {
		if err := ctx.Err(); err != nil {
			return out, notSent(err)
		}
		sdk, err := messaging_api.NewMessagingApiAPI(token,
			messaging_api.WithHTTPClient(c.client.http), messaging_api.WithEndpoint(c.client.api))
		if err != nil {
			return out, notSent(err)
		}
		res, out, err := f(sdk.WithContext(ctx))
		if err == nil {
			return out, nil
		}
		if res == nil {
			return out, noReply(err)
		}
		if res.StatusCode/100 == 2 {
			return out, interpret(reply{status: res.StatusCode, header: res.Header})
		}
		r, _ := drain(res)
		failed := interpret(r)
		return out, failed
	})
}

// limitedTransport keeps a reply from filling the memory: the SDK reads to the end whatever comes.
type limitedTransport struct{ next http.RoundTripper }

var errTooLarge = errors.New("reply larger than 1 MiB")

func (t limitedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = &limitedBody{res.Body, maxReply}
	return res, nil
}

type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
