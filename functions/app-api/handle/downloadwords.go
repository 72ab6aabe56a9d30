package handle

// timeColumns name the time zone of their values.
var timeColumns = map[string]bool{
	"at": true, "hubspotAt": true, "lumoAt": true, "firstAt": true, "lastAt": true, "startedAt": true, "endedAt": true, "friendSince": true, "lastMessage": true,
	"linkedAt": true,
}

// columnWords are the first row of an export.
var columnWords = map[string]map[string]string{
	"en": {
		"at": "Time", "slot": "Slot", "user": "LINE user ID", "contact": "HubSpot contact ID", "field": "Property", "to": "Changed in", "old": "Old value",
		"new": "New value", "winner": "Winner", "reason": "Reason", "rule": "Sync rule", "hubspotAt": "Edited in HubSpot", "lumoAt": "Edited in Lumo", "cause": "Cause",
		"kind": "What", "code": "Code", "message": "Message", "properties": "Properties", "reference": "Number to quote", "run": "Sync", "firstAt": "First failed",
		"lastAt": "Last failed", "startedAt": "Started", "endedAt": "Ended", "trigger": "Trigger", "actor": "Started by", "extent": "Extent", "dryRun": "Preview",
		"status": "Status", "contacts": "Contacts", "lists": "Lists", "failed": "Failed", "apiCalls": "HubSpot API calls", "name": "LINE display name",
		"follow": "Follow status", "friendSince": "Friend since", "lastMessage": "Last message", "needsReply": "Needs reply", "link": "Link", "method": "Link method",
		"linkedAt": "Linked", "tags": "Tags",
	},
	"ja": {
		"at": "日時", "slot": "スロット", "user": "LINEユーザーID", "contact": "HubSpotコンタクトID", "field": "プロパティー", "to": "変更先", "old": "変更前", "new": "変更後",
		"winner": "採用された側", "reason": "理由", "rule": "同期ルール", "hubspotAt": "HubSpotでの編集", "lumoAt": "Lumoでの編集", "cause": "きっかけ", "kind": "内容",
		"code": "コード", "message": "メッセージ", "properties": "プロパティー", "reference": "お問い合わせ番号", "run": "同期", "firstAt": "最初の失敗", "lastAt": "最後の失敗",
		"startedAt": "開始", "endedAt": "終了", "trigger": "きっかけ", "actor": "開始した人", "extent": "範囲", "dryRun": "プレビュー", "status": "状態",
		"contacts": "コンタクト", "lists": "リスト", "failed": "失敗", "apiCalls": "HubSpot API呼び出し回数", "name": "LINE表示名", "follow": "フォロー状態",
		"friendSince": "友だち追加日", "lastMessage": "最後のメッセージ", "needsReply": "要返信", "link": "連携", "method": "連携方法", "linkedAt": "連携日時", "tags": "タグ",
	},
}

// downloadWords are those of the page.
var downloadWords = map[string]map[string]string{
	"en": {
		"title": "Download from Lumo", "working": "Collecting rows…", "rows": "rows so far", "done": "Saved. You can close this page.", "again": "Save again",
		"expired": "This link has expired or is not valid. Go back to HubSpot and press “Export CSV” again.",
		"failed":  "The download stopped. Nothing was saved.", "changed": "The synced properties were changed meanwhile. Go back to HubSpot and press “Export CSV” again.",
		"retry": "Try again", "noscript": "This page needs JavaScript to put the file together.",
	},
	"ja": {
		"title": "Lumoからダウンロード", "working": "データを集めています…", "rows": "件まで完了", "done": "保存しました。このページは閉じてかまいません。", "again": "もう一度保存",
		"expired": "リンクの有効期限が切れているか、リンクが無効です。HubSpotに戻り、「CSVをエクスポート」をもう一度押してください。",
		"failed":  "ダウンロードが中断しました。保存されたものはありません。", "changed": "途中で連携データが変更されました。HubSpotに戻り、「CSVをエクスポート」をもう一度押してください。",
		"retry": "再試行", "noscript": "ファイルの作成にはJavaScriptが必要です。",
	},
}
