import type { Translated } from '../entry.ts'
import type { upstreamFailures } from '../upstream.ts'

export const upstream: Translated<typeof upstreamFailures> = {
  'upstream.name-unknown': {
    message: '{host} への接続に失敗しました: {reason}',
    fix: 'ホスト名の綴りと、このマシンのネームサーバー(DNS)を確認してください。',
  },
  'upstream.name-unanswered': {
    message: '{host} への接続に失敗しました: {reason}',
    fix: 'このマシンのネームサーバー(DNS)を確認してください。この名前について応答がありません。',
  },
  'upstream.too-many-names': {
    message: '{host} への接続に失敗しました: {reason}',
    fix: 'このマシンのネームサーバー(DNS)を確認してください。応答が追いつかないほど多くの名前が待っています。',
  },
  'upstream.refused-to-connect': {
    message: '{host} への接続に失敗しました: {reason}',
    fix: 'ホストとポートを確認してください。待ち受けているものがないか、ファイアウォールが拒否しています。',
  },
  'upstream.unreachable': {
    message: '{host} への接続に失敗しました: {reason}',
    fix: 'あとでもう一度試してください。続く場合は、ファイアウォールやプロキシを通るプロバイダーまでの経路を確認してください。',
  },
  'upstream.no-tls': {
    message: '{host} との TLS に失敗しました({reason})',
    fix: 'プロバイダーのポートと TLS の方式を確認してください。"implicit"(通常はポート 465)または "starttls"(通常は 587)です。TLS 1.2 以上が必要です。',
  },
  'upstream.refused-for-now': {
    message: '{host} が {what} を拒否しました({status})',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.refused': {
    message: '{host} が {what} を拒否しました({status})',
    fix: 'プロバイダーのホストとポート、およびこのネットワークからの接続を受け付けるか確認してください。',
  },
  'upstream.connection-refused-for-now': {
    message: '{host} が接続を拒否しました({status})',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.connection-refused': {
    message: '{host} が接続を拒否しました({status})',
    fix: 'プロバイダーのホストとポート、およびこのネットワークからの接続を受け付けるか確認してください。',
  },
  'upstream.sign-in-refused-for-now': {
    message: '{host} が {mailbox} のサインインを拒否しました({status})',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.sign-in-refused': {
    message: '{host} が {mailbox} のサインインを拒否しました({status})',
    fix: 'プロバイダーのホスト、ポート、認証方式と、アカウントが無効になっていないことを確認してください。',
  },
  'upstream.sign-in-refused-from-here': {
    message: '{host} が {mailbox} のサインインを拒否しました({status})',
    fix: 'プロバイダーのホストとポート、およびこのネットワークからの接続を受け付けるか確認してください。',
  },
  'upstream.no-common-mechanism': {
    message: '{host} は {wanted} でのサインインに対応していません({offered} のみ)',
    fix: 'プロバイダーのホストとポートを確認してください。MX ではなく送信(submission)用のサーバーが必要です。',
  },
  'upstream.no-mechanism': {
    message: '{host} は {wanted} でのサインインにも、ほかのどの方式にも対応していません',
    fix: 'プロバイダーのホストとポートを確認してください。MX ではなく送信(submission)用のサーバーが必要です。',
  },
  'upstream.token-refused': {
    message: '{host} が {mailbox} のアクセストークンを拒否しました({status})',
    fix: '同意したアカウントが {mailbox} として送信でき、同意にメール送信が含まれていたことを確認して、もう一度同意してください。サインインする人がメールサーバーで別の名前を持つ場合は、--sasl-user で設定してください。',
  },
  'upstream.token-refused-of-user': {
    message: '{host} が {user} としてサインインした {mailbox} のアクセストークンを拒否しました({status})',
    fix: '同意したアカウントが {mailbox} として送信でき、同意にメール送信が含まれていたことを確認して、もう一度同意してください。サインインする人がメールサーバーで別の名前を持つ場合は、--sasl-user で設定してください。',
  },
  'upstream.token-lacks-right': {
    message: '{host} が {mailbox} のアクセストークンを拒否しました({status})',
    fix: '{warning}。',
  },
  'upstream.token-of-user-lacks-right': {
    message: '{host} が {user} としてサインインした {mailbox} のアクセストークンを拒否しました({status})',
    fix: '{warning}。',
  },
  'upstream.no-mail-after-sign-in': {
    message: '{host} はサインインを受け付けますが、メールを受け付けません({status})',
    fix: 'プロバイダーでこのアカウントの送信が許可されていることを確認してください。',
  },
  'upstream.no-mail-for-now': {
    message: '{host} はサインインを受け付けますが、メールを受け付けません({status})',
    fix: 'プロバイダーでこのアカウントの送信が許可されていることを確認してください。',
  },
  'upstream.test-sender-refused': {
    message: 'プロバイダーが差出人 {mailbox} を拒否しました',
    fix: '理由はプロバイダーの応答にあります(ログにも記録されています)。',
  },
  'upstream.test-recipient-refused': {
    message: 'プロバイダーが {recipient} 宛てのメッセージを拒否しました',
    fix: '理由はプロバイダーの応答にあります(ログにも記録されています)。',
  },
  'upstream.test-message-refused': {
    message: 'プロバイダーがメッセージを拒否しました',
    fix: '理由はプロバイダーの応答にあります(ログにも記録されています)。',
  },
  'upstream.no-idle-connection': {
    message: '渡せる空き接続がありません',
  },
  'upstream.closed-after-sign-in': {
    message: 'プロバイダーがサインイン直後に接続を閉じました',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.no-connection-in-time': {
    message: 'プロバイダーに {seconds} 秒以内に接続できませんでした',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.connection-lost': {
    message: '{host} への接続に失敗しました: {reason}',
    fix: 'あとでもう一度試してください。続く場合は、ファイアウォールやプロキシを通るプロバイダーまでの経路を確認してください。',
  },
  'upstream.closed-before-reply': {
    message: '{host} は最初の応答の前にすべての接続を閉じます',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.no-starttls': {
    message: '{host} は STARTTLS に対応していません。postern は TLS なしでトークンを送りません',
    fix: 'プロバイダーのホストとポート、およびファイアウォールが応答から STARTTLS を取り除いていないか確認してください。',
  },
  'upstream.sign-in-too-slow': {
    message: '{host} でのサインインに時間がかかりすぎました',
    fix: 'あとでもう一度試してください。続く場合は、ファイアウォールやプロキシを通るプロバイダーまでの経路を確認してください。',
  },
  'upstream.bdat-refused': {
    message: '{host} は CHUNKING を示しながら BDAT を拒否しました({status})',
    fix: 'メッセージをもう一度送ってください。今度は DATA で送られます。',
  },
  'upstream.outcome-unknown': {
    message: '{host} はメッセージがどうなったかを伝えませんでした: {reason}',
    fix: 'もう一度送る前に、届いているかどうかを確認してください。',
  },
  'upstream.sign-in-answer-strange': {
    message: '{host} がサインインに対して意味のない応答を返しました({status})',
    fix: 'あとでもう一度試してください。',
  },
  'upstream.transaction-over': {
    message: 'このトランザクションはすでに終わっています',
  },
  'sending.connections-in-use': {
    message: 'プロバイダーが許可する接続が {seconds} 秒間すべて使用中でした',
    fix: 'もう一度試してください。頻繁に起きる場合は、一度に送る量を減らすか、メールボックスを増やして分散してください。',
  },
  'sending.rate-reached': {
    message: 'プロバイダーの上限により {seconds} 秒間メッセージを送れませんでした',
    fix: 'もう一度試してください。頻繁に起きる場合は、ゆっくり送るか、メールボックスを増やして分散してください。',
  },
  'sending.wait-too-long': {
    message:
      'プロバイダーの上限により、このメッセージを送れるのは早くても {seconds} 秒後です。クライアントがそれほど長く待つかどうかは分かりません',
    fix: 'もう一度試してください。プログラムが応答をもっと長く待てる場合は、POSTERN_SHORT_WAIT_SECONDS を大きくしてください。',
  },
  'sending.queue-full': {
    message: 'このメールボックスで待機しているメッセージが多すぎます',
    fix: 'もう一度試してください。頻繁に起きる場合は、一度に送る量を減らすか、メールボックスを増やして分散してください。',
  },
  'sending.client-too-slow': {
    message: 'クライアントに時間がかかりすぎたため、接続はほかに回されました',
    fix: 'メッセージをもう一度送ってください。RCPT と DATA の間でメッセージを準備するプログラムは、その前に準備してください。',
  },
  'sending.recipients-used-up': {
    message:
      '{account} は 24 時間で受信者 {used} 件に達しました。プロバイダーの上限は {most} 件で、さらに {recipients} 件宛てのメッセージを送ろうとしました',
    fix: '24 時間の枠が空くまで待つか、メールボックスを増やして分散するか、契約の範囲内で POSTERN_PROVIDERS_FILE の recipientsPerDay を上げてください。',
  },
  'sending.recipients-under-way': {
    message:
      '{account} は 24 時間で受信者 {used} 件に達し、{reserved} 件が進行中です。プロバイダーの上限は {most} 件で、さらに {recipients} 件宛てのメッセージを送ろうとしました',
    fix: '24 時間の枠が空くまで待つか、メールボックスを増やして分散するか、契約の範囲内で POSTERN_PROVIDERS_FILE の recipientsPerDay を上げてください。',
  },
  'sending.no-transaction-for-recipients': {
    message: '受信者を追加するトランザクションがありません',
  },
  'sending.no-transaction': {
    message: '続けるトランザクションがありません',
  },
  'sending.no-transaction-for-message': {
    message: 'このメッセージのトランザクションがありません',
  },
  'sending.no-message': {
    message: '送るメッセージがありません',
  },
  'sending.no-submitter': {
    message: 'メッセージを送る人がいません',
  },
  'sending.envelope-unfit': {
    message: 'エンベロープに、コマンドで使えない文字があります',
    fix: 'アドレスとパラメーターを制御文字なしで送ってください。',
  },
  'sending.quota-reached': {
    message: 'プロバイダーの 1 日の送信上限に達しました({status})',
    fix: '24 時間の枠が空くまで待つか、メールボックスを増やして分散してください。',
  },
  'sending.too-fast': {
    message:
      'プロバイダーは、このメールボックスからこの速さではメッセージを受け取りません。ほかのプログラムも使っているかもしれません({status})',
    fix: 'ゆっくり送るか、ほかのプログラムに専用のメールボックスを用意してください。',
  },
  'sending.throttled': {
    message: 'プロバイダーが、以前のエラーや疑わしい動作のためにこのメールボックスを遅くしています({status})',
    fix: '以前に何が拒否されたかを調べ、繰り返しているプログラムを止めてください。',
  },
  'sending.deferred': {
    message:
      'プロバイダーが、量、苦情、または疑わしい動作のためにこのメールボックスからのすべてを後回しにしています({status})',
    fix: '一度に送る量を減らし、迷惑メールを送っていないか調べてください。',
  },
  'sending.mailbox-full': {
    message: 'プロバイダーによると、送信済みアイテムを含めてメールボックスがいっぱいです({status})',
    fix: 'メールボックスの送信済みアイテムを空にするか、保持ポリシーを設定してください。',
  },
  'sending.blocked': {
    message: 'プロバイダーが、このアカウントまたはその組織の送信を禁止しています({status})',
    fix: 'プロバイダーの制限されたアカウントの一覧を管理者に確認してもらい、アカウントが悪用されていないか調べてください。',
  },
  'sending.address-blocked': {
    message: 'プロバイダーは、このマシンのネットワークアドレスからは何も受け取りません({status})',
    fix: 'プロバイダーに例外を依頼するか、別のアドレスから送ってください。',
  },
  'sending.no-logon': {
    message: 'プロバイダーがメールボックスを開けません({status})',
    fix: 'メールボックスのライセンスと、同意したアカウントがそれを使えることを確認してください。',
  },
  'sending.sender-not-let': {
    message:
      'プロバイダーは、このメールボックスが {sender} として送信することを繰り返し拒否しています({status})',
    fix: 'プログラムの差出人をメールボックス自身にする(またはログインの --rewrite-sender を使う)か、プロバイダーでこの差出人を許可してもらってください。',
  },
  'sending.own-address-not-let': {
    message:
      'プロバイダーは、このメールボックスが自分自身として送信することを繰り返し拒否しています({status})',
    fix: '同意したアカウントがこのメールボックスとして送信できるように、プロバイダーで許可してもらってください(Exchange では「差出人 (Send As)」の権限です)。',
  },
  'sending.all-refused': {
    message:
      'プロバイダーは、あるプログラムが {sender} として送ったすべてをしばらく拒否しており(最後は {status})、繰り返すと罰せられます',
    fix: '何が拒否されているかを調べ、繰り返しているプログラムを止めてください。',
  },
  'sending.recipients-unknown': {
    message:
      'このプログラムの最近の受信者 {of} 件のうち {unknown} 件をプロバイダーは知りません(最後は {status})。続けるとメールボックスが罰せられます',
    fix: '存在しないアドレスをプログラムの宛先リストから取り除いてください。',
  },
  'sending.header-without-from': {
    message: 'プロバイダーがこのプログラムのメッセージ({header})を繰り返し拒否しています({reply})',
    fix: 'プログラムがメッセージのヘッダー From: に {mailbox} を書くようにするか、そのログインに書き換えさせてください(--rewrite-from)。',
  },
  'sending.header-from': {
    message: 'プロバイダーがこのプログラムのメッセージ({header})を繰り返し拒否しています({reply})',
    fix: 'プログラムがメッセージのヘッダー From: に {mailbox} を書くようにするか、そのログインに書き換えさせるか(--rewrite-from)、このメールボックスが {named} として送信できるようにプロバイダーで許可してもらってください。',
  },
  'sending.header-sender': {
    message: 'プロバイダーがこのプログラムのメッセージ({header})を繰り返し拒否しています({reply})',
    fix: 'プログラムがメッセージのヘッダー Sender: を書かないか、そこに {mailbox} を書くようにするか、そのログインに書き換えさせるか(--rewrite-from)、このメールボックスが {named} として送信できるようにプロバイダーで許可してもらってください。',
  },
  'sending.header-resent': {
    message: 'プロバイダーがこのプログラムのメッセージ({header})を繰り返し拒否しています({reply})',
    fix: 'プログラムがメッセージのヘッダー Resent-From: と Resent-Sender: に {mailbox} を書くようにするか、このメールボックスが {named} として送信できるようにプロバイダーで許可してもらってください。',
  },
  'sending.header-envelope': {
    message: 'プロバイダーがこのプログラムのメッセージ({header})を繰り返し拒否しています({reply})',
    fix: 'プログラムの差出人をメールボックス自身にする(またはログインの --rewrite-sender を使う)か、このメールボックスが {named} として送信できるようにプロバイダーで許可してもらってください。',
  },
  'sending.message-refused': {
    message:
      'プロバイダーが、メールボックス自身だけを差出人とするこのプログラムのメッセージを繰り返し拒否しています({status})',
    fix: '同意したアカウントがこのメールボックスとして送信できるように、プロバイダーで許可してもらってください(Exchange では「差出人 (Send As)」の権限です)。',
  },
  'sending.message-refused-for-name': {
    message:
      'プロバイダーが、メールボックス自身だけを差出人とするこのプログラムのメッセージを繰り返し拒否しています({status}、対象は {named})',
    fix: 'プログラムがメッセージのヘッダーに {named} を書かないようにするか、このメールボックスがそのアドレスとして送信できるようにプロバイダーで許可してもらってください。',
  },
  'sending.paused': {
    message: '{reason}({time} に再試行します)',
    fix: '{reason.fix}',
  },
  'sending.tried-now': {
    message: '{reason}(解消したかどうかを別のメッセージで確認中です)',
    fix: '{reason.fix}',
  },
  'sending.no-right': {
    message: 'この APIキーで送信できるメールボックスがありません',
    fix: 'メッセージの差出人のメールボックスのスコープ send:ADDRESS を持つキーを使ってください。',
  },
  'sending.no-address': {
    message: 'このアドレスとの間でメールを送ることはできません: {address}',
    fix: 'you@example.com のような普通のアドレスを指定してください。',
  },
  'sending.no-recipients': {
    message: 'メッセージに宛先がありません',
    fix: 'to、cc、bcc、またはパラメーター to で宛先を指定してください。',
  },
  'sending.too-many-recipients': {
    message: '1 通のメッセージの宛先は {most} 件までです',
    fix: '複数のメッセージに分けて送るか、POSTERN_RECIPIENTS_PER_MESSAGE を増やしてください。',
  },
  'sending.utf8-not-offered': {
    message: 'アドレスまたはヘッダーに ASCII 以外の文字があり、プロバイダーが受け付けません',
    fix: 'ASCII のアドレスを使い、ヘッダーをエンコードしてください。',
  },
  'sending.too-large': {
    message: 'メッセージが、ここで許されている {limit} オクテットより大きいです',
    fix: '小さくして送るか、大きなものはリンクで送ってください。',
  },
  'sending.bare-line-end': {
    message: 'メッセージに CRLF の一部ではない CR や LF、または NUL があります',
    fix: '各行を CRLF で終えてください。postern send と postern sendmail は自動でそうします。',
  },
  'sending.broken-off': {
    message: 'メッセージが終わりの前に途切れたため、何も送信されませんでした',
  },
  'sending.header-too-long': {
    message: 'メッセージのヘッダーが {most} オクテットより長いです',
  },
  'sending.much-at-once': {
    message: '現在ここで作成中のメッセージが多く、このメッセージの場所がありません',
    fix: 'もう一度試すか、場所を必要としない message/rfc822 で送ってください。',
  },
  'sending.provider-refused': {
    message: 'プロバイダーがメッセージを拒否しました: {reply}',
  },
  'sending.provider-later': {
    message: 'プロバイダーが、後で試すように言っています: {reply}',
    fix: '後でもう一度試してください。',
  },
  'sending.key-form': {
    message: 'ヘッダー Idempotency-Key がキーではありません',
    fix: '255 文字までの表示可能な ASCII 文字を、二重引用符で囲むかそのまま送ってください。',
  },
  'sending.key-under-way': {
    message: 'この Idempotency-Key のメッセージは送信中です',
    fix: '少し後にもう一度尋ねると、その回答が得られます。',
  },
  'sending.key-of-other-message': {
    message: 'この Idempotency-Key は別のメッセージに使われました',
    fix: 'メッセージごとに別のキーを使ってください。',
  },
  'sending.key-unknown-outcome': {
    message:
      'この Idempotency-Key のメッセージが送信されたかどうかわかりません。送信中に postern またはプロバイダーが応答しなくなりました',
    fix: '届いたかどうかを確認し、届いていなければ別のキーで送ってください。',
  },
  'sending.keys-used-up': {
    message: 'この APIキーには過去 24 時間の Idempotency-Key が {most} 件あり、これ以上保存できません',
    fix: 'キーを付けずに送るか、お待ちください。',
  },
  'approval.nowhere': {
    message:
      'このログインまたは API キーから送るには担当者の承認が必要ですが、ここには承認を求める相手がいません',
  },
  'approval.full': {
    message: '承認待ちのメッセージが多すぎて、これ以上受け付けられません',
    fix: '待っているものを承認するか却下してください: postern approvals list',
  },
  'approval.owner-full': {
    message: 'このログインまたは API キーのメッセージがすでに {most} 件、承認を待っています',
    fix: '誰かがそれらを承認または却下するまでお待ちください。',
  },
  'approval.unknown': {
    message: '保留中のメッセージ {id} はありません',
    fix: 'この 1 日に保留されたもの: postern approvals list',
  },
  'approval.no-link': {
    message:
      'このリンクで表示できるメッセージはありません。リンクが途中で切れているか、終わってから 1 日以上経っています',
    fix: 'postern の承認待ちの一覧を見るか、メッセージを送り直してもらってください。',
  },
  'approval.under-way': {
    message: 'このメッセージは誰かが承認し、今送信しています',
    fix: '少し後でもう一度見てください。',
  },
  'approval.over': {
    message: 'このメッセージはもう待っていません: {state}',
    fix: 'まだ送る必要があれば、送り直してもらってください。',
  },
  'approval.provider-later': {
    message: 'プロバイダーはまだメッセージを受け取らず、引き続き待っています。応答: {reply}',
    fix: 'しばらくしてからもう一度承認してください。',
  },
  'sending.no-queue': {
    message: 'postern にはキューも別名もありません。メッセージはすぐに送られるか、送り手が保持します',
  },
  'sending.no-plain-listener': {
    message: 'SMTP サーバーのすべてのアドレスが TLS で始まるため、標準入力でのセッションはできません',
    fix: '代わりに -t または宛先を付けてメッセージを送ってください。',
  },
}
