package lineaccount

import "lumo/shared/check"

// Codes of the connection's checks. A code names what is looked at; the line's outcome says how it is.
const (
	Typed           check.Code = "LINE_INPUT"
	Token           check.Code = "LINE_TOKEN"
	Taken           check.Code = "LINE_ACCOUNT_TAKEN"
	NoSlot          check.Code = "LINE_SLOTS_USED_UP"
	WebhookSet      check.Code = "LINE_WEBHOOK_SET"
	WebhookActive   check.Code = "LINE_WEBHOOK_ACTIVE"
	WebhookTested   check.Code = "LINE_WEBHOOK_TEST"
	VerifiedAccount check.Code = "LINE_VERIFIED"
	AutoReply       check.Code = "LINE_AUTO_REPLY"
)

// CheckWords explain the lines.
var CheckWords = map[check.Code]check.Words{
	Typed: {
		Title: check.Text{En: "Channel ID and channel secret look right", Ja: "チャネルIDとチャネルシークレットの形式が正しい"},
		Hint: check.Text{
			En: "The channel ID is a number and the channel secret is 32 letters and digits. Copy both from the Messaging API channel's “Basic settings” in the LINE Developers Console.",
			Ja: "チャネルIDは数字、チャネルシークレットは32文字の英数字です。LINE DevelopersコンソールのMessaging APIチャネル「チャネル基本設定」からコピーしてください。"},
	},
	Token: {
		Title: check.Text{En: "LINE accepts the channel ID and channel secret", Ja: "LINEがチャネルIDとチャネルシークレットを受け付けた"},
		Hint: check.Text{
			En: "LINE refused them. Check that both belong to the same Messaging API channel (not a LINE Login channel) and that the secret was not reissued.",
			Ja: "LINEに拒否されました。両方が同じMessaging APIチャネルのものか（LINEログインチャネルではないか）、シークレットが再発行されていないか確認してください。"},
	},
	Taken: {
		Title: check.Text{En: "The LINE Official Account belongs to this HubSpot account", Ja: "このLINE公式アカウントは、このHubSpotアカウントのもの"},
		Hint: check.Text{
			En: "This LINE Official Account is connected to another HubSpot account. Disconnect it there first.",
			Ja: "このLINE公式アカウントは別のHubSpotアカウントに接続されています。先にそちらで接続を解除してください。"},
	},
	NoSlot: {
		Title: check.Text{En: "There is room for another LINE Official Account", Ja: "LINE公式アカウントを追加できる"},
		Hint: check.Text{
			En: "A HubSpot account can hold 10 LINE Official Accounts in its lifetime; all are used. Contact support.",
			Ja: "1つのHubSpotアカウントに接続できるLINE公式アカウントは通算10件までです。サポートにお問い合わせください。"},
	},
	WebhookSet: {
		Title: check.Text{En: "LINE sends its events to us", Ja: "LINEのWebhook URLが設定されている"},
		Hint: check.Text{
			En: "Press “Check again”. If it stays so, enter the webhook URL shown here in the LINE Developers Console under “Messaging API”.",
			Ja: "「再チェック」を押してください。改善しない場合は、表示されているWebhook URLをLINE Developersコンソールの「Messaging API設定」に入力してください。"},
	},
	WebhookActive: {
		Title: check.Text{En: "“Use webhook” is on", Ja: "「Webhookの利用」がオン"},
		Hint: check.Text{
			En: "Switch on “Use webhook” in the LINE Developers Console under “Messaging API”; “Webhook redelivery” should be on too. Then press “Check again”.",
			Ja: "LINE Developersコンソールの「Messaging API設定」で「Webhookの利用」をオンにしてください（「Webhookの再送」もオンを推奨）。その後「再チェック」を押してください。"},
	},
	WebhookTested: {
		Title: check.Text{En: "A test event arrived", Ja: "テストイベントが届いた"},
		Hint: check.Text{
			En: "LINE could not reach us just now. A new webhook URL can take a minute: wait and press “Check again”.",
			Ja: "LINEから届きませんでした。新しいWebhook URLの反映には1分ほどかかります。しばらく待って「再チェック」を押してください。"},
	},
	VerifiedAccount: {
		Title: check.Text{En: "Existing friends can be imported", Ja: "既存の友だちをインポートできる"},
		Hint: check.Text{
			En: "LINE gives the list of friends only for verified and premium accounts. Without it, friends appear here when they write or follow.",
			Ja: "友だち一覧を取得できるのは認証済アカウントとプレミアムアカウントのみです。それ以外では、友だち追加やメッセージの受信時に表示されます。"},
	},
	AutoReply: {
		Title: check.Text{En: "Greeting and auto-reply messages", Ja: "あいさつメッセージと応答メッセージ"},
		Hint: check.Text{
			En: "LINE's own greeting and auto-reply messages answer beside us. Switch them off in LINE Official Account Manager under “Response settings” if people should get one answer only.",
			Ja: "LINE側のあいさつメッセージ・応答メッセージも送信されます。二重の返信を避けたい場合は、LINE Official Account Managerの「応答設定」でオフにしてください。"},
	},
}
