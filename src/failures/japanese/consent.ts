import type { consentFailures } from '../consent.ts'
import type { Translated } from '../entry.ts'

export const consent: Translated<typeof consentFailures> = {
  'consent.code-not-entered': {
    message: 'コードが時間内に入力されませんでした',
    fix: '最初からやり直してください。',
  },
  'consent.sign-in-declined': {
    message: 'アクセスは許可されませんでした',
    fix: '最初からやり直してください。',
  },
  'consent.no-identity-of-guest': {
    message: '{provider} は、どのメールアドレスがサインインしたかを示しませんでした',
    fix: '組織自身のアカウントでやり直してください。ゲストは認められません。',
  },
  'consent.no-identity': {
    message: '{provider} は、どのメールアドレスがサインインしたかを示しませんでした',
    fix: 'プロバイダーがメールアドレスを確認済みのアカウントでサインインし、登録がスコープ openid と email を要求できることを確認してください。アドレスが別のクレームにある場合は、管理者がプロバイダーファイルの identityClaim で指定できます。',
  },
  'consent.not-begun': {
    message: 'この応答に当たる同意は進行中ではないか、すでに使われています',
    fix: 'リンクまたはメールボックスのページからやり直し、同じブラウザーで続けてください。',
  },
  'consent.address-cut': {
    message: 'これはブラウザーが最後に開いたアドレスの全体ではありません',
    fix: 'リンクまたはメールボックスのページからやり直し、同じブラウザーで続けてください。',
  },
  'consent.other-browser': {
    message: 'この同意は別のブラウザーで始められました',
    fix: 'リンクまたはメールボックスのページからやり直し、同じブラウザーで続けてください。',
  },
  'consent.expired': {
    message: 'サインインに時間がかかりすぎました',
    fix: 'リンクまたはメールボックスのページからやり直し、同じブラウザーで続けてください。',
  },
  'consent.not-accepted': {
    message: '{provider} がサインインを受け付けませんでした: {reason}',
    fix: 'やり直し、間を置かずにサインインを終えてください。',
  },
  'consent.request-refused': {
    message: '{provider} がサインインを拒否しました: {reason}',
    fix: '登録のリダイレクト URI とスコープ、および組織の許可設定を確認して、もう一度始めてください。',
  },
  'consent.none-under-way': {
    message: 'そのような同意は進行していません',
    fix: '新しいリンクを作ってください。',
  },
  'consent.no-admin-consent': {
    message: '{provider} には、組織全体についての管理者の同意がありません',
    fix: '各メールボックスの所有者に、そのページまたは同意リンクで同意してもらってください。',
  },
  'consent.admin-declined': {
    message: '{provider} によると、管理者は同意していません{reason}',
    fix: '組織について同意できる管理者(クラウドアプリケーション管理者など)としてリンクを開いてください。',
  },
  'consent.link-ended': {
    message: '同意リンクはその間に使われたか、期限が切れました',
    fix: '送った人に新しいリンクを依頼してください。',
  },
  'consent.mailbox-gone': {
    message: 'メールボックス {mailbox} はその間に削除または変更されました',
    fix: '現在の状況を管理者に確認してから、やり直してください。',
  },
  'consent.link-unknown': {
    message: '取り消せる同意リンク {id} はありません',
  },
  'consent.link-invalid': {
    message: 'この同意リンクは無効です(使用済み、期限切れ、または存在しません)',
    fix: '送った人に新しいリンクを依頼してください。',
  },
  'consent.declined': {
    message: '{provider} でアクセスが許可されませんでした',
    fix: 'やり直して同意してください。選択肢が表示されなかった場合は、組織の管理者に postern の許可を依頼してください。',
  },
  'consent.unfinished': {
    message: '{provider} では、まだ必要な操作があります: {error}',
    fix: 'やり直してすべての手順を終えてください。終えられない場合は、組織の管理者に相談してください。',
  },
  'consent.provider-trouble': {
    message: '{provider} で一時的な問題が起きています: {error}',
    fix: '数分後にやり直してください。',
  },
  'consent.callback-refused': {
    message: '{provider} がリクエストを拒否しました: {error}',
    fix: 'プロバイダーで登録のクライアントID、リダイレクトURI、スコープを確認してください。',
  },
  'consent.answer-unchecked': {
    message: '{provider} の応答が検証を通りませんでした',
    fix: 'やり直してください。続く場合は、プロバイダーの issuer とエンドポイントを確認してください。',
  },
  'consent.not-the-address': {
    message: 'これはブラウザーが最後に開いたアドレスではありません',
    fix: 'ブラウザーのアドレスバーにあるアドレス全体、またはページに表示されたコードをコピーしてください。',
  },
  'consent.no-device-flow': {
    message: '{provider} は、別の機器でコードを入力するサインインに対応していません',
    fix: 'ブラウザーでの同意を使ってください。リンクは、postern に接続できるどのマシンでも使えます。',
  },
  'consent.too-many-devices': {
    message: '別の機器での同意がすでに {most} 件進行中です',
    fix: 'どれかが終わるまで待ってください。',
  },
  'consent.device-unknown': {
    message: '別の機器での同意は存在しないか、すでに終わっています',
    fix: '最初からやり直してください。',
  },
  'consent.no-refresh-token': {
    message: '{provider} がリフレッシュトークンを返しませんでした',
    fix: 'アカウントの連携アプリから postern を削除してやり直してください。それでも解決しない場合、登録でオフラインアクセスを要求する必要があります。',
  },
  'consent.wrong-person': {
    message: '{person} がサインインしましたが、必要なのは {expected} です',
    fix: 'やり直してアカウント {expected} を選んでください。{person} が {mailbox} の代わりに送信できる場合は、サインインするアカウントとして {person} を設定するよう、postern の管理者に依頼してください。',
  },
  'consent.address-unverified': {
    message: '{provider} によると、サインインしたアカウントのメールアドレスは確認されていません',
    fix: 'プロバイダーでアドレスの確認を済ませてから、やり直してください。自社のプロバイダーがアドレスを保証している場合は、email_verified でそれを示すか、プロバイダーファイルの identityClaim で別のクレームを指定してください。',
  },
  'consent.userinfo-of-another': {
    message: '{provider} の userinfo エンドポイントが、サインインしたものとは別のアカウントを返しました',
    fix: 'プロバイダーファイルの userinfoEndpoint を確認してください。発行者のものでなければなりません。',
  },
  'consent.userinfo-unreadable': {
    message:
      '{provider} はどのメールアドレスがサインインしたかを示さず、userinfo エンドポイントも読み取れませんでした',
    fix: '後でやり直してください。続く場合は、プロバイダーファイルの userinfoEndpoint を確認するか、ID トークンにアドレスを含めるようプロバイダーを設定してください。理由はログにあります。',
  },
  'consent.scope-missing': {
    message: 'メールを送る権限が与えられませんでした: {scopes}',
    fix: 'やり直して、すべてのチェックを付けたままにしてください。チェック欄がなかった場合は、プロバイダーの登録にスコープを追加してください。',
  },
  'consent.not-needed': {
    message: '{provider} では人の同意は不要です。アプリ自身が {mailbox} の代わりに送信します',
    fix: 'ここですることはありません。アプリの設定の方法はプロバイダーのページにあります。',
  },
  'consent.whole-domain': {
    message: '「{mailbox}」はドメイン全体です。アプリが同意なしでメールを送信します',
    fix: 'ここでの操作は不要です。人の同意が必要な場合は、個別のアドレスでメールボックスを追加してください。',
  },
  'consent.link-id-taken': {
    message: 'この ID の同意リンクはすでにあります',
  },
  'consent.link-used': {
    message: 'この同意リンクは使用済みか、期限切れか、存在しません',
    fix: '新しいリンクを依頼してください。',
  },
  'consent.state-taken': {
    message: 'この state の同意はすでにあります',
  },
  'consent.mailbox-or-link-gone': {
    message: 'メールボックス {mailbox} またはその同意リンクがなくなりました',
  },
  'mailbox.unknown': {
    message: 'メールボックス {mailbox} はありません',
    fix: 'まず追加してください。',
  },
  'mailbox.just-moved': {
    message: '{mailbox} は別のプロバイダーに移ったばかりです',
    fix: 'もう一度試してください。',
  },
  'mailbox.several-registrations': {
    message: 'このメールボックスのプロバイダーには登録が複数あります: {names}',
    fix: '組織に合うものを選んでください。',
  },
  'mailbox.provider-not-told': {
    message: 'このメールボックスのプロバイダーを特定できません',
    fix: 'プロバイダーを選んでください。',
  },
  'mailbox.no-app-only': {
    message: '{provider} では、人の同意なしでアプリが送信することはできません',
    fix: 'アプリのみ(app-only)ではない形でメールボックスを追加し、所有者に同意してもらってください。',
  },
  'mailbox.domain-needs-app-only': {
    message: '「{mailbox}」はドメイン全体です。すべてのメールボックスについて同意できる人はいません',
    fix: 'アプリが組織の代わりに送信できるプロバイダーで アプリのみ(app-only)で追加するか、メールボックスを個別のアドレスで追加してください。',
  },
  'mailbox.app-only-with-person': {
    message: '同意を使わないメールボックスには、リフレッシュトークンもサインインする人もありません',
    fix: 'アプリのみ(app-only)か、リフレッシュトークンとサインインする人のどちらかを外してください。',
  },
  'mailbox.whole-domain': {
    message: '「{mailbox}」はドメイン全体です',
    fix: 'その中のアドレスを 1 つ入力してください。',
  },
  'mailbox.user-unusable': {
    message: '「{text}」はメールサーバーの名前としては使えません',
    fix: 'その人がメールサーバーへのサインインに使う名前(till@example.onmicrosoft.com など)を指定してください。',
  },
  'mailbox.domain-without-aliases': {
    message: '「{mailbox}」はドメイン全体なので、別名はありません',
    fix: 'ログイン情報の「ほかに使える差出人」で指定してください。',
  },
  'mailbox.alias-of-domain': {
    message: '「{text}」はドメイン全体ですが、別名は 1 つのアドレスです',
    fix: 'ログイン情報の「ほかに使える差出人」に *@example.com と書くと、ドメインのどのアドレスでも使えます。',
  },
  'mailbox.no-refresh-token': {
    message: 'リフレッシュトークンではありません。表示可能な ASCII の 1 行である必要があります',
    fix: 'リフレッシュトークンだけが入ったファイルを指定してください。',
  },
  'mailbox.exists': {
    message: 'メールボックス {mailbox} はすでにあります',
  },
  'notice.webhook-unreached': {
    message: 'Webhook {host} に接続できません',
    fix: 'POSTERN_NOTIFY_WEBHOOK_URL と、そのサーバーが応答することを確認してください。',
  },
  'notice.webhook-unreachable': {
    message: 'Webhook {host} に接続できません: {reason}',
    fix: 'POSTERN_NOTIFY_WEBHOOK_URL と、そのサーバーが応答することを確認してください。',
  },
  'notice.webhook-set-up-wrong': {
    message: 'Webhook {host} に接続できません: {reason}',
    fix: '{reason.fix}',
  },
  'notice.command-ended': {
    message: 'POSTERN_NOTIFY_COMMAND は {signal} で終了させられました',
    fix: '標準入力に JSON を渡して手動で実行してみてください。{seconds} 秒以内に終了コード 0 で終わる必要があります。',
  },
  'notice.command-failed': {
    message: 'POSTERN_NOTIFY_COMMAND は終了コード {status} で終わりました',
    fix: '標準入力に JSON を渡して手動で実行してみてください。{seconds} 秒以内に終了コード 0 で終わる必要があります。',
  },
  'notice.webhook-refused': {
    message: 'Webhook {host} が HTTP ステータス {status} を返しました',
    fix: 'サーバー側でリクエストの記録を確認してください。リダイレクトには従いません。',
  },
  'notice.mail-not-taken': {
    message: '{mailbox} からの通知は受け取られませんでした({status})',
    fix: '「postern mailbox show {mailbox}」で送信できるか確認し、POSTERN_NOTIFY_MAIL_TO も確認してください。',
  },
  'notice.command-not-started': {
    message: 'POSTERN_NOTIFY_COMMAND を起動できません',
    fix: 'シェルがインストールされ、postern がプログラムを実行できることを確認してください。',
  },
  'notice.no-channel': {
    message: '通知の経路が設定されていないため、同意リンクを送れません',
    fix: 'POSTERN_NOTIFY_WEBHOOK_URL、POSTERN_NOTIFY_MAIL_FROM、POSTERN_NOTIFY_COMMAND のいずれかを設定して再起動するか、リンクを自分で渡してください。',
  },
  'notice.link-not-delivered': {
    message: '同意リンクはどの経路でも届きませんでした({reason})',
    fix: '経路のどれかを直すか、リンクを自分で渡してください。',
  },
}
