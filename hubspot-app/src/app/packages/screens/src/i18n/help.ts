import { words } from './words.ts';

/** The rows of the help page: a symptom, and under `.check` what to look at. */
export const help = words({
  en: {
    title: 'Help',
    intro: 'What you see, and what to check.',
    more: 'Learn more',
    slow: 'Sync is slow',
    'slow.check':
      'Many contacts make the first sync long: it may take a few minutes. Wait and look at the progress on the Dashboard. You can close this page meanwhile.',
    notSynced: 'Contacts are not synced',
    'notSynced.check':
      'Are there contacts in this HubSpot account? Only contacts that are linked to a LINE friend get values: look whether the contact has a LINE User ID, and whether Friends shows the friend as linked. A paused or failing property on “Sync Data” is not synced either.',
    errorsContinue: 'Errors continue',
    'errorsContinue.check':
      'Read the message in the history and do what it says. Then press “Resync Data”, or “Retry” for single items. If errors stay, copy the diagnostics and contact support.',
    inboxEmpty: 'Inbox conversations do not appear',
    'inboxEmpty.check':
      'Look at Settings: is the LINE account connected, is its webhook active, and is it the right LINE Official Account? Messages from before the connection do not appear.',
    fewFriends: 'Few friends are shown right after connecting',
    'fewFriends.check': 'The sync is still running. Wait and open the page again.',
    importMissing: 'Existing friends cannot be imported',
    'importMissing.check':
      'LINE gives the list of friends only to verified and premium accounts. Others become known when they write or follow.',
    idNotValid: '“LINE User ID” is set, but not valid',
    'idNotValid.check':
      'The ID is from another provider or another LINE Official Account, or mistyped. It must be a U followed by 32 digits and letters a to f.',
    wrongPerson: 'A friend is linked to the wrong person',
    'wrongPerson.check':
      'Remove the LINE User ID from the wrong contact in HubSpot and write it into the right one. Until then nothing is overwritten.',
    valuesFlip: 'Values flip back in HubSpot',
    'valuesFlip.check':
      'The property’s sync rule is “Lumo always”. Change the rule on “Sync Data”, or edit the value in Lumo.',
    sameTwice: 'The same message arrives twice',
    'sameTwice.check':
      'Another tool sends too. Look at the tools that use the same LINE Official Account, and at forwarding on Settings.',
    notReceived: 'A message or broadcast is not received',
    'notReceived.check':
      'The friend blocked the account, is not in the audience, the broadcast is still a draft, or the LINE account lost its connection: connect it again on Settings.',
    sentLower: 'Fewer messages are sent than estimated',
    'sentLower.check': 'Friends who blocked the account are left out when a broadcast is sent.',
    quotaUsedUp: 'The LINE quota is used up',
    'quotaUsedUp.check':
      'The plan at LINE allows a number of messages each month. Settings shows how many are left. What was not sent says so, and can be sent again when the plan allows it.',
    workflowFailed: 'A workflow’s LINE action failed or skipped a contact',
    'workflowFailed.check':
      'The workflow’s history says in words why; workflows can branch on the outputs Status and Reason. TEMPLATE_DELETED and TAG_DELETED: choose another one in the action. ACCOUNT_DISCONNECTED: connect the LINE account on Settings. NOT_LINKED: the contact has no LINE friend yet. NO_CONSENT: marketing needs the contact’s LINE consent to be Granted. LINE_QUOTA_USED_UP: sent within three days if there are messages again. NOT_SENT_IN_TIME: enroll the contact again. OUTCOME_UNKNOWN: LINE did not say whether it took the message, so it is not sent again. INTEGRATION_OFF and PERMISSION_NEEDED: reconnect HubSpot on Settings.',
    permission: 'A permission is missing',
    'permission.check':
      'A HubSpot super admin must reconnect HubSpot and accept all permissions. Within Lumo, HubSpot’s own user permissions decide.',
    addCard: 'The LINE card is not on the contact',
    'addCard.check':
      'A super admin adds it: open a contact, choose Customize, add a card, filter by app, choose Lumo, and save.',
    copyDiagnostics: 'Copy diagnostics',
    copied: 'Diagnostics copied. They hold no personal data.',
  },
  ja: {
    title: 'ヘルプ',
    intro: '症状と確認すること',
    more: '詳しく見る',
    slow: '同期が遅い',
    'slow.check':
      'コンタクトが多いと初回の同期に数分かかることがあります。ダッシュボードで進み具合を確認しながらお待ちください。この画面は閉じてもかまいません。',
    notSynced: 'コンタクトが同期されない',
    'notSynced.check':
      'このHubSpotアカウントにコンタクトはありますか。値が反映されるのは、LINE友だちと連携済みのコンタクトだけです。コンタクトのLINE User IDと、「友だち」での連携状態を確認してください。「連携データ」で一時停止中またはエラーのプロパティーも同期されません。',
    errorsContinue: 'エラーが続く',
    'errorsContinue.check':
      '履歴のメッセージを確認し、その内容に従ってください。その後「データを再同期」または個別の「再試行」を押してください。解消しない場合は、診断情報をコピーしてサポートにお問い合わせください。',
    inboxEmpty: '受信トレイに会話が表示されない',
    'inboxEmpty.check':
      '設定画面で、LINEアカウントが接続されているか、Webhookが有効か、正しいLINE公式アカウントかを確認してください。接続前のメッセージは表示されません。',
    fewFriends: '接続直後に友だちが少ししか表示されない',
    'fewFriends.check': '同期がまだ実行中です。しばらく待ってから開き直してください。',
    importMissing: '既存の友だちをインポートできない',
    'importMissing.check':
      '友だち一覧を取得できるのは、認証済アカウントとプレミアムアカウントのみです。それ以外の友だちは、メッセージの送信や友だち追加の際に登録されます。',
    idNotValid: '「LINE User ID」があるのに無効になる',
    'idNotValid.check':
      '別のプロバイダーまたは別のLINE公式アカウントのIDか、入力の誤りです。Uに続く32文字（0〜9、a〜f）である必要があります。',
    wrongPerson: '友だちが別の人と連携されている',
    'wrongPerson.check':
      'HubSpotで、誤ったコンタクトのLINE User IDを削除し、正しいコンタクトに入力してください。それまで上書きは行われません。',
    valuesFlip: 'HubSpotの値が元に戻る',
    'valuesFlip.check':
      '同期ルールが「常にLumo」になっています。「連携データ」でルールを変更するか、Lumoで値を編集してください。',
    sameTwice: '同じメッセージが2回届く',
    'sameTwice.check':
      '別のツールも送信しています。同じLINE公式アカウントを使うツールと、設定画面の転送先を確認してください。',
    notReceived: 'メッセージや配信が届かない',
    'notReceived.check':
      '友だちがアカウントをブロックしている、配信対象に含まれていない、配信が下書きのまま、またはLINEアカウントの接続が切れています。接続が切れた場合は、設定画面で再接続してください。',
    sentLower: '送信数が予定より少ない',
    'sentLower.check': '送信時に、アカウントをブロックした友だちは除外されます。',
    quotaUsedUp: 'LINEのメッセージ数を使い切った',
    'quotaUsedUp.check':
      'LINEのプランには月間のメッセージ数の上限があります。残り通数は設定画面で確認できます。送信されなかったメッセージにはその旨が表示され、上限に余裕ができてから再送できます。',
    workflowFailed: 'ワークフローのLINEアクションが失敗またはスキップされた',
    'workflowFailed.check':
      'ワークフローの履歴に理由が表示されます。出力「ステータス」と「理由」で分岐することもできます。TEMPLATE_DELETED、TAG_DELETED: アクションで別のものを選んでください。ACCOUNT_DISCONNECTED: 「設定」でLINEアカウントを接続してください。NOT_LINKED: コンタクトがLINEの友だちと連携していません。NO_CONSENT: マーケティングにはコンタクトのLINE consentが「Granted」である必要があります。LINE_QUOTA_USED_UP: 3日以内に送信可能になれば送信します。NOT_SENT_IN_TIME: コンタクトをもう一度登録してください。OUTCOME_UNKNOWN: LINEが受信したか確認できないため、再送しません。INTEGRATION_OFF、PERMISSION_NEEDED: 「設定」でHubSpotを再接続してください。',
    permission: '権限が不足している',
    'permission.check':
      'HubSpotのスーパー管理者が再接続し、すべての権限を許可してください。Lumo内の操作は、HubSpotのユーザー権限に従います。',
    addCard: 'コンタクトにLINEカードがない',
    'addCard.check':
      'スーパー管理者が追加します。コンタクトを開き、「カスタマイズ」からカードを追加し、アプリで絞り込んでLumoを選び、保存してください。',
    copyDiagnostics: '診断情報をコピー',
    copied: '診断情報をコピーしました。個人情報は含まれません。',
  },
});
