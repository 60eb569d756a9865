import type { Dictionary } from './translation.ts'

/**
 * What the rooms below the web server have to tell people: failures, advice, and what providers are
 * known to be.
 */
export const japaneseOfRooms: Dictionary = {
  // logins
  'Revoke all but one of them and give their programs new logins: postern login list, postern login revoke ID.':
    '1 つを残して取り消し、それらのプログラムには新しいログインを作成してください: postern login list、postern login revoke ID。',
  'The client asks to act for somebody else than its login':
    'クライアントは自分のログイン以外の誰かとして動作しようとしています',

  // notices
  'POSTERN_NOTIFY_COMMAND cannot be started': 'POSTERN_NOTIFY_COMMAND を起動できません',
  'Check that a shell is installed and that postern may run programs.':
    'シェルがインストールされ、postern がプログラムを実行できることを確認してください。',
  'POSTERN_NOTIFY_COMMAND {1}': 'POSTERN_NOTIFY_COMMAND: {1}',
  'Run it by hand with a JSON text on its standard input; it has {1} seconds and must end with 0.':
    '標準入力に JSON を渡して手動で実行してみてください。{1} 秒以内に終了コード 0 で終わる必要があります。',
  'There is no way to send a consent link: no channel for notices is set':
    '通知の経路が設定されていないため、同意リンクを送れません',
  'Set POSTERN_NOTIFY_WEBHOOK_URL, POSTERN_NOTIFY_MAIL_FROM or POSTERN_NOTIFY_COMMAND, and restart; or hand the link over yourself.':
    'POSTERN_NOTIFY_WEBHOOK_URL、POSTERN_NOTIFY_MAIL_FROM、POSTERN_NOTIFY_COMMAND のいずれかを設定して再起動するか、リンクを自分で渡してください。',
  'The consent link was delivered by no channel ({1})': '同意リンクはどの経路でも届きませんでした({1})',
  'Mend one of the channels, or hand the link over yourself.':
    '経路のどれかを直すか、リンクを自分で渡してください。',
  'The notice was not taken from {1} ({2})': '{1} からの通知は受け取られませんでした({2})',
  'Check with "postern mailbox show {1}" whether it can send, and POSTERN_NOTIFY_MAIL_TO.':
    '「postern mailbox show {1}」で送信できるか確認し、POSTERN_NOTIFY_MAIL_TO も確認してください。',
  'The webhook at {1} cannot be reached': 'Webhook {1} に接続できません',
  'Check POSTERN_NOTIFY_WEBHOOK_URL, and that its server answers.':
    'POSTERN_NOTIFY_WEBHOOK_URL と、そのサーバーが応答することを確認してください。',
  'The webhook at {1} answered with HTTP status {2}': 'Webhook {1} が HTTP ステータス {2} を返しました',
  'Check what its server says about the request; redirects are not followed.':
    'サーバー側でリクエストの記録を確認してください。リダイレクトには従いません。',

  // net

  // upstream
  'There is no mailbox {1}': 'メールボックス {1} はありません',
  '"{1}" is no name that a mail server could know': '「{1}」はメールサーバーの名前としては使えません',
  'Give the name with which the person signs in at the mail server, such as till@example.onmicrosoft.com.':
    'その人がメールサーバーへのサインインに使う名前(till@example.onmicrosoft.com など)を指定してください。',

  // consent
  'What came of that is not known here any more': 'その結果は、ここにはもう残っていません',
  'The page of the mailbox says whether it is connected.':
    '接続されているかどうかは、メールボックスのページで分かります。',
  'The answer of {1} did not pass the checks': '{1} の応答が検証を通りませんでした',
  'Nobody signs in to these pages at {1}': '{1} でこのページにサインインすることはできません',
  'Name people in POSTERN_ADMIN_EMAILS or POSTERN_VIEWER_EMAILS, and the provider in POSTERN_SIGN_IN_PROVIDERS; it has to prove who signed in.':
    'POSTERN_ADMIN_EMAILS または POSTERN_VIEWER_EMAILS に人を、POSTERN_SIGN_IN_PROVIDERS にプロバイダーを指定してください。誰がサインインしたかを証明できるプロバイダーに限ります。',
  '{1} says that the sign-in did not succeed': '{1} によると、サインインは成功しませんでした',
  'This sign-in was begun in another browser, or took too long':
    'このサインインは別のブラウザーで始められたか、時間がかかりすぎました',
  'Sign in again, and stay in the same browser.': '同じブラウザーでもう一度サインインしてください。',
  '{1} did not prove a mail address of yours': '{1} はあなたのメールアドレスを証明しませんでした',
  'Sign in with an account whose address it has verified; at Google, one of Gmail or of an organisation.':
    'アドレスが確認済みのアカウントでサインインしてください。Google では、Gmail または組織のアカウントに限ります。',
  '{1} may not look at these pages': '{1} はこのページを見ることができません',
  'Ask whoever runs postern to name this address in POSTERN_ADMIN_EMAILS or POSTERN_VIEWER_EMAILS.':
    'postern の運用者に、このアドレスを POSTERN_ADMIN_EMAILS または POSTERN_VIEWER_EMAILS に加えるよう依頼してください。',
  '{1} says that it has not verified your mail address':
    '{1} によると、あなたのメールアドレスは確認されていません',
  'Have the address verified there, and sign in again.':
    'プロバイダーでアドレスの確認を済ませてから、もう一度サインインしてください。',

  // mailboxes
  'There is no API key {1} that could be revoked': '取り消せる APIキー {1} はありません',
  'This API key is not valid': 'この APIキーは無効です',
  'Make a new one with `postern api-key add`.': '`postern api-key add` で新しいキーを作ってください。',
  'An API key needs a scope': 'APIキーにはスコープが必要です',
  'Give at least one of read, admin, token:ADDRESS or send:ADDRESS.':
    'read、admin、token:ADDRESS、send:ADDRESS のうち少なくとも 1 つを選んでください。',
  'The login or API key of this session has ended, or lost this mailbox':
    'このセッションのログインまたは APIキーは終了したか、このメールボックスを使えなくなっています',
  "A login or API key for the whole domain does not reach {1}, which is a person's own":
    'ドメイン全体のログインや APIキーでは、個人のものである {1} は使えません',
  'Allow it with: postern login add {1}': '許可するには: postern login add {1}',
  'None of the mailboxes is a whole domain, whose personal mailboxes could be meant':
    '個人のメールボックスを含められるドメイン全体のメールボックスがありません',
  'Leave that out, or give the login a domain mailbox such as "*@example.com".':
    '指定を外すか、"*@example.com" のようなドメインのメールボックスをログインに加えてください。',
  'A name has at most 100 characters and no control or invisible ones':
    '名前は 100 文字以内で、制御文字や見えない文字は使えません',
  'Give a short name, such as "Printer, 2nd floor".':
    '「2 階のプリンター」のような短い名前を付けてください。',
  'Add the mailbox first.': '先にメールボックスを追加してください。',
  '"{1}" is not a date that postern can read': '「{1}」は日付として読み取れません',
  'Write it as 2030-12-31 or 2030-12-31T18:00:00Z.':
    '2030-12-31 または 2030-12-31T18:00:00Z の形で入力してください。',
  '"{1}" has passed already': '「{1}」はすでに過ぎています',
  'Give a date in the future.': '将来の日付を入力してください。',
  "{1} lets no app send without a person's consent":
    '{1} では、人の同意なしでアプリが送信することはできません',
  'Add the mailbox without --app-only, and let its owner consent.':
    '--app-only なしでメールボックスを追加し、所有者に同意してもらってください。',
  '"{1}" is a whole domain, and nobody can consent for all of its mailboxes':
    '「{1}」はドメイン全体です。すべてのメールボックスについて同意できる人はいません',
  'Add it with --app-only at a provider that lets an app send for an organisation, or add each mailbox by its own address.':
    'アプリが組織の代わりに送信できるプロバイダーで --app-only を付けて追加するか、メールボックスを個別のアドレスで追加してください。',
  'A mailbox without a consent has no refresh token and nobody who signs in':
    '同意を使わないメールボックスには、リフレッシュトークンもサインインする人もありません',
  'Leave out either --app-only, or the refresh token and the person.':
    '--app-only か、リフレッシュトークンとサインインする人のどちらかを外してください。',
  'The registration of {1} has no client secret and no certificate, so nobody could tell that it is us':
    '{1} の登録にはクライアントシークレットも証明書もないため、postern であることを証明できません',
  'Give the registration one of them at the provider and in the settings, and restart.':
    'プロバイダーと設定の両方でどちらかを登録に追加し、再起動してください。',
  '"{1}" stands for many organisations, and an app without a person belongs to one':
    '「{1}」は多数の組織を表しますが、人の同意を使わないアプリは 1 つの組織に属します',
  'Set POSTERN_MICROSOFT_TENANT to the ID or a domain of the organisation, and restart.':
    'POSTERN_MICROSOFT_TENANT に組織の ID またはドメインを設定し、再起動してください。',
  'No login without a password may send as {1} from here':
    'ここからパスワードなしで {1} として送信できるログインはありません',
  'Wrong user name or password': 'ユーザー名またはパスワードが違います',
  'A login needs a mailbox': 'ログインにはメールボックスが必要です',
  'Name at least one mailbox address.': 'メールボックスのアドレスを 1 つ以上選んでください。',
  'A whole domain is no mailbox that other senders could leave through':
    'ドメイン全体は、ほかの送信者の送信に使えるメールボックスではありません',
  'Give the login a mailbox by its own address as well, or leave out further senders and their replacement.':
    '個別のアドレスのメールボックスもログインに加えるか、ほかの送信者とその置き換えを外してください。',
  'A login without a password has none to choose, and none for CRAM-MD5':
    'パスワードなしのログインでは、パスワードも CRAM-MD5 も指定できません',
  'Leave out the password and CRAM-MD5, or make a login that signs in.':
    'パスワードと CRAM-MD5 を外すか、サインインするログインを作ってください。',
  'A login without a password must be bound to a network':
    'パスワードなしのログインには、接続元ネットワークの指定が必要です',
  'Name the address of the device or its network, such as 192.0.2.7 or 192.0.2.0/28.':
    '機器のアドレスまたはネットワークを入力してください(例: 192.0.2.7、192.0.2.0/28)。',
  'The network {1} is too wide for a login without a password':
    'ネットワーク {1} は、パスワードなしのログインには広すぎます',
  'Name the addresses of the devices themselves; /{1} is the widest of IPv4, /{2} of IPv6.':
    '機器自身のアドレスを入力してください。最も広い範囲は IPv4 で /{1}、IPv6 で /{2} です。',
  'A login for CRAM-MD5 must be bound to a network':
    'CRAM-MD5 のログインには、接続元ネットワークの指定が必要です',
  'Name the address of the device, such as 192.0.2.7: only there is CRAM-MD5 offered, which other programs would choose for logins that cannot use it.':
    '機器のアドレスを入力してください(例: 192.0.2.7)。CRAM-MD5 はその接続元にだけ提示されます。ほかのプログラムに提示すると、使えないログインで選ばれてしまうためです。',
  'There is no sender to allow': '許可する送信者がありません',
  'Name at least one sender.': '送信者を 1 つ以上入力してください。',
  'There is no login {1} that could be {2}': '操作({2})の対象になるログイン {1} はありません',
  '"{1}" is a whole domain': '「{1}」はドメイン全体です',
  'Name one address of it.': 'その中のアドレスを 1 つ入力してください。',
  '"{1}" is a whole domain, which has no aliases': '「{1}」はドメイン全体なので、別名はありません',
  'Let a login use a further sender: postern login add --sender ADDRESS.':
    'ログインにほかの送信者を許可してください: postern login add --sender ADDRESS',
  '"{1}" is a whole domain, and an alias is one address':
    '「{1}」はドメイン全体ですが、別名は 1 つのアドレスです',
  'Let a login use any address of a domain: postern login add ADDRESS --sender "*@example.com".':
    'ログインにドメインのすべてのアドレスを許可してください: postern login add ADDRESS --sender "*@example.com"',
  'This is not a refresh token: it must be one line of visible ASCII':
    'リフレッシュトークンではありません。表示可能な ASCII の 1 行である必要があります',
  'Give a file that holds the refresh token and nothing else.':
    'リフレッシュトークンだけが入ったファイルを指定してください。',
  'it must have {1} characters to {2} octets, none of them a control character':
    '{1} 文字以上 {2} オクテット以下で、制御文字を含まない必要があります',
  'it has {1} characters, and {2} are the least': '{1} 文字ですが、{2} 文字以上が必要です',
  'it contains "{1}", which belongs to the user name or the mailbox':
    'ユーザー名またはメールボックスの一部である「{1}」を含んでいます',
  'it is made of only {1} different characters': '{1} 種類の文字しか使われていません',
  'it repeats one piece over and over': '同じ部分を繰り返しています',
  'it is a run of neighbouring letters, digits or keys': '隣り合う文字、数字、キーの並びです',
  'it is a number of fewer than {1} digits, as dates and telephone numbers are':
    '日付や電話番号のような {1} 桁未満の数字です',
  'it is hardly more than a number, and such a password needs {1} characters':
    'ほとんど数字だけなので、{1} 文字以上が必要です',
  'it is little more than words, names, dates or runs of keys that everybody tries first':
    '誰もが最初に試す単語、名前、日付、キーの並びとほとんど変わりません',
  'This password is refused: {1}': 'このパスワードは使えません: {1}',
  'Choose a longer one, such as four unrelated words, or let postern generate it.':
    '無関係な 4 つの単語のような、より長いものを選ぶか、postern に作らせてください。',
  'Another mailbox may live on the same consent. {1}':
    'ほかのメールボックスが同じ同意を使っている可能性があります。{1}',
  '{1} has no way to end a consent from here. {2}': '{1} には、ここから同意を終了する方法がありません。{2}',
  '{1} could not be asked to end the consent. {2}': '{1} に同意の終了を依頼できませんでした。{2}',
  '"{1}" names one mailbox, and {2} is for whole domains':
    '「{1}」は 1 つのメールボックスです。{2} はドメイン全体にだけ使えます',
  'Leave that out.': '指定を外してください。',
  '"{1}" is not a scope': '「{1}」はスコープではありません',
  'Use read, admin, token:ADDRESS or send:ADDRESS.':
    'read、admin、token:ADDRESS、send:ADDRESS のいずれかを使ってください。',
  '"{1}" is not a sender that postern can match': '「{1}」は送信者として照合できません',
  'Give an address, or *@example.com for every address of that domain.':
    'アドレス、またはドメインのすべてのアドレスなら *@example.com を入力してください。',
  'This login has a whole domain, and an empty sender names no mailbox of it':
    'このログインはドメイン全体のもので、空の送信者ではメールボックスが決まりません',
  'This login may not send as {1}': 'このログインは {1} として送信できません',
  'A user name has 1 to {1} characters, not {2}': 'ユーザー名は 1~{1} 文字です({2} 文字でした)',
  'A user name holds no control or invisible characters': 'ユーザー名に制御文字や見えない文字は使えません',
  'A user name neither begins nor ends with a space': 'ユーザー名の先頭と末尾に空白は使えません',
  'Choose another user name; the mail address itself is a good one.':
    '別のユーザー名を選んでください。メールアドレスそのものがおすすめです。',

  // grants

  // governor
  '{1}; it is tried again at {2}': '{1}({2} に再試行します)',
  '{1}; another message finds out now whether that is over':
    '{1}(解消したかどうかを別のメッセージで確認中です)',
  'Wait until the day has rolled on, or spread the mail over more mailboxes.':
    '24 時間の枠が空くまで待つか、メールボックスを増やして分散してください。',
  'Send more slowly, or give the other programs a mailbox of their own.':
    'ゆっくり送るか、ほかのプログラムに専用のメールボックスを用意してください。',
  'Find out what was refused before, and stop the program that repeats it.':
    '以前に何が拒否されたかを調べ、繰り返しているプログラムを止めてください。',
  'Send less at a time, and find out whether the mailbox sends what nobody wants.':
    '一度に送る量を減らし、迷惑メールを送っていないか調べてください。',
  'Empty the sent items of the mailbox, or set a retention policy.':
    'メールボックスの送信済みアイテムを空にするか、保持ポリシーを設定してください。',
  'Have an administrator look at the restricted accounts of the provider, and find out whether the account is misused.':
    'プロバイダーの制限されたアカウントの一覧を管理者に確認してもらい、アカウントが悪用されていないか調べてください。',
  'Ask the provider for an exception, or send from another address.':
    'プロバイダーに例外を依頼するか、別のアドレスから送ってください。',
  'Check the licence of the mailbox, and that the account that consented may use it.':
    'メールボックスのライセンスと、同意したアカウントがそれを使えることを確認してください。',
  '{1} has had {2} recipients in 24 hours{3}, its provider allows {4}, and a message to {5} more was to leave':
    '{1} は 24 時間で受信者 {2} 件に達しました{3}。プロバイダーの上限は {4} 件で、さらに {5} 件宛てのメッセージを送ろうとしました',
  'Wait until the day has rolled on, spread the mail over more mailboxes, or raise recipientsPerDay in POSTERN_PROVIDERS_FILE if your contract allows more.':
    '24 時間の枠が空くまで待つか、メールボックスを増やして分散するか、契約の範囲内で POSTERN_PROVIDERS_FILE の recipientsPerDay を上げてください。',
  'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider allow this sender.':
    'プログラムの送信者をメールボックス自身にする(またはログインの --rewrite-sender を使う)か、プロバイダーでこの送信者を許可してもらってください。',
  'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).':
    '同意したアカウントがこのメールボックスとして送信できるように、プロバイダーで許可してもらってください(Exchange では「送信者 (Send As)」の権限です)。',
  'Let the program write {1} into the header From: of its messages, or let its login do that (--rewrite-from).':
    'プログラムがメッセージのヘッダー From: に {1} を書くようにするか、そのログインに書き換えさせてください(--rewrite-from)。',
  'Let the program write {1} into the header From: of its messages, let its login do that (--rewrite-from), or have the provider let this mailbox send as {2}.':
    'プログラムがメッセージのヘッダー From: に {1} を書くようにするか、そのログインに書き換えさせるか(--rewrite-from)、このメールボックスが {2} として送信できるようにプロバイダーで許可してもらってください。',
  'Let the program leave out the header Sender: of its messages or write {1} into it, let its login do that (--rewrite-from), or have the provider let this mailbox send as {2}.':
    'プログラムがメッセージのヘッダー Sender: を書かないか、そこに {1} を書くようにするか、そのログインに書き換えさせるか(--rewrite-from)、このメールボックスが {2} として送信できるようにプロバイダーで許可してもらってください。',
  'Let the program write {1} into the headers Resent-From: and Resent-Sender: of its messages, or have the provider let this mailbox send as {2}.':
    'プログラムがメッセージのヘッダー Resent-From: と Resent-Sender: に {1} を書くようにするか、このメールボックスが {2} として送信できるようにプロバイダーで許可してもらってください。',
  'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider let this mailbox send as {1}.':
    'プログラムの送信者をメールボックス自身にする(またはログインの --rewrite-sender を使う)か、このメールボックスが {1} として送信できるようにプロバイダーで許可してもらってください。',
  'Let the program leave {1} out of the header of its messages, or have the provider let this mailbox send as that.':
    'プログラムがメッセージのヘッダーに {1} を書かないようにするか、このメールボックスがそのアドレスとして送信できるようにプロバイダーで許可してもらってください。',
  'Take the addresses that do not exist out of the list of the program.':
    '存在しないアドレスをプログラムの宛先リストから取り除いてください。',
  'Find out what is refused, and stop the program that repeats it.':
    '何が拒否されているかを調べ、繰り返しているプログラムを止めてください。',

  // providers
  'Nothing is to be done: postern renews it each day, as long as it runs.':
    '操作は不要です。postern が動いている限り毎日更新されます。',
  'Take the registration out of its test phase at the provider, say so in the settings, and have the person consent again.':
    'プロバイダーで登録のテスト段階を終え、設定にも反映して、もう一度同意してもらってください。',
  'Unless a renewal moves it, the person has to consent again before.':
    '更新で延びない場合は、それまでにもう一度同意が必要です。',
  'Give the registration a new certificate at the provider, then put it into the settings with its key, and restart.':
    'プロバイダーで登録に新しい証明書を追加し、鍵とともに設定に入れて再起動してください。',
  'Make a new client secret at the provider, put it into the settings as the next one, and restart: both work until the first one ends.':
    'プロバイダーで新しいクライアントシークレットを作り、次のものとして設定に入れて再起動してください。最初のものの期限までは両方使えます。',
  'It has ended and another one works: take it out of the settings.':
    '期限が切れ、別のものが使われています。設定から取り除いてください。',
  'Register an app at the provider, with the redirect URI {1}.':
    'リダイレクトURI {1} でプロバイダーにアプリを登録します。',
  'Put its client id (and secret) into POSTERN_PROVIDERS_FILE.':
    'クライアントID(とシークレット)を POSTERN_PROVIDERS_FILE に入れます。',
  'Let a mailbox send by SMTP at all, which OAuth does not do':
    'メールボックスの SMTP 送信そのものを許可する(OAuth だけでは許可されません)',
  'For mailboxes without a consent (--app-only), the least that is needed: RBAC for Applications':
    '同意を使わないメールボックス(--app-only)に必要な最小限の権限: RBAC for Applications',
  'Instead of that, where the app has the permission {1} in Entra: full access to the mailbox':
    'その代わりに、アプリが Entra でアクセス許可 {1} を持つ場合: メールボックスへのフルアクセス',
  'documented by the provider': 'プロバイダーの文書による',
  'as users and other software report it': '利用者やほかのソフトウェアの報告による',
  'works, but the provider gives registrations to few': '動作するが、プロバイダーが登録を認めるのは少数',
  'found in one place, not verified': '情報源が 1 つのみで未検証',
  'as the providers file has it': 'プロバイダーファイルの内容による',
  'Comcast gives client ids by arrangement only.':
    'Comcast は個別の取り決めでのみクライアントIDを発行します。',
  'Mailboxes of comcast.net are being moved to Yahoo.':
    'comcast.net のメールボックスは Yahoo へ移行されつつあります。',
  'postern cannot check who has signed in: the keys of its ID tokens are not published.':
    'ID トークンの鍵が公開されていないため、誰がサインインしたかを postern は確認できません。',
  'Fastmail gives client ids on request.': 'Fastmail は申請に応じてクライアントIDを発行します。',
  'The provider names nobody: postern cannot check who has signed in.':
    'プロバイダーが名前を示さないため、誰がサインインしたかを postern は確認できません。',
  'While the consent screen is in status "Testing", Google ends each grant after 7 days: say so with POSTERN_GOOGLE_TESTING, and postern warns in time.':
    '同意画面の状態が「Testing」の間、Google は許可を 7 日で終了します。POSTERN_GOOGLE_TESTING で知らせておけば、postern が前もって警告します。',
  'The scope https://mail.google.com/ is restricted: an app for everybody has to be verified by Google; one for your own organisation ("Internal") does not.':
    'スコープ https://mail.google.com/ は制限付きです。一般向けのアプリは Google の審査が必要ですが、自分の組織向け(「Internal」)なら不要です。',
  'In the Google Cloud console (https://console.cloud.google.com) choose a project, and APIs & Services, OAuth consent screen: "Internal" for one Workspace, otherwise "External".':
    'Google Cloud コンソール(https://console.cloud.google.com)でプロジェクトを選び、「API とサービス」の「OAuth 同意画面」で、1 つの Workspace なら「Internal」、それ以外は「External」を選びます。',
  'Add the scope https://mail.google.com/ under Data access, and publish the app: in status "Testing" each grant ends after 7 days.':
    '「データアクセス」でスコープ https://mail.google.com/ を追加し、アプリを公開します。状態が「Testing」のままだと許可は 7 日で終わります。',
  'Under Clients make an OAuth client of the type "Desktop app"; for an https redirect URI, of the type "Web application" with {1}.':
    '「クライアント」で種類が「Desktop app」の OAuth クライアントを作ります。https のリダイレクトURIを使う場合は、種類を「Web application」にして {1} を登録します。',
  'Set POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET, and restart.':
    'POSTERN_GOOGLE_CLIENT_ID と POSTERN_GOOGLE_CLIENT_SECRET を設定して、再起動してください。',
  'Not for gmail.com addresses: an administrator of a Workspace has to delegate the domain to the numeric id of the service account, with the scope https://mail.google.com/ and no other.':
    'gmail.com のアドレスには使えません。Workspace の管理者が、サービスアカウントの数字の ID に、スコープ https://mail.google.com/ だけでドメインを委任する必要があります。',
  'A delegation may take a day until it works.': '委任が有効になるまで 1 日かかることがあります。',
  'The service account may send as every user of the Workspace: only what postern allows its logins stands between.':
    'サービスアカウントは Workspace のすべてのユーザーとして送信できます。それを制限するのは、postern がログインに許可した内容だけです。',
  'In the Google Cloud console make a service account and a JSON key for it; note its numeric client ID.':
    'Google Cloud コンソールでサービスアカウントとその JSON 鍵を作り、数字のクライアントIDを控えます。',
  'In the admin console of the Workspace choose Security, Access and data control, API controls, Manage domain-wide delegation, Add new: the numeric client ID, with the scope https://mail.google.com/.':
    'Workspace の管理コンソールで「セキュリティ」「アクセスとデータ管理」「API の制御」「ドメイン全体の委任を管理」「新しく追加」を選び、数字のクライアントIDをスコープ https://mail.google.com/ で追加します。',
  'Set POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE to the key file, and restart.':
    'POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE に鍵ファイルを設定して、再起動してください。',
  'As mail programs use it. Its one scope for mail, mail.imap, gives more than the right to send.':
    'メールプログラムが使っている方法です。メール用の唯一のスコープ mail.imap は、送信以上の権限を与えます。',
  'SMTP AUTH has to be enabled for the mailbox, also for OAuth.':
    'OAuth を使う場合も、メールボックスで SMTP AUTH を有効にする必要があります。',
  'Microsoft documents the OAuth endpoints; the submission host and the scopes are as users report them.':
    'OAuth のエンドポイントは Microsoft の文書によりますが、送信ホストとスコープは利用者の報告によります。',
  'GCC (not High) is in the worldwide cloud: there it is the provider microsoft.':
    'GCC(High ではないもの)は世界共通のクラウドにあり、プロバイダーは microsoft です。',
  'If the scope is refused, https://outlook-dod.office365.us/SMTP.Send may be the right one: set it in the providers file.':
    'スコープが拒否される場合は、https://outlook-dod.office365.us/SMTP.Send が正しい可能性があります。プロバイダーファイルで設定してください。',
  'Some needed the scope https://partner.outlook.cn/.default instead: set it in the providers file.':
    'スコープ https://partner.outlook.cn/.default が必要だった例があります。その場合はプロバイダーファイルで設定してください。',
  'Only for recipients of the organisation itself, at most 50 for each message.':
    '組織内の受信者のみで、1 通につき最大 50 件です。',
  'Accounts of High Volume Email are no mailboxes that somebody signs in to: client credentials are the only way to a grant.':
    'High Volume Email のアカウントは人がサインインするメールボックスではなく、許可を得る方法はクライアント資格情報だけです。',
  'Microsoft names the permission Mail.Send for the app here, not SMTP.SendAsApp.':
    'ここで Microsoft がアプリのアクセス許可として示しているのは、SMTP.SendAsApp ではなく Mail.Send です。',
  'In the Entra admin centre (https://entra.microsoft.com) choose App registrations, New registration.':
    'Entra 管理センター(https://entra.microsoft.com)で「アプリの登録」「新規登録」を選びます。',
  'Under API permissions add, of "Office 365 Exchange Online", the application permission Mail.Send, and grant the consent of an administrator.':
    '「API のアクセス許可」で「Office 365 Exchange Online」のアプリケーションの許可 Mail.Send を追加し、管理者の同意を与えます。',
  'Under Certificates & secrets upload a certificate or make a client secret.':
    '「証明書とシークレット」で証明書をアップロードするか、クライアントシークレットを作ります。',
  'Set POSTERN_MICROSOFT_CLIENT_ID, POSTERN_MICROSOFT_TENANT (the directory ID) and POSTERN_MICROSOFT_CERT_FILE or POSTERN_MICROSOFT_CLIENT_SECRET, and restart.':
    'POSTERN_MICROSOFT_CLIENT_ID、POSTERN_MICROSOFT_TENANT(ディレクトリ ID)と、POSTERN_MICROSOFT_CERT_FILE または POSTERN_MICROSOFT_CLIENT_SECRET を設定して、再起動してください。',
  'Microsoft documents endpoints and scopes; how long grants and tokens live is as users report it.':
    'エンドポイントとスコープは Microsoft の文書によりますが、許可とトークンの有効期間は利用者の報告によります。',
  'The registration has to allow personal accounts, and has to be made in an organisation: a personal account alone cannot register an app any more.':
    '登録は個人アカウントを許可し、組織の中で作る必要があります。個人アカウントだけではアプリを登録できなくなりました。',
  'Some mailboxes have to allow devices and apps to use POP and IMAP (Settings, Mail, Sync email) before they can send.':
    'メールボックスによっては、先に「デバイスとアプリで POP と IMAP を使う」(設定、メール、メールの同期)を許可しないと送信できません。',
  'In the Entra admin centre (https://entra.microsoft.com) choose App registrations, New registration, and as account types those that include personal Microsoft accounts.':
    'Entra 管理センター(https://entra.microsoft.com)で「アプリの登録」「新規登録」を選び、アカウントの種類として個人の Microsoft アカウントを含むものを選びます。',
  'Under Authentication add the platform "Mobile and desktop applications" with the redirect URI {1}.':
    '「認証」でプラットフォーム「モバイル アプリケーションとデスクトップ アプリケーション」を、リダイレクトURI {1} で追加します。',
  'Under API permissions add, of "Office 365 Exchange Online" or Microsoft Graph, the delegated permission SMTP.Send.':
    '「API のアクセス許可」で「Office 365 Exchange Online」または Microsoft Graph の委任された許可 SMTP.Send を追加します。',
  'Set POSTERN_MICROSOFT_CLIENT_ID, and POSTERN_MICROSOFT_TENANT to common or consumers, and restart.':
    'POSTERN_MICROSOFT_CLIENT_ID を設定し、POSTERN_MICROSOFT_TENANT を common または consumers にして、再起動してください。',
  'As Thunderbird itself uses it; whether others are given a client id is not known.':
    'Thunderbird 自身が使っている方法です。ほかにクライアントIDが発行されるかどうかは分かっていません。',
  'The scope mail-w is given to few: Yahoo reviews each app by hand, and users report that no new registrations are accepted.':
    'スコープ mail-w が与えられるのは少数です。Yahoo はアプリを個別に審査しており、新しい登録は受け付けられないという報告があります。',
  'A registration at Yahoo does not count at AOL.': 'Yahoo での登録は AOL では使えません。',
  'Documented, but Yandex told a user in 2023 that mail programs need app passwords: try it before you rely on it.':
    '文書はありますが、2023 年に Yandex は利用者に、メールプログラムにはアプリパスワードが必要だと伝えています。頼る前に試してください。',
  certificate: '証明書',
  'client secret': 'クライアントシークレット',

  // base

  // guessing
  'Too many wrong passwords came from this address': 'このアドレスから、誤ったパスワードが多数送られました',
  'Too many wrong keys or links came from this address':
    'このアドレスから、誤ったキーやリンクが多数送られました',
  'Try again with the right one in {1} seconds.': '{1} 秒後に正しいものでもう一度試してください。',
  'Too many sign-ins are waiting at once': '同時に待機しているサインインが多すぎます',
  'Try again in a minute.': '1 分後にもう一度試してください。',
  'The settings, as they are now, would not let postern start.': '今の設定では postern は起動できません。',
  'Mend this in .env or in the environment, then check again.':
    '.env または環境変数を直してから、もう一度確認してください。',
  'The settings are complete, and without a mistake.': '設定はそろっていて、誤りはありません。',
  'No postern is running.': 'postern は実行されていません。',
  'Start it with "postern serve".': '「postern serve」で起動してください。',
  'The postern that runs was started with these settings.':
    '実行中の postern は、この設定で起動されています。',
  'The postern that runs was started with other settings than those that are there now.':
    '実行中の postern は、今の設定とは違う設定で起動されています。',
  'Restart it: nothing is lost by that.': '再起動してください。失われるものはありません。',
  'People come back to {1} from anywhere.': 'どこからでも {1} に戻れます。',
  'People come back to {1}: in a browser on the machine of postern.':
    '{1} に戻れるのは、postern のあるマシンのブラウザーだけです。',
  'For consents in browsers elsewhere, set POSTERN_PUBLIC_URL to an https address, or paste the answer, or use a code on another device.':
    'ほかのマシンのブラウザーで同意するには、POSTERN_PUBLIC_URL に https のアドレスを設定するか、応答を貼り付けるか、別の端末でコードを使ってください。',
  '{1} cannot be asked: {2}': '{1} に問い合わせできません: {2}',
  'Check the way there (firewall, proxy, DNS), the endpoints in the providers file, and try again in a while.':
    'そこまでの経路 (ファイアウォール、プロキシ、DNS) とプロバイダーファイルのエンドポイントを確かめ、しばらくしてからもう一度試してください。',
  '{1} is reached.': '{1} に接続できます。',
  '{1} accepts the client.': '{1} はクライアントを受け付けます。',
  '{1} knows the client id; its secret or certificate shows with the first consent.':
    '{1} はクライアント ID を認識しています。シークレットや証明書の正否は最初の同意で分かります。',
  '{1} refuses the client: {2}': '{1} はクライアントを拒否しています: {2}',
  "Check the client id, the secret (its value, not its id; not ended) or the certificate, and the tenant, against the provider's page of the app.":
    'クライアント ID、シークレット (ID ではなく値。期限切れでないこと) または証明書、テナントを、プロバイダーのアプリのページと照らし合わせてください。',
  '{1} does not tell yet: {2}': '{1} からはまだ分かりません: {2}',
  'Add a mailbox, connect it, and send a test message.':
    'メールボックスを追加して接続し、テストメッセージを送ってください。',
  'This login has ended': 'このログインは終了しています',
  'Go back, load the page of the mailbox again, and choose another login.':
    '戻ってメールボックスのページを読み込み直し、別のログインを選んでください。',
  'For consents in browsers elsewhere, set POSTERN_PUBLIC_URL to an https address, or paste the answer.':
    'ほかのマシンのブラウザーで同意するには、POSTERN_PUBLIC_URL に https のアドレスを設定するか、応答を貼り付けてください。',
  '{1} is no address of {2}': '{1} は {2} のアドレスではありません',
  'Give a sender of that domain.': 'そのドメインの送信者を指定してください。',
  'Your session has ended': 'このセッションは終了しています',
  'Sign in again.': 'もう一度サインインしてください。',

  // What is mended of a login's mail
  '"{1}" does not say which name stands for which address':
    '「{1}」は、どの名前をどのアドレスに置き換えるかを示していません',
  'Write it as root=admin@example.com.': 'root=admin@example.com のように書いてください。',
  'More than {1} names are to stand for addresses': '置き換える名前が {1} 個を超えています',
  'Name fewer, or complete all by one domain.': '数を減らすか、すべてに 1 つのドメインを補ってください。',
  '"{1}" is no name that could stand for an address': '「{1}」はアドレスに置き換えられる名前ではありません',
  'Give one word, such as root.': 'root のような 1 語を指定してください。',
}
