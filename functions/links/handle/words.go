package handle

import "lumo/shared/linkage"

// said is what a page tells.
type said struct{ Title, Text string }

// Words are all sentences of the linking pages.
type Words struct {
	OtherLanguage, TheAccount, Yes, No, Consent, AddFriend, Added, Request string
	Suggested, ConsentChat, OpenChat                                       string
	Email, SendCode, Code, Check, NoCode, Choose, Optional, Wrong, Details string

	Outcomes map[linkage.Outcome]said
}

// noHint is the question where the contact has no address to show.
const noHint linkage.Outcome = "confirm_no_hint"

// noCode is the form where a typed address is believed.
const noCode linkage.Outcome = "ask_email_no_code"

// noAddress is the page of a code that was sent to the contact whom the link named.
const noAddress linkage.Outcome = "ask_code_no_hint"

func dictionary(lang string) Words {
	if lang == "ja" {
		return japanese
	}
	return english
}

var english = Words{
	OtherLanguage: "日本語", TheAccount: "LINE", Yes: "Yes, link my LINE", No: "No, this is not me", AddFriend: "Add as a friend in LINE", Added: "I have added it, go on",
	Request: "Number of this request", Email: "Your e-mail address", SendCode: "Send me a code", Code: "Code", Check: "Link my LINE", NoCode: "No code?", Choose: "Please choose", Optional: "optional", Wrong: "Please check this.", Details: "What you enter here goes into your customer record.",
	Suggested: "Did you open a link in an e-mail? Leave this empty, and the code is sent to that address.", OpenChat: "Open the chat in LINE", ConsentChat: "You prove with your e-mail address which customer you are. LINE then confirms your user ID to the company behind this account, which keeps it with your customer record and may write to you on LINE. You can block the account or ask the company to end the link at any time.",
	Consent: "You log in with LINE next. LINE then tells your user ID, name and picture to the company behind this account, which keeps them with your customer record and may write to you on LINE. You can block the account or ask the company to end the link at any time.",
	Outcomes: map[linkage.Outcome]said{
		linkage.Confirm:       {"Link your LINE to {hint}?", "{account} would like to know you on LINE. Only go on if this address is yours."},
		noHint:                {"Link your LINE to {account}?", "{account} would like to know which of its customers you are."},
		linkage.Invalid:       {"This link does not work", "Perhaps it was cut off. Open it again from the message, or ask for a new one. Nothing was linked."},
		linkage.Expired:       {"This link is too old", "Ask for a new one. Nothing was linked."},
		linkage.Used:          {"This link was used already", "It works for one LINE only. If that was not you, ask for a link of your own. Nothing was linked now."},
		linkage.Declined:      {"Thank you, nothing was linked", "The message was meant for somebody else. You can close this page."},
		linkage.Denied:        {"You canceled at LINE", "Nothing was linked. Open the link again when you want to go on."},
		linkage.Elsewhere:     {"Please open the link again", "LINE came back to another browser than the one in which you began. Open the link from the message once more, and stay in that browser. Nothing was linked."},
		linkage.Over:          {"This took too long", "Open the link from the message again. Nothing was linked by this page."},
		linkage.NotProven:     {"LINE did not confirm who you are", "Nothing was linked. Open the link again; if it keeps failing, tell the company this number."},
		linkage.AddFriend:     {"One more step: add {account} as a friend", "Without that the account cannot write to you, so nothing is linked yet."},
		linkage.OtherProvider: {"This account is not set up correctly", "You did everything right, and nothing was linked. The company's LINE Login channel belongs to another provider than {account}. Please tell the company this number."},
		linkage.InConflict:    {"We have to look at this first", "Your LINE, or this customer record, is linked already. Nothing was changed. {account} sees your request and decides."},
		linkage.Linked:        {"Your LINE is linked", "{account} knows you now. You can close this page."},
		linkage.AlreadyLinked: {"Your LINE was linked already", "Everything is as it should be. You can close this page."},
		linkage.InChat:        {"Write “{word}” to {account} in LINE", "The answer is a link of your own, with which you link your LINE. Add the account as a friend first if you have not yet. Nothing was linked by this page."},
		linkage.AtLine:        {"One more step: LINE", "LINE has to confirm that it is you, on the page that opened. Load this page again to see how it ended. If LINE says that the link is too old, write to {account} for a new one."},
		linkage.Unavailable:   {"This is switched off at the moment", "The company has not finished setting this up, or has ended it. Nothing was linked."},
		linkage.AskEmail:      {"Which e-mail address does {account} know you by?", "A code is sent to it, so that nobody else can use it."},
		noCode:                {"Which e-mail address does {account} know you by?", "Your LINE is linked with the customer record of this address. Only enter your own."},
		linkage.Noted:         {"Thank you", "If {account} knows this address, your LINE is linked now. You can close this page."},
		linkage.BadEmail:      {"This is no e-mail address", "Check it and try again."},
		linkage.AskCode:       {"A code is on its way to {hint}", "It comes within a minute, if {account} knows this address, and works for ten minutes. Look among unwanted mail, too."},
		noAddress:             {"A code is on its way to you", "It comes within a minute to the e-mail address that {account} knows you by, and works for ten minutes. Look among unwanted mail, too."},
		linkage.BadAnswers:    {"Please check what you entered", "A field below is empty or cannot be right."},
		linkage.AskDetails:    {"One more step", "{account} would like to know this, too. Then your LINE is linked."},
		linkage.WrongCode:     {"This code is wrong", "Look at the newest mail and try again."},
		linkage.NoMoreCodes:   {"Too many tries", "Nothing was linked. Open the link again later."},
		linkage.TooMany:       {"Too many tries", "Wait ten minutes, then open the link from the message again."},
		forbidden:             {"Please open the link again", "This page was open for too long, or your browser keeps no cookies. Nothing was linked."},
		trouble:               {"Something went wrong", "Load this page again in a minute. If it keeps failing, tell the company this number."},
	},
}

var japanese = Words{
	OtherLanguage: "English", TheAccount: "LINE", Yes: "はい、LINEを連携します", No: "いいえ、私ではありません", AddFriend: "LINEで友だち追加する", Added: "追加しました。続ける",
	Request: "お問い合わせ番号", Email: "メールアドレス", SendCode: "確認コードを送信", Code: "確認コード", Check: "LINEを連携する", NoCode: "コードが届かない場合", Choose: "選択してください", Optional: "任意", Wrong: "入力内容をご確認ください。", Details: "入力内容はお客様情報に保存されます。",
	Suggested: "メールのリンクから開いた場合は、空欄のままで構いません。そのアドレスに確認コードをお送りします。", OpenChat: "LINEのトークを開く", ConsentChat: "次にメールアドレスでご本人確認を行い、最後にLINEがあなたのユーザーIDをこのアカウントの運営会社に確認します。ユーザーIDはお客様情報とともに保存され、LINEでメッセージが届くことがあります。アカウントのブロックや、運営会社への連携解除の依頼はいつでもできます。",
	Consent: "次にLINEログインを行います。LINEから、このアカウントの運営会社にあなたのユーザーID・表示名・プロフィール画像が伝えられ、お客様情報とともに保存されます。LINEでメッセージが届くことがあります。アカウントのブロックや、運営会社への連携解除の依頼はいつでもできます。",
	Outcomes: map[linkage.Outcome]said{
		linkage.Confirm:       {"LINEを {hint} と連携しますか？", "{account} があなたをLINEで確認できるようになります。ご自身のメールアドレスの場合のみお進みください。"},
		noHint:                {"LINEを {account} と連携しますか？", "{account} があなたをお客様として確認できるようになります。"},
		linkage.Invalid:       {"このリンクは使えません", "リンクが途中で切れている可能性があります。メッセージからもう一度開くか、新しいリンクをご依頼ください。連携は行われていません。"},
		linkage.Expired:       {"リンクの有効期限が切れています", "新しいリンクをご依頼ください。連携は行われていません。"},
		linkage.Used:          {"このリンクは使用済みです", "1つのLINEアカウントでのみ使えます。心当たりがない場合は、ご自身用のリンクをご依頼ください。今回、連携は行われていません。"},
		linkage.Declined:      {"ありがとうございます。連携は行われていません", "別の方宛てのメッセージでした。このページを閉じてください。"},
		linkage.Denied:        {"LINEでキャンセルされました", "連携は行われていません。続ける場合は、リンクをもう一度開いてください。"},
		linkage.Elsewhere:     {"リンクをもう一度開いてください", "最初とは別のブラウザに戻りました。メッセージのリンクをもう一度開き、同じブラウザで続けてください。連携は行われていません。"},
		linkage.Over:          {"時間が経過しました", "メッセージのリンクをもう一度開いてください。このページでは連携は行われていません。"},
		linkage.NotProven:     {"LINEで本人確認ができませんでした", "連携は行われていません。リンクをもう一度開いてください。繰り返す場合は、この番号を運営会社にお知らせください。"},
		linkage.AddFriend:     {"あと少しです。{account} を友だち追加してください", "友だち追加がないとメッセージを受け取れないため、まだ連携されていません。"},
		linkage.OtherProvider: {"アカウントの設定に問題があります", "お客様の操作に問題はありません。連携は行われていません。運営会社のLINEログインチャネルが {account} とは別のプロバイダーに属しています。この番号を運営会社にお知らせください。"},
		linkage.InConflict:    {"確認が必要です", "あなたのLINE、またはこのお客様情報は、すでに連携されています。変更は行われていません。{account} が確認のうえ対応します。"},
		linkage.Linked:        {"LINEを連携しました", "{account} と連携しました。このページを閉じてください。"},
		linkage.AlreadyLinked: {"すでに連携されています", "問題はありません。このページを閉じてください。"},
		linkage.InChat:        {"LINEで {account} に「{word}」と送信してください", "返信に届くご本人専用のリンクから連携できます。友だち追加がまだの場合は、先に追加してください。このページでは連携は行われていません。"},
		linkage.AtLine:        {"あと少しです。LINEでご確認ください", "開いたLINEの画面でご本人の確認が行われます。このページを再読み込みすると結果が表示されます。リンクの有効期限が切れている場合は、{account} に新しいリンクをご依頼ください。"},
		linkage.Unavailable:   {"現在ご利用いただけません", "運営会社の設定が完了していないか、終了しています。連携は行われていません。"},
		linkage.AskEmail:      {"{account} に登録しているメールアドレスを入力してください", "ご本人確認のため、確認コードをお送りします。"},
		noCode:                {"{account} に登録しているメールアドレスを入力してください", "このアドレスのお客様情報とLINEを連携します。必ずご自身のアドレスを入力してください。"},
		linkage.Noted:         {"ありがとうございます", "{account} に登録されているアドレスであれば、LINEを連携しました。このページを閉じてください。"},
		linkage.BadEmail:      {"メールアドレスの形式が正しくありません", "ご確認のうえ、もう一度入力してください。"},
		linkage.AskCode:       {"{hint} に確認コードを送信しました", "{account} に登録されているアドレスであれば、1分以内に届きます。有効期限は10分です。迷惑メールもご確認ください。"},
		noAddress:             {"確認コードを送信しました", "{account} に登録されているメールアドレスに、1分以内に届きます。有効期限は10分です。迷惑メールもご確認ください。"},
		linkage.BadAnswers:    {"入力内容をご確認ください", "未入力、または形式が正しくない項目があります。"},
		linkage.AskDetails:    {"あと少しです", "次の項目を入力すると、{account} とのLINE連携が完了します。"},
		linkage.WrongCode:     {"確認コードが正しくありません", "最新のメールを確認して、もう一度入力してください。"},
		linkage.NoMoreCodes:   {"試行回数が上限に達しました", "連携は行われていません。しばらくしてから、リンクをもう一度開いてください。"},
		linkage.TooMany:       {"試行回数が多すぎます", "10分ほど待ってから、メッセージのリンクをもう一度開いてください。"},
		forbidden:             {"リンクをもう一度開いてください", "ページを開いてから時間が経過したか、ブラウザでCookieが無効になっています。連携は行われていません。"},
		trouble:               {"問題が発生しました", "しばらくしてからページを再読み込みしてください。繰り返す場合は、この番号を運営会社にお知らせください。"},
	},
}
