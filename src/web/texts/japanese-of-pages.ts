import type { Dictionary } from './translation.ts'

/** What the pages themselves say, and the web door's own refusals. */
export const japaneseOfPages: Dictionary = {
  // Refusals of the door
  '{1} is not possible here': 'ここでは {1} は使えません',
  'Use {1}.': '{1} を使ってください。',
  'postern does not answer to this name and port': 'postern はこの名前とポートには応答しません',
  'Use {1}, or set POSTERN_PUBLIC_URL to the address that browsers use.':
    '{1} を使うか、ブラウザーが使うアドレスを POSTERN_PUBLIC_URL に設定してください。',
  'The request body is larger than 64 KiB': 'リクエスト本文が 64 KiB を超えています',
  'The encoding of the request body is not understood': 'リクエスト本文の文字コードを解釈できません',
  'Send it as UTF-8.': 'UTF-8 で送ってください。',
  'The request cannot be read': 'リクエストを読み取れません',
  'Check that its address is well encoded and its body complete.':
    'アドレスが正しくエンコードされ、本文が途中で切れていないか確認してください。',
  'This form was sent by a page of another site': 'このフォームは別のサイトのページから送られました',
  'Open the page at its own address and send the form from there.':
    'ページを本来のアドレスで開き、そこからフォームを送ってください。',
  'This page is for somebody who is signed in': 'このページを見るにはサインインが必要です',
  'Sign in with the password of the pages, or open the sign-in link that postern printed when it started; it works once. {1}':
    'このページのパスワードでサインインするか、postern が起動時に表示したサインインリンクを開いてください(使えるのは 1 回だけです)。{1}',
  'This form is not from a page of your session':
    'このフォームは、このセッションのページのものではありません',
  'Go back, load the page again, and send the form once more.':
    '前のページに戻って再読み込みし、もう一度送ってください。',
  'A viewer sees the pages and changes nothing': '閲覧者はページを見るだけで、変更はできません',
  'Ask an administrator to do it.': '管理者に依頼してください。',
  'There is no page at this address': 'このアドレスにページはありません',
  'For a new link, run "postern sign-in" on the machine where postern runs, and open the address that it prints (it begins with {1}/).':
    '新しいリンクが必要なときは、postern が動いているマシンで「postern sign-in」を実行し、表示されたアドレス({1}/ で始まります)を開いてください。',

  // Every page
  'Skip to the content': '本文へ移動',
  Copy: 'コピー',
  Copied: 'コピーしました',
  'The gate that speaks OAuth2 for your mail programs': 'メールプログラムに代わって OAuth2 を話す通用門',
  Pages: 'ページ',
  Mailboxes: 'メールボックス',
  Logins: 'ログイン',
  Journal: 'ジャーナル',
  'API keys': 'APIキー',
  Access: 'アクセス',
  'Sign out': 'サインアウト',
  'What to do:': '対処:',
  'Try again': 'もう一度試す',
  'Back to {1}': '{1} に戻る',
  'You may close this page.': 'このページは閉じてかまいません。',

  // Mistakes
  'Please sign in': 'サインインしてください',
  'That was refused': '拒否されました',
  'Not found': '見つかりません',
  'Too many attempts': '試行回数が多すぎます',
  'Something went wrong': '問題が発生しました',
  'The provider needs attention': 'プロバイダー側の対応が必要です',
  'Not possible right now': '今は実行できません',
  'That did not work': '実行できませんでした',
  'Try again in a minute; the log of postern says more.':
    '1 分ほど待ってもう一度試してください。詳しくは postern のログにあります。',

  // Signing in
  'Sign in': 'サインイン',
  'Signed out': 'サインアウトしました',
  'This browser is signed out.': 'このブラウザーはサインアウトしました。',
  'This link signs this browser in as the administrator of postern. It works once.':
    'このリンクで、このブラウザーは postern の管理者としてサインインします。使えるのは 1 回だけです。',
  'This link signs this browser in as a viewer, who sees the pages and changes nothing. It works once.':
    'このリンクで、このブラウザーは閲覧者(見るだけで変更はできません)としてサインインします。使えるのは 1 回だけです。',
  'No password yet, or forgotten?': 'パスワードがまだない、または忘れた場合:',
  'This sign-in link is unknown, used already, or older than 15 minutes':
    'このサインインリンクは無効です(存在しない、使用済み、または 15 分を過ぎています)',
  As: '役割',
  Password: 'パスワード',
  Administrator: '管理者',
  Viewer: '閲覧者',

  // Access
  'Who looks at the pages': 'ページにアクセスできる人',
  'The administrator may do everything on these pages.': '管理者はこのページですべての操作ができます。',
  'The viewer sees mailboxes, logins and what happens, and changes nothing.':
    '閲覧者はメールボックス、ログイン、起きたことを見るだけで、変更はできません。',
  'Signed in now': '現在サインイン中',
  'change the password': 'パスワードの変更',
  'set a password': 'パスワードの設定',
  'Browsers that signed in with the earlier password are signed out.':
    '以前のパスワードでサインインしたブラウザーはサインアウトされます。',
  'Until there is a password, a one-time link is the only way in.':
    'パスワードを設定するまでは、1 回限りのリンクでしか入れません。',
  'New password, of 10 characters or more': '新しいパスワード(10 文字以上)',
  'Once more': 'もう一度入力',
  'Change it': '変更する',
  'Set it': '設定する',
  'by a one-time link': '1 回限りのリンク',
  'by the password': 'パスワード',
  'this browser': 'このブラウザー',
  From: '接続元',
  Browser: 'ブラウザー',
  'does not say': '不明',
  Since: '開始',
  'Last seen': '最終アクセス',
  'Sign it out': 'サインアウトさせる',
  'The two passwords are not the same': '2 つのパスワードが一致しません',
  'Type the same one twice.': '同じパスワードを 2 回入力してください。',
  'This session has ended already': 'このセッションはすでに終了しています',
  'There is no such role': 'そのような役割はありません',
  'Choose {1}.': '{1} から選んでください。',

  // API keys
  'Make an API key': 'APIキーを作る',
  'An API key': 'APIキー',
  Name: '名前',
  'Backup script': 'バックアップスクリプト',
  'What it may do': '許可する操作',
  'fetch access tokens for {1}': '{1} のアクセストークンを取得する',
  'send from {1} by XOAUTH2 or OAUTHBEARER': 'XOAUTH2 または OAUTHBEARER で {1} から送信する',
  'look at everything but secrets': '秘密以外のすべてを見る',
  'everything that the owner may': '所有者と同じすべての操作',
  'Ends on': '有効期限',
  'Make the key': 'キーを作る',
  May: '許可',
  Ends: '有効期限',
  'Last used': '最終使用',
  never: 'なし',
  'Revoke {1}': '{1} を取り消す',
  Revoke: '取り消す',
  'There is no API key yet.': 'APIキーはまだありません。',
  'The key for {1}, which may: {2}': '{1} のキー(許可: {2})',
  'It is shown this once.': '表示されるのは今回だけです。',
  'Back to the API keys': 'APIキーに戻る',

  // Consents in a browser
  'Sign in at {1}': '{1} でサインイン',
  '{1} does not send you back here by itself. For {2}:':
    '{1} からこのページへ自動では戻りません。{2} について、次のようにしてください。',
  '{1}, in a new tab.': '新しいタブで {1}します。',
  'Copy the code that it shows at the end, or the whole address that it ends at.':
    '最後に表示されたコード、または最後に開いたアドレス全体をコピーします。',
  'Paste it here.': 'ここに貼り付けます。',
  'Code or address': 'コードまたはアドレス',
  Finish: '完了する',
  'You sign in for {1} at {2}. This page goes there by itself.':
    '{2} で {1} のためにサインインします。このページは自動的に移動します。',
  'Continue to {1}': '{1} へ進む',
  'Taking you to {1}': '{1} へ移動しています',
  'Connect {1}': '{1} を接続する',
  'Consent for an organisation': '組織の同意',
  Connected: '接続しました',
  'Not connected': '接続できませんでした',
  'You are asked to let postern send mail for this mailbox. Go on only if you expected this.':
    'postern がこのメールボックスからメールを送ることへの許可が求められています。心当たりがある場合だけ進んでください。',
  'Asked by': '依頼者',
  'the administrator': '管理者',
  Mailbox: 'メールボックス',
  'Sign in as': 'サインインする人',
  At: 'サインイン先',
  'This link ends': 'リンクの有効期限',
  'You type your password at {1} only, never here.':
    'パスワードを入力するのは {1} だけです。ここでは決して入力しません。',
  'postern can now send mail for {1}.': 'postern は {1} からメールを送れるようになりました。',
  'postern can now send mail for {1}, as {2} signed in and agreed.':
    '{2} がサインインして同意したので、postern は {1} からメールを送れるようになりました。',
  '{1} says that an administrator has consented.': '{1} によると、管理者が同意しました。',
  '{1} says that an administrator has consented for the organisation {2}.':
    '{1} によると、管理者が組織 {2} について同意しました。',
  'People of it can be asked for their consent now. Mailboxes without one are added with {1}, after Exchange Online knows of the app: {2} prints the commands.':
    'これで組織の人に同意を依頼できます。同意を使わないメールボックスは、Exchange Online にアプリを登録したあとで {1} により追加します(必要なコマンドは {2} で表示されます)。',

  // What will end
  'The consent, if nobody uses it': '同意(使われない場合)',
  'The consent, as the provider has said': '同意(プロバイダーが示した期限)',
  'The consent, because the app registration is in a test phase': '同意(アプリ登録がテスト段階のため)',
  'The client secret of the app registration': 'アプリ登録のクライアントシークレット',
  'An earlier client secret of the app registration': 'アプリ登録の以前のクライアントシークレット',
  'The certificate of the app registration': 'アプリ登録の証明書',
  'What will end': '期限のあるもの',

  // Logins
  'Each program and each device has a login of its own, so that each can be ended by itself.':
    'プログラムや機器ごとに専用のログインを作ると、それぞれを個別に終了できます。',
  'Make a login': 'ログインを作る',
  Ended: '終了したもの',
  'User name': 'ユーザー名',
  'Signs in by': 'サインイン方法',
  'Sends as well as': 'ほかの送信者',
  'Other senders': 'それ以外の送信者',
  'are replaced by its mailbox': 'メールボックスのアドレスに置き換えられます',
  'Only from': '接続元の制限',
  '{1}, from {2}': '{1}({2} から)',
  'a password that postern made': 'postern が作ったパスワード',
  'a password that a person chose': '人が決めたパスワード',
  'nothing but its address': '接続元アドレスのみ',
  '{1}, also by CRAM-MD5': '{1}(CRAM-MD5 も可)',
  active: '有効',
  expired: '期限切れ',
  revoked: '取り消し済み',
  'Whoever comes from {1} is taken for this login. Nothing is to be entered but the server.':
    '{1} からの接続はこのログインとして扱われます。サーバー以外の入力は不要です。',
  'Back to the logins': 'ログインに戻る',
  'Ready to copy': 'コピーして使える設定',
  'the one that you chose': '自分で決めたもの',
  'The password is shown this once. Make another login if it gets lost.':
    'パスワードが表示されるのは今回だけです。失くした場合は別のログインを作ってください。',
  'A printer, scanner or any form': 'プリンター、スキャナー、その他の設定画面',
  'SMTP server': 'SMTP サーバー',
  Port: 'ポート',
  Encryption: '暗号化',
  'none (same machine)': 'なし(同じマシン)',
  'STARTTLS or SSL/TLS': 'STARTTLS または SSL/TLS',
  Authentication: '認証',
  'on (LOGIN or PLAIN)': 'あり(LOGIN または PLAIN)',
  'Sender address': '送信者アドレス',
  'There is no mailbox yet that a login could be for.': 'ログインを作れるメールボックスがまだありません。',
  'Add one first.': '先に追加してください。',
  'Make the login': 'ログインを作る',
  'Name, as people call it': '名前(呼び名)',
  'Printer, 2nd floor': '2 階のプリンター',
  'Mailboxes that it sends from': '送信に使うメールボックス',
  'How it signs in': 'サインイン方法',
  'by a password that postern makes (best)': 'postern が作るパスワード(推奨)',
  'by a password that you choose, for a device that cannot take a long one':
    '自分で決めるパスワード(長いものを入力できない機器向け)',
  'not at all: whoever comes from its networks is this login':
    'サインインなし(指定したネットワークからの接続をこのログインとみなす)',
  'The password that you choose': '自分で決めるパスワード',
  'More: user name, senders, networks, end': '詳細: ユーザー名、送信者、ネットワーク、有効期限',
  'User name (otherwise the address)': 'ユーザー名(空欄ならアドレス)',
  'Further senders, one on each line: addresses, or *@example.com':
    'ほかの送信者(1 行に 1 つ。アドレスまたは *@example.com)',
  'replace any other sender by the mailbox': 'それ以外の送信者をメールボックスのアドレスに置き換える',
  'Only from these networks, one on each line, such as 192.0.2.7 or 192.0.2.0/28':
    '接続元ネットワークの制限(1 行に 1 つ。例: 192.0.2.7、192.0.2.0/28)',
  'for a device that knows only CRAM-MD5: its password is kept sealed instead of hashed, and it must be bound to a network':
    'CRAM-MD5 しか使えない機器向け(パスワードはハッシュではなく封印して保存します。接続元ネットワークの指定が必要です)',

  // Mailboxes
  Providers: 'プロバイダー',
  registered: '登録済み',
  'no registration yet.': '未登録。',
  'Known: {1}.': '情報の確かさ: {1}。',
  'Not possible, because their mail servers take passwords only: {1}.':
    '次のところはメールサーバーがパスワードしか受け付けないため使えません: {1}。',
  'Redirect URI for every registration: {1}': 'すべての登録に使うリダイレクトURI: {1}',
  'What to do next': '次にすること',
  'postern has no app registration at any provider yet. Register an app at your provider with the redirect URI {1}, set what is named below, and restart postern.':
    'postern のアプリ登録がまだどのプロバイダーにもありません。リダイレクトURI {1} でプロバイダーにアプリを登録し、下に示す項目を設定して、postern を再起動してください。',
  'Add the first mailbox, then connect it on its page.':
    '最初のメールボックスを追加し、そのページで接続してください。',
  'Or on the machine that runs postern: {1}': 'または postern が動いているマシンで: {1}',
  'Add a mailbox': 'メールボックスを追加',
  State: '状態',
  Provider: 'プロバイダー',
  'Covered by': '対象のドメイン',
  'Has to sign in': 'サインインする人',
  'Signed in': 'サインインした人',
  Consented: '同意した日時',
  'Last renewal': '最後の更新',
  How: '許可の方法',
  Scopes: 'スコープ',
  'Remove this mailbox': 'このメールボックスを削除',
  'No consent is needed': '同意は不要です',
  'The app registration itself sends for this mailbox. If the provider refuses it, the page of the provider says how it is set up.':
    'このメールボックスからはアプリ登録そのものが送信します。プロバイダーに拒否される場合は、プロバイダーのページに設定方法があります。',
  '{1} in this browser': 'このブラウザーで{1}',
  'You go to the provider and sign in there as {1}.':
    'プロバイダーのページへ移動し、{1} としてサインインします。',
  'Let somebody else do it': 'ほかの人に依頼する',
  'A consent link lets anybody who holds it finish the consent for this mailbox, once, and nothing else.':
    '同意リンクを持つ人は、このメールボックスの同意を 1 回だけ完了できます。ほかのことはできません。',
  'Make a consent link': '同意リンクを作る',
  'Send a consent link by the channels for notices': '通知の経路で同意リンクを送る',
  'Let a program send': 'プログラムから送信する',
  'Every program gets a login of its own, with ready settings to copy.':
    'プログラムごとに専用のログインを作ると、コピーして使える設定が表示されます。',
  'Send this link to the person who has to sign in for {1}. It works once, until {2}, and is shown only now.':
    '{1} のためにサインインする人にこのリンクを送ってください。{2} まで 1 回だけ使え、表示されるのは今だけです。',
  'A link for {1} that works once, until {2}:': '{1} のリンク({2} まで 1 回だけ使えます):',
  sent: '送信しました',
  'by a consent in a browser': 'ブラウザーでの同意',
  'by a code that was entered at the provider': 'プロバイダーで入力したコード',
  'by the app registration itself, without a person': 'アプリ登録そのもの(人の同意なし)',
  'by a service account, without a person': 'サービスアカウント(人の同意なし)',
  'by a refresh token that was handed over': '引き渡されたリフレッシュトークン',
  'Remove {1}?': '{1} を削除しますか?',
  Removed: '削除しました',
  'A consent link': '同意リンク',
  'A consent link was sent': '同意リンクを送信しました',
  'needs a consent': '同意が必要',
  lapsed: '失効',
  'Nobody has consented yet: this mailbox cannot send.':
    'まだ誰も同意していないため、このメールボックスからは送信できません。',
  Connect: '接続する',
  Reconnect: '再接続する',
  'Ready to send.': '送信できます。',
  'The consent lapsed': '同意が失効しました',
  'The consent lapsed on {1}': '同意が {1} に失効しました',
  'There is no app registration at any provider yet.': 'どのプロバイダーにもまだアプリ登録がありません。',
  'Choose one, and register an app there first.': '先にプロバイダーを選び、アプリを登録してください。',
  Address: 'アドレス',
  'nobody consents: the app itself may send (for a whole domain, write *@example.com)':
    '人の同意なしでアプリ自身が送信する(ドメイン全体なら *@example.com と入力)',
  'More: a shared mailbox, other addresses': '詳細: 共有メールボックス、ほかのアドレス',
  'Who signs in, when not the mailbox itself': 'サインインする人(メールボックス自身でない場合)',
  'Other addresses that the provider accepts from it, one on each line':
    'プロバイダーがこのメールボックスから受け付けるほかのアドレス(1 行に 1 つ)',
  'Add the mailbox': 'メールボックスを追加',
  'Its grant goes with it, and is ended at the provider, where that can be.':
    '許可も一緒に削除され、可能な場合はプロバイダー側でも終了します。',
  'These logins have no other mailbox, and end:':
    '次のログインはほかのメールボックスを持たないため、終了します:',
  'Remove {1}': '{1} を削除する',
  'Keep it': '削除しない',
  'The consent has ended at the provider, too.': '同意はプロバイダー側でも終了しました。',
  'There was no consent to end at the provider.': 'プロバイダー側で終了する同意はありませんでした。',
  'The consent lives on at the provider, because another mailbox may live on it.':
    'ほかのメールボックスが使っている可能性があるため、同意はプロバイダー側に残ります。',
  'The provider has no way to end a consent from here.':
    'このプロバイダーには、ここから同意を終了する方法がありません。',
  'The consent could not be ended at the provider.': 'プロバイダー側で同意を終了できませんでした。',
  '{1} is removed.': '{1} を削除しました。',
  'Back to the mailboxes': 'メールボックスに戻る',

  // Providers
  'there is one': 'あり',
  'none yet.': 'まだありません。',
  Registration: '登録',
  Known: '情報の確かさ',
  'Ways to a grant': '許可を得る方法',
  'Mail server': 'メールサーバー',
  'Asks for': '要求するスコープ',
  'Redirect URI': 'リダイレクトURI',
  'To know': '注意点',
  'To do at the provider': 'プロバイダーでの作業',

  // Sending
  Sending: '送信状況',
  'Messages in the last minute': '直近 1 分のメッセージ',
  'Recipients in the last day': '直近 24 時間の受信者',
  'room again at {1}': '{1} に空きができます',
  'Connections to the provider': 'プロバイダーへの接続',
  '{1} open, {2} in use, {3} allowed for now, of {4}': '接続 {1}、使用中 {2}、現在の上限 {3}(本来は {4})',
  '{1} open, {2} in use, {3} allowed': '接続 {1}、使用中 {2}、上限 {3}',
  'Messages that wait': '待機中のメッセージ',
  '{1} of {2}': '{1} / {2}',
  'the sender {1}': '送信者 {1}',
  'Not tried until {1}, when one try finds out: {2}.': '{1} まで停止し、その後 1 回試して確かめます: {2}。',
  'this mailbox': 'このメールボックス',
  'a sender': '特定の送信者',
  'every mailbox of this registration': 'この登録のすべてのメールボックス',
  'new connections': '新しい接続',
  'new access tokens': '新しいアクセストークン',

  // Test messages
  To: '宛先',
  'postern itself': 'postern 自身',
  'Send, and show each step': '送信して各段階を表示',
  'Send a test message': 'テストメッセージを送る',
  'The login may send as this sender': 'このログインはこの送信者で送れる',
  'There is an access token': 'アクセストークンがある',
  'The provider is reached': 'プロバイダーに接続できる',
  'The connection is encrypted, and the certificate is right': '接続が暗号化され、証明書が正しい',
  'The provider accepts us': 'プロバイダーがサインインを受け付ける',
  'It accepts the sender': '送信者を受け付ける',
  'It accepts the recipient': '受信者を受け付ける',
  'It has taken the message': 'メッセージを受け取った',
  yes: 'はい',
  no: 'いいえ',
  'The provider said: {1}': 'プロバイダーの応答: {1}',
  'A test message to {1}': '{1} へのテストメッセージ',
  '"{1}" cannot get or send a test message': '「{1}」ではテストメッセージを送受信できません',
  'Give one address of ASCII characters.': 'ASCII 文字のアドレスを 1 つ入力してください。',
}
