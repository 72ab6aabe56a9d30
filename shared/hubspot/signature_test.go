package hubspot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	secretY = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
	secretA = "12345678-aaaa-bbbb-cccc-ddddeeeeffff"
	secretF = "f6e94c08-85d0-4608-bcc6-e1850176e7b8"
)

func at(ms string) time.Time {
	n, _ := strconv.ParseInt(ms, 10, 64)
	return time.UnixMilli(n)
}

// The vectors of HubSpot's documentation and SDK, and further ones made by the documented rules.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	const hook = "https://www.example.com/webhook_uri"
	event := `[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]`
	v3 := func(sig, ts string) SignatureHeaders { return SignatureHeaders{V3: sig, Timestamp: ts} }
	old := func(sig, version string) SignatureHeaders { return SignatureHeaders{Signature: sig, Version: version} }
	for _, c := range []struct {
		name, secret, method, uri, body, form string
		h                                     SignatureHeaders
	}{
		{"v1", secretY, "POST", hook, event, "v1", old("232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de", "v1")},
		{"v2 get", secretY, "GET", hook, "", "v2", old("eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e", "v2")},
		{"v2 post", secretY, "POST", hook, `{"example_field":"example_value"}`, "v2", old("9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900", "v2")},
		{"v2 with a query", secretA, "GET", "https://hubspot.com/?appId=1&portalId=2&userId=3", "", "v2", old("99080134002180aee8d0884d21ad51288c43b57e9953e4db1e3757999b35c392", "v2")},
		{"v2 raw body", secretF, "POST", "https://www.hubspot.com/webhook", "REQUEST_BODY", "v2", old("57bb01a6e6ac92919b5e715d68f40265328701bbf1cf3fd73772887069945766", "v2")},
		{"v3", secretY, "POST", hook, `{'example_field':'example_value'}`, "v3", v3("K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=", "1693657560000")},
		{"v3 later", secretY, "POST", hook, `{'example_field':'example_value'}`, "v3", v3("RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=", "1700000300000")},
		{"v3 webhook", secretY, "POST", "https://example.com/hubspot/webhook", `[{"eventId":1}]`, "v3", v3("vVsfiRhZRzwnsWfb+RnkOoJvBL605ZEiD7o0K0UK/vY=", "1767225600000")},
		{"v3 decoded query", secretY, "POST", "https://example.com/hubspot/webhook?foo=a%2Fb%20c&x=1%3A2", `[{"eventId":1}]`, "v3", v3("Dg+AL3l+hJzPcWVbuNzKodN0abdxM/QXpPtbv3QHiyU=", "1767225600000")},
		{"v3 get", secretA, "GET", "https://hubspot.com/?appId=1&portalId=2&userId=3", "", "v3", v3("zTfXjo07jfzGouo4wvyAj3qEMUTVJ0PPYPACrluQtQI=", "1111111111")},
		{"v3 get with a body", secretA, "GET", "https://hubspot.com/?appId=1&portalId=2&userId=3", `{"a":1,"b":2}`, "v3", v3("aaknaCGCYJ4yqzuf1UKGqAWUfdcilJtm5nc/ZCudR9k=", "1111111111")},
		{"v3 raw body", secretF, "POST", "https://www.hubspot.com/webhook", "REQUEST_BODY", "v3", v3("jf872r5vscVcxCiDRHA4rGrqe/8BPLNVkdJSHdMnGTU=", "1632188626483")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now := at(c.h.Timestamp)
			form, err := MatchSignature([]string{c.secret}, c.method, c.uri, []byte(c.body), c.h, now)
			if err != nil || form != c.form {
				t.Fatalf("got %q, %v", form, err)
			}
			if err := VerifySignature([]string{"another", c.secret}, c.method, c.uri, []byte(c.body), c.h, now); err != nil {
				t.Errorf("with two secrets: %v", err)
			}
			for name, err := range map[string]error{
				"another secret": VerifySignature([]string{"another", ""}, c.method, c.uri, []byte(c.body), c.h, now),
				"no secret":      VerifySignature(nil, c.method, c.uri, []byte(c.body), c.h, now),
				"another body":   VerifySignature([]string{c.secret}, c.method, c.uri, []byte(c.body+" "), c.h, now),
			} {
				if !errors.Is(err, ErrBadSignature) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if c.form == "v3" {
				for _, by := range []time.Duration{maxSkew + time.Millisecond, -maxSkew - time.Millisecond} {
					if err := VerifySignature([]string{c.secret}, c.method, c.uri, []byte(c.body), c.h, now.Add(by)); !errors.Is(err, ErrStale) {
						t.Errorf("%v later: %v", by, err)
					}
				}
			}
		})
	}
}

func sign(secret, method, uri, body string, now time.Time) SignatureHeaders {
	ts := strconv.FormatInt(now.UnixMilli(), 10)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(method + uri + body + ts))
	return SignatureHeaders{V3: base64.StdEncoding.EncodeToString(m.Sum(nil)), Timestamp: ts}
}

func TestV3IsNeverReplacedByAnOlderSignature(t *testing.T) {
	t.Parallel()
	h := SignatureHeaders{Signature: "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e", Version: "v2"}
	if err := VerifySignature([]string{secretY}, "GET", "https://www.example.com/webhook_uri", nil, h, noon); err != nil {
		t.Fatal(err)
	}
	h.V3, h.Timestamp = "AAAA", strconv.FormatInt(noon.UnixMilli(), 10)
	if err := VerifySignature([]string{secretY}, "GET", "https://www.example.com/webhook_uri", nil, h, noon); !errors.Is(err, ErrBadSignature) {
		t.Errorf("a wrong v3 beside a right v2: %v", err)
	}
}

func TestUnusableSignatures(t *testing.T) {
	t.Parallel()
	good := sign("s", "GET", "https://x.example/a", "", noon)
	for name, c := range map[string]struct {
		h    SignatureHeaders
		want error
	}{
		"none":                {SignatureHeaders{}, ErrUnsigned},
		"no time":             {SignatureHeaders{V3: good.V3}, ErrStale},
		"time with a sign":    {SignatureHeaders{V3: good.V3, Timestamp: "+" + good.Timestamp}, ErrStale},
		"time is no number":   {SignatureHeaders{V3: good.V3, Timestamp: "now"}, ErrStale},
		"endless time":        {SignatureHeaders{V3: good.V3, Timestamp: "99999999999999999999"}, ErrStale},
		"not base64":          {SignatureHeaders{V3: "%%%", Timestamp: good.Timestamp}, ErrBadSignature},
		"short":               {SignatureHeaders{V3: good.V3[:8], Timestamp: good.Timestamp}, ErrBadSignature},
		"not hex":             {SignatureHeaders{Signature: "zz", Version: "v2"}, ErrBadSignature},
		"unknown version":     {SignatureHeaders{Signature: "aa", Version: "v9"}, ErrBadSignature},
		"empty secret signed": {sign("", "GET", "https://x.example/a", "", noon), ErrBadSignature},
	} {
		if err := VerifySignature([]string{"s", ""}, "GET", "https://x.example/a", nil, c.h, noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnyChangeBreaksTheSignature(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		uri := "https://x.example/p?" + rapid.StringMatching(`[a-z]=[a-z0-9%]{0,8}`).Draw(t, "query")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		h := sign("s", "POST", uri, string(body), noon)
		if err := VerifySignature([]string{"s"}, "POST", uri, body, h, noon); err != nil {
			t.Fatal(err)
		}
		other := append([]byte{}, body...)
		if len(other) == 0 || rapid.Bool().Draw(t, "append") {
			other = append(other, 'x')
		} else {
			other[rapid.IntRange(0, len(other)-1).Draw(t, "at")] ^= 1
		}
		for name, err := range map[string]error{
			"body":   VerifySignature([]string{"s"}, "POST", uri, other, h, noon),
			"method": VerifySignature([]string{"s"}, "PUT", uri, body, h, noon),
			"uri":    VerifySignature([]string{"s"}, "POST", uri+"&a=1", body, h, noon),
			"time":   VerifySignature([]string{"s"}, "POST", uri, body, SignatureHeaders{V3: h.V3, Timestamp: h.Timestamp[:12] + "9"}, noon),
		} {
			if err == nil {
				t.Fatalf("a changed %s passed", name)
			}
		}
	})
}

func TestUIRequestSaysWhoCalls(t *testing.T) {
	t.Parallel()
	const base = "https://api.example/ui/v1/friends?contactId=12&"
	const who = "userId=55&portalId=7&userEmail=ann%40acme.example&appId=99"
	verify := func(uri string, app int64) (Caller, error) {
		return VerifyUIRequest([]string{"s"}, app, "GET", uri, nil, sign("s", "GET", signedEscapes.Replace(uri), "", noon), noon)
	}
	c, err := verify(base+who, 99)
	if err != nil || c != (Caller{Portal: 7, UserID: 55, UserEmail: "ann@acme.example", AppID: 99}) {
		t.Fatalf("%+v, %v", c, err)
	}
	for name, uri := range map[string]string{
		"second portalId":         base + "portalId=8&" + who,
		"second portalId escaped": base + "portal%49d=8&" + who,
		"second portalid":         base + "portalid=8&" + who,
		"second appId":            base + who + "&appId=99",
		"second userId":           base + who + "&userId=1",
		"second userEmail":        base + who + "&userEmail=x",
		"no portalId":             base + "userId=55&userEmail=a&appId=99",
		"portal with a plus":      base + "userId=55&portalId=%2B7&userEmail=a&appId=99",
		"negative user":           base + "userId=-5&portalId=7&userEmail=a&appId=99",
		"another app":             base + "userId=55&portalId=7&userEmail=a&appId=98",
		"unreadable query":        base + who + "&a=%zz",
		"semicolons":              base + "a=1;portalId=8&" + who,
		"no query":                "https://api.example/ui/v1/friends",
	} {
		if _, err := verify(uri, 99); !errors.Is(err, ErrBadCaller) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := verify(base+"userId=5&portalId=7&appId=0", 0); !errors.Is(err, ErrBadCaller) {
		t.Errorf("an app id that is not configured must match nothing: %v", err)
	}
	h := SignatureHeaders{Signature: "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e", Version: "v2"}
	if _, err := VerifyUIRequest([]string{secretY}, 99, "GET", "https://www.example.com/webhook_uri", nil, h, noon); !errors.Is(err, ErrUnsigned) {
		t.Errorf("an old signature must not do for a page: %v", err)
	}
}
