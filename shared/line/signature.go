package line

import "github.com/line/line-bot-sdk-go/v8/linebot/webhook"

// SignatureHeader carries the signature of a webhook; LINE may change its case.
const SignatureHeader = "X-Line-Signature"

// VerifySignature tells whether body, exactly as it came, was signed with the channel secret. An empty secret verifies nothing.
func VerifySignature(secret, signature string, body []byte) bool {
	return secret != "" && signature != "" && webhook.ValidateSignature(secret, signature, body)
}
