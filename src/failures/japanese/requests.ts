import type { Translated } from '../entry.ts'
import type { requestsFailures } from '../requests.ts'

export const requests: Translated<typeof requestsFailures> = {
  'web.request-not-right': {
    message: 'リクエストが正しくありません: {mistakes}',
    fix: '修正して、もう一度送ってください。',
  },
  'web.key-missing': {
    message: 'APIキーが必要です',
    fix: 'APIキーまたは所有者キーを付けて「Authorization: Bearer KEY」を送ってください。',
  },
  'web.key-invalid': {
    message: 'この APIキーは無効です',
    fix: 'APIキーまたは所有者キーを付けて「Authorization: Bearer KEY」を送ってください。',
  },
  'web.scope-missing': {
    message: 'この APIキーではできません',
    fix: 'スコープ {scope} または admin を持つキーを使ってください。',
  },
  'web.admin-needed': {
    message: 'この APIキーではできません',
    fix: 'スコープ admin を持つキーを使ってください。',
  },
  'web.no-such-path': {
    message: 'このパスには何もありません',
  },
  'web.body-no-json': {
    message: '本文が JSON ではありません',
    fix: '「Content-Type: application/json」を付けて送ってください。',
  },
  'web.body-no-message': {
    message: '本文がメッセージではありません',
    fix: '「Content-Type: application/json」で JSON を送るか、「Content-Type: message/rfc822」でメッセージをそのまま送ってください。',
  },
  'web.other-name': {
    message: 'postern はこの名前とポートには応答しません',
    fix: '{address} を使うか、ブラウザーが使うアドレスを POSTERN_PUBLIC_URL に設定してください。',
  },
  'web.form-of-other-site': {
    message: 'このフォームは別のサイトのページから送られました',
    fix: 'ページを本来のアドレスで開き、そこからフォームを送ってください。',
  },
  'web.body-too-large': {
    message: 'リクエスト本文が、ここで読み取れる大きさを超えています',
  },
  'web.body-encoding': {
    message: 'リクエスト本文の文字コードを解釈できません',
    fix: 'UTF-8 で送ってください。',
  },
  'web.request-slow': {
    message: 'リクエストが時間内に最後まで届きませんでした',
    fix: '途中で止めずに、もう一度送ってください。全体は 60 秒以内、ヘッダーは 30 秒以内に届く必要があります。',
  },
  'web.head-too-large': {
    message: 'リクエストのアドレスとヘッダーが、ここで読み取れる大きさを超えています',
  },
  'web.request-unreadable': {
    message: 'リクエストを読み取れません',
    fix: 'アドレスが正しくエンコードされ、本文が途中で切れていないか確認してください。',
  },
  'web.no-such-page': {
    message: 'このアドレスにページはありません',
  },
  'web.at-other-address': {
    message: 'このページは別のアドレスにあります',
    fix: '次のアドレスで開いてください: {address}/',
  },
  'web.method-not-allowed': {
    message: 'ここでは {method} は使えません',
    fix: '{methods} を使ってください。',
  },
  'page.sign-in-failed': {
    message: '{provider} によると、サインインは成功しませんでした',
    fix: '同じブラウザーでもう一度サインインしてください。',
  },
  'page.sign-in-unchecked': {
    message: '{provider} の応答が検証を通りませんでした',
    fix: '同じブラウザーでもう一度サインインしてください。',
  },
  'page.sign-in-elsewhere': {
    message: 'このサインインは別のブラウザーで始められたか、時間がかかりすぎました',
    fix: '同じブラウザーでもう一度サインインしてください。',
  },
  'page.sign-in-needed': {
    message: '続けるにはサインインしてください',
    fix: '管理画面のパスワード、または一度だけ使えるサインインリンクでサインインしてください。新しいリンクが必要なときは、postern のマシンで「postern sign-in」を実行し、表示されたアドレス(先頭は {address}/)を開いてください。',
  },
  'page.sign-in-link-unknown': {
    message: 'このサインインリンクは無効です(存在しない、使用済み、または 15 分を過ぎています)',
    fix: '新しいリンクが必要なときは、postern のマシンで「postern sign-in」を実行し、表示されたアドレス(先頭は {address}/)を開いてください。',
  },
  'page.session-ended': {
    message: 'このセッションは終了しています',
    fix: 'もう一度サインインしてください。',
  },
  'page.no-sign-in-at-provider': {
    message: '{provider} でこのページにサインインすることはできません',
    fix: 'POSTERN_ADMIN_EMAILS または POSTERN_VIEWER_EMAILS に人を、POSTERN_SIGN_IN_PROVIDERS にプロバイダーを指定してください。誰がサインインしたかを証明できるプロバイダーに限ります。',
  },
  'page.address-unverified': {
    message: '{provider} によると、あなたのメールアドレスは確認されていません',
    fix: 'プロバイダーでアドレスの確認を済ませてから、もう一度サインインしてください。',
  },
  'page.nobody-proven': {
    message: '{provider} はあなたのメールアドレスを証明しませんでした',
    fix: 'アドレスが確認済みのアカウントでサインインしてください。Google では、Gmail または組織のアカウントに限ります。',
  },
  'page.person-unknown': {
    message: '{person} はこのページを見ることができません',
    fix: 'postern の運用者に、このアドレスを POSTERN_ADMIN_EMAILS または POSTERN_VIEWER_EMAILS に加えるよう依頼してください。',
  },
  'page.wrong-password': { message: 'パスワードが違います' },
  'page.key-without-right': {
    message: '許可する操作が選ばれていません',
    fix: '許可する操作を選んでください。',
  },
  'page.key-without-mailbox': {
    message: 'アクセストークンの取得と送信にはメールボックスが必要ですが、選ばれていません',
    fix: 'メールボックスを選んでください。',
  },
  'page.passwords-differ': {
    message: '2 つのパスワードが一致しません',
    fix: '同じパスワードを 2 回入力してください。',
  },
  'page.session-ended-already': {
    message: 'このセッションはすでに終了しています',
  },
  'page.no-such-role': {
    message: 'そのような役割はありません',
    fix: '{roles} から選んでください。',
  },
  'page.result-gone': {
    message: 'その結果は、ここにはもう残っていません',
    fix: '接続されているかどうかは、メールボックスのページで分かります。',
  },
  'page.shown-no-more': {
    message: 'このページは短い間だけ残され、もう表示できません',
    fix: '表示されていた内容は二度と表示できません。新しく作成してください。',
  },
  'page.no-such-login': {
    message: 'そのログインはありません',
  },
  'page.password-changed': {
    message: 'サインインの途中で新しいパスワードが設定されました',
    fix: 'もう一度サインインしてください。',
  },
  'page.sender-of-other-domain': {
    message: '{sender} は {mailbox} のアドレスではありません',
    fix: 'そのドメインの差出人を指定してください。',
  },
  'page.test-address': {
    message: '「{address}」ではテストメッセージを送受信できません',
    fix: 'ASCII 文字のアドレスを 1 つ入力してください。',
  },
  'page.login-ended': {
    message: 'このログインは終了しています',
    fix: '戻ってメールボックスのページを読み込み直し、別のログインを選んでください。',
  },
  'page.form-of-other-session': {
    message: 'このフォームは、このセッションのページのものではありません',
    fix: '前のページに戻って再読み込みし、もう一度送ってください。',
  },
  'page.viewer': {
    message: '閲覧者はページを見るだけで、変更はできません',
    fix: '管理者に依頼してください。',
  },
  'journal.no-number': {
    message: '記録の件数として読み取れません',
    fix: '1~{most} を指定してください。',
  },
  'journal.filter-unknown': {
    message: '「{text}」で記録を絞り込むことはできません',
    fix: '{words} のいずれかを使ってください。',
  },
  'journal.time-unreadable': {
    message: '「{text}」は日時として読み取れません',
    fix: '2030-12-31、2030-12-31T18:00:00Z、today(今日)、yesterday(昨日)、または 30m・2h・7d(30 分前・2 時間前・7 日前)の形で入力してください。',
  },
  'journal.id-unreadable': {
    message: '「{text}」は記録の ID ではありません',
    fix: '記録に表示された ID を指定してください。',
  },
  'command.no-broker': {
    message: 'データディレクトリ {directory} で postern は実行されておらず、この操作には必要です',
    fix: '「postern serve」(または npm start)で起動するか、データディレクトリを POSTERN_DATA_DIR に指定してください。',
  },
  'command.broker-left-behind': {
    message: '{found}。この操作には実行中の postern が必要です',
    fix: '「postern serve」(または npm start)で起動するか、データディレクトリを POSTERN_DATA_DIR に指定してください。実行中でもこのコマンドより古いものは再起動が必要です。',
  },
  'command.broker-answer': {
    message: '実行中の postern が {status} を返しました',
  },
  'command.bad-usage': {
    message: '{what}',
    fix: '「postern --help」、または動詞の後の --help を見てください。',
  },
  'command.mistaken-settings': {
    message: '設定に {count} 件の誤りがあります:{list}',
    fix: '環境変数または .env を直してください。各設定の説明は .env.example にあります。',
  },
  'command.nothing-pasted': {
    message: '何も貼り付けられませんでした',
    fix: 'やり直して、アドレスまたはコードを貼り付けてください。',
  },
  'command.nobody-consented': {
    message: '{minutes} 分の間に {mailbox} のリンクが使われませんでした',
    fix: 'リンクは {until} まで有効です。使われたかどうかは「postern mailbox show {mailbox}」で確認できます。',
  },
  'command.link-ended': {
    message: '{mailbox} のリンクは、使われる前に終了しました',
    fix: 'やり直してください: postern consent {mailbox} --wait',
  },
  'command.broker-silent': {
    message: '実行中の postern が応答しません',
    fix: 'そのログを確認して、もう一度試してください。',
  },
  'command.broker-strange': {
    message: '実行中の postern の応答を、このコマンドは読み取れません',
    fix: 'コマンドとバージョンが違う場合は、postern を再起動してください。',
  },
  'command.file-unreadable': {
    message: '{path} を読み取れません({reason})',
  },
  'command.input-empty': {
    message: '{from} は空です',
  },
  'export.unwritable': {
    message: '{path} に書き込めません({reason})',
    fix: 'root、またはそのフォルダーの所有者として実行してください。',
  },
  'import.format-unknown': {
    message: '{path} は、postern が引き継げるプログラムのファイルではありません',
    fix: '--format でプログラムを指定してください: {formats}。',
  },
  'import.file-too-large': {
    message:
      '{path} は {most} KiB を超えています。そのようなプログラムのファイルがこれほど大きいことはありません',
    fix: 'ログやメールではなく、設定ファイルかトークンファイルを指定してください。',
  },
  'import.encrypted': {
    message: '{path} は暗号化されているか、テキストではありません',
    fix: '標準入力から読み、標準出力に書く復号コマンドを指定してください: --decrypt-command "gpg --decrypt"。',
  },
  'import.decrypt-failed': {
    message: '{path} に対するコマンドが {status} で終了したか、終了しませんでした',
    fix: 'このファイルに対して手で実行してみてください。中身を出力し、何も尋ねないコマンドが必要です。',
  },
  'import.mistaken': {
    message: '{path}: {what}',
    fix: 'ファイルを直すか、--format で書いたプログラムを指定してください。',
  },
  'import.unreadable': {
    message: '{path} の {line} 行目: {what}',
    fix: 'ファイルを直すか、--format で書いたプログラムを指定してください。',
  },
  'import.registration-failed': {
    message: 'そのアプリ登録が追加されませんでした',
  },
  'import.no-registration': {
    message: 'どのファイルにもクライアントの記載がなく、{provider} のアプリ登録もまだありません',
    fix: '「postern registration add」で追加するか、--provider で指定して、もう一度取り込んでください。',
  },
  'import.no-client': {
    message: 'どのファイルにもクライアントの記載がありません',
    fix: '記載のあるファイル(/etc/sasl-xoauth2.conf、oama の config.yaml)も指定するか、--provider でアプリ登録を指定してください。',
  },
  'command.mistaken-setting': {
    message: '設定に誤りがあります:{list}',
    fix: '環境変数または .env を直してください。各設定の説明は .env.example にあります。',
  },
  'trace.of-whom': {
    message: '通信記録の対象は、ログインかアドレスのどちらか一つです',
    fix: 'ログインのユーザー名か、クライアントの接続元 IPアドレスを指定してください。',
  },
  'trace.minutes': {
    message: '通信記録の長さは 1分から {most}分までです',
    fix: '何分間かを整数で指定してください。',
  },
  'trace.no-address': {
    message: 'IPアドレスではありません: {text}',
  },
  'trace.too-many': {
    message: '通信記録はすでに {most}件あります',
    fix: 'どれかを終えるか、お待ちください。読まれない通信記録は 1分以内に終わります。',
  },
  'trace.unknown': {
    message: 'その通信記録はありません。すでに終わっています',
  },
}
