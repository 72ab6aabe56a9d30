package linkage

import "encoding/json"

// chatWords are what the account says about linking. Whoever links must be told that they can end it (LINE docs: User account linking).
type chatWords struct {
	invite, open string
	ends         map[Outcome]string
}

var (
	chatEnglish = chatWords{
		invite: "Link your LINE with your customer record. This link is for you only and works for a day.",
		open:   "Link my LINE",
		ends: map[Outcome]string{
			Linked:        "Your LINE is linked. You can ask us to end the link, or block this account, at any time.",
			AlreadyLinked: "Your LINE was linked already. Everything is as it should be.",
			InConflict:    "Your LINE, or this customer record, is linked already. Nothing was changed; we will look at it.",
			Used:          "This link was ended before. Please ask for a new one. Nothing was linked now.",
			Noted:         "Thank you. If we know this address, your LINE is linked now. You can ask us to end the link, or block this account, at any time.",
			Over:          "This took too long. Please ask for a new link. Nothing was linked.",
		},
	}
	chatJapanese = chatWords{
		invite: "LINEとお客様情報を連携します。このリンクはご本人専用で、24時間有効です。",
		open:   "LINEを連携する",
		ends: map[Outcome]string{
			Linked:        "LINEを連携しました。連携の解除のご依頼や、このアカウントのブロックはいつでもできます。",
			AlreadyLinked: "LINEはすでに連携されています。",
			InConflict:    "あなたのLINE、またはこのお客様情報は、すでに連携されています。変更は行われていません。確認のうえ対応します。",
			Used:          "この連携は解除されています。新しいリンクをご依頼ください。連携は行われていません。",
			Noted:         "ありがとうございます。ご登録のあるアドレスであれば、LINEを連携しました。連携の解除のご依頼や、このアカウントのブロックはいつでもできます。",
			Over:          "時間が経過しました。新しいリンクをご依頼ください。連携は行われていません。",
		},
	}
)

func plain(text string) []byte { return encoded(map[string]string{"type": "text", "text": text}) }

// button is a message with one button (Messaging API reference: Buttons template; a text without title has at most 160 characters).
func button(text, label, address string) []byte {
	return encoded(map[string]any{"type": "template", "altText": text, "template": map[string]any{
		"type": "buttons", "text": text, "actions": []map[string]string{{"type": "uri", "label": label, "uri": address}},
	}})
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings only
	}
	return b
}

func messages(all ...[]byte) (out []json.RawMessage) {
	for _, m := range all {
		out = append(out, m)
	}
	return out
}
