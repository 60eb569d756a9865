import type { Translated } from '../entry.ts'
import type { providerFailures } from '../provider.ts'

export const provider: Translated<typeof providerFailures> = {
  'provider.unknown': {
    message: 'プロバイダー「{id}」はありません',
    fix: '{names} のいずれかを使うか、POSTERN_PROVIDERS_FILE に別のプロバイダーを定義してください。',
  },
  'provider.no-such-flow': {
    message: '{provider} には、その方法で許可を得る手段がありません',
    fix: '別の方法を選んでください。使える方法はプロバイダーのページにあります。',
  },
  'provider.endpoint-out-of-reach': {
    message: '{issuer} は {endpoint} として {address} を公開していますが、これは許されません',
    fix: 'https の発行者が示せるのは https のみで、インターネット上の発行者はプライベートアドレスを示せません。発行者を確認するか、エンドポイントをプロバイダーファイルに指定してください。',
  },
  'provider.no-signing-keys': {
    message: '{provider} は署名を検証するための鍵を公開していません',
    fix: 'プロバイダーファイルに jwksUri として指定してください。なければ誰もこのページにサインインできません。',
  },
  'provider.endpoint-without-tls': {
    message: '{endpoint} はこのマシンになく、TLS もありません',
    fix: 'https:// のエンドポイントを使ってください。',
  },
  'provider.cannot-answer-now': {
    message: '{provider} は現在応答できません: {reason}',
    fix: 'しばらくしてからやり直してください。',
  },
  'provider.registered-after-all': {
    message: 'カタログには存在しています',
  },
  'provider.not-asked': {
    message: '{provider} に接続できません: {reason}',
    fix: '{reason.fix}',
  },
  'provider.cannot-be-asked': {
    message: '{provider} に接続できません: {reason}',
    fix: 'そこまでの経路 (ファイアウォール、プロキシ、DNS) とプロバイダーファイルのエンドポイントを確かめ、しばらくしてからもう一度試してください。',
  },
  'certificate.no-such-registration': {
    message: 'postern が証明書を管理できる登録「{provider}」はありません',
    fix: '「プロバイダー」で追加してください。設定にある登録の証明書はファイルにあります。',
  },
  'certificate.not-ours-to-make': {
    message: 'postern は登録 {provider} の証明書を作成しません',
    fix: '1 つのテナントの ID を持つ Microsoft 365 の登録であれば作成します。テナント ID を設定してください。',
  },
  'certificate.changed-meanwhile': {
    message: '登録 {provider} はその間に変更されました',
    fix: 'もう一度試してください。',
  },
  'certificate.no-object-id': {
    message: 'アプリ登録のオブジェクト ID の形ではありません: {text}',
    fix: 'Entra 管理センターのアプリ登録の「概要」からコピーしてください。6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab のような形です。',
  },
  'certificate.client-id-as-object-id': {
    message: 'アプリ登録のオブジェクト ID は、クライアント ID とは別のものです',
    fix: 'Entra 管理センターのアプリ登録の「概要」から「オブジェクト ID」をコピーしてください。',
  },
  'certificate.object-id-needed': {
    message: 'Entra はアプリの登録のオブジェクト ID を教えません',
    fix: '証明書のページで指定してください。Entra 管理センターの「アプリの登録」でアプリを開き、「概要」の「オブジェクト ID」にあります。',
  },
  'certificate.key-id-unknown': {
    message: 'Entra は古い証明書を識別する ID を教えません',
  },
  'certificate.renewal-refused': {
    message: '登録 {provider} の次の証明書を登録できませんでした: {reason}',
    fix: 'このサイトの証明書のページからダウンロードし、Entra 管理センターのアプリの登録の「証明書とシークレット」にアップロードしてください。Entra が受け付けるとすぐに使われます。',
  },
  'certificate.old-stays': {
    message: '登録 {provider} の古い証明書が Entra に残っています: {reason}',
    fix: '鍵はもう誰も持っていないので、何もする必要はありません。アプリの登録の「証明書とシークレット」で削除できます。',
  },
  'exchange.not-there': {
    message: '{provider} のメールボックスは Exchange Online PowerShell では設定しません',
    fix: 'Microsoft 365 のいずれかのプロバイダーのスクリプトを選んでください。',
  },
  'exchange.no-mailboxes': {
    message: 'Exchange Online のスクリプトは特定のメールボックスのためのものですが、1 つも指定されていません',
    fix: 'まずメールボックスを追加してください。スクリプトはそれらだけを対象にします。',
  },
  'exchange.not-one-mailbox': {
    message: '{mailbox} は 1 つのメールボックスではありません',
    fix: 'メールボックスを 1 つずつ指定してください。スクリプトはそれらだけを許可します。',
  },
  'exchange.no-id': {
    message: '{what} が Entra のものではありません: {text}',
    fix: 'Entra 管理センターからコピーしてください。6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab のような形です。',
  },
  'exchange.client-id-as-object-id': {
    message: 'エンタープライズアプリケーションのオブジェクト ID は、クライアント ID とは別のものです',
    fix: 'Entra 管理センターの「エンタープライズアプリケーション」でアプリの「オブジェクト ID」をコピーしてください。',
  },
  'exchange.no-line': {
    message: 'これはスクリプトの 1 行に書けません: {text}',
    fix: '改行と制御文字を取り除いてください。',
  },
  'registration.missing-at-microsoft': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-worldwide': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-in-cloud': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-for-persons': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-for-high-volume': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-at-google': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-service-account': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.missing-in-file': {
    message: '{provider} のアプリ登録がありません',
    fix: 'プロバイダーのページで追加してください。',
  },
  'registration.unknown': {
    message: '登録「{id}」はありません',
    fix: '「プロバイダー」で探すか、そこで追加してください。',
  },
  'registration.exists': {
    message: '登録「{id}」はすでにあります',
    fix: 'その登録をそのページで変更するか、別の ID を選んでください。',
  },
  'registration.in-settings': {
    message: '登録「{id}」は保存できません。同じ ID の登録が設定 ({setting}) にあります',
    fix: '別の ID を選ぶか、{setting} を設定から取り除いて再起動してください。',
  },
  'registration.of-settings': {
    message: '登録「{id}」は設定 ({setting}) によるもので、そこで変更します',
    fix: '{setting} を変更して再起動するか、別の ID で登録を追加してください。',
  },
  'registration.shipped': {
    message: '登録「{id}」は、この環境に付属する全員共通の登録です',
    fix: '同じ ID で自分の登録を追加してください。付属の登録に代わって使われます。',
  },
  'registration.mistaken': {
    message: '登録「{id}」はこのままでは保存できません: {mistakes}',
    fix: 'これらの項目を直してください。必要なものはプロバイダーのページにあります。',
  },
  'registration.in-use': {
    message: '登録「{id}」を使うメールボックスが {count} 個あります: {mailboxes}',
    fix: '先に別の登録へ移すか、--force を付けて削除してください。その場合、登録が戻るまで送信できませんが、メールボックスの情報は失われません。',
  },
  'registration.changing': {
    message: '登録「{id}」は同時に別の人が変更しています',
    fix: '内容を確かめて、もう一度試してください。',
  },
  'registration.hidden': {
    message: '保存された登録「{id}」は使われていません。同じ ID の登録が設定 ({setting}) にあります',
    fix: '保存されている登録を使うには、{setting} を設定から除いて再起動してください。または、保存されている登録をそのページで削除してください。',
  },
  'registration.unusable': {
    message: '保存された登録「{id}」は使えません: {reason}',
    fix: 'そのページで変更するか、削除して追加し直してください。',
  },
  'registration.secrets-kept': {
    message: '登録「{id}」の秘密情報は保存領域にあり、このコマンドでは開けません',
    fix: '代わりに実行中の postern に確認させてください:「postern registration check {id}」',
  },
  'registration.gone': {
    message: 'メールボックス {mailbox} の登録「{id}」がなくなっています',
    fix: '「プロバイダー」で ID {id} の登録をもう一度追加するか、メールボックスを削除して別のプロバイダーで追加してください。',
  },
  'registration.without-certificate': {
    message: 'プロバイダー {provider} の認証には証明書が必要です',
    fix: '登録に証明書を加えるか、クライアント認証を "none" にしてください。',
  },
  'registration.without-secret': {
    message: 'プロバイダー {provider} の認証にはクライアントシークレットが必要です',
    fix: '登録にクライアントシークレットを加えるか、クライアント認証を "none" にしてください。',
  },
  'registration.refused-at-consent': {
    message: '{provider} が登録を拒否しました: {reason}',
    fix: 'プロバイダーで登録のクライアントID、クライアントシークレット、リダイレクトURI、スコープを確認してください。',
  },
  'registration.refused': {
    message:
      '{provider} が postern の登録を拒否しているため、そのメールボックスのアクセストークンを取得できません',
    fix: 'プロバイダーで登録のクライアントIDとクライアントシークレットを確認してください。理由はログにあります。',
  },
  'registration.request-refused': {
    message: '{provider} が {mailbox} についての postern の要求を拒否しています: {reason}',
    fix: '登録のスコープと、{mailbox} の組織が許可している内容を確認してください。',
  },
  'registration.refused-for-one': {
    message:
      '{provider} は {mailbox} について postern の登録を拒否していますが、ほかのメールボックスでは受け付けています',
    fix: '{mailbox} の組織がこのアプリをまだ許可していることを確認してください。理由はログにあります。',
  },
  'registration.without-credentials': {
    message:
      'アプリのみ(app-only)の送信にはクライアントシークレットか証明書が必要ですが、{provider} の登録にはどちらもありません',
    fix: 'プロバイダーで登録にどちらかを付け、ここでも登録のページ、または設定(再起動が必要)で指定してください。',
  },
  'registration.of-many-tenants': {
    message: '「{tenant}」は多数の組織を表しますが、人の同意を使わないアプリは 1 つの組織に属します',
    fix: '登録のテナントに組織の ID またはドメインを指定してください。登録のページ、または POSTERN_MICROSOFT_TENANT(再起動が必要)で指定します。',
  },
  'registration.client-refused': {
    message: '{provider} はクライアントを拒否しています: {reason}',
    fix: 'クライアント ID、シークレット (ID ではなく値。期限切れでないこと) または証明書、テナントを、プロバイダーのアプリのページと照らし合わせてください。',
  },
  'registration.client-not-told': {
    message: '{provider} からはまだ分かりません: {reason}',
    fix: 'メールボックスを追加して接続し、テストメッセージを送ってください。',
  },
  'token.without-scope': {
    message: 'トークンにスコープ {scope} がありません',
  },
  'token.without-role': {
    message:
      'トークンにロール {role} がありません。「RBAC for Applications」を使わない場合は、アプリにその許可と管理者の同意を与えてください',
  },
  'token.for-graph': {
    message: 'アクセストークンは Microsoft Graph 用で、Exchange の SMTP サーバーでは使えません',
    fix: 'スコープ {scope} を要求し、ほかのリソースのスコープは要求しないようにして、もう一度同意してください。',
  },
  'token.for-another-resource': {
    message: 'アクセストークンは {audience} 用で、{provider} のメールサーバー用ではありません',
    fix: 'スコープ {scope} を要求し、ほかのリソースのスコープは要求しないようにして、もう一度同意してください。',
  },
  'token.of-another-organisation': {
    message: 'アクセストークンは組織 {own} ではなく {tenant} のものです',
    fix: '登録のテナントをメールボックスの組織に合わせるか、その組織のアカウントで同意してください。',
  },
  'token.of-another-app': {
    message: 'アクセストークンはアプリ {own} ではなく {app} に発行されたものです',
    fix: '登録のクライアントIDを確認してください。',
  },
  'token.unusable': {
    message: '{reason}(対象: {mailbox})',
    fix: '{reason.fix}',
  },
  'token.missing': {
    message: 'トークンエンドポイントがアクセストークンを返しません',
    fix: 'プロバイダーのトークンエンドポイントと、要求するスコープを確認してください。',
  },
  'token.unreadable': {
    message: 'トークンエンドポイントが返すアクセストークンを、メールサーバーは読めません',
    fix: 'プロバイダーのトークンエンドポイントと、要求するスコープを確認してください。',
  },
  'token.too-long': {
    message:
      'トークンエンドポイントが返すアクセストークンは {length} 文字で、メールサーバーが受け付けるのは最大 {most} 文字です',
    fix: 'グループやロールなど、トークンを長くしている内容を含めないようプロバイダー側で設定してください。',
  },
  'token.no-bearer': {
    message: 'トークンエンドポイントが返すトークンはベアラートークンではなく、メールサーバーは受け付けません',
    fix: 'DPoP など、アプリのトークンを鍵に結び付ける機能をプロバイダー側で無効にしてください。',
  },
  'token.none-for-mailboxes': {
    message: '現在、{provider} からそのメールボックスのアクセストークンを取得できません',
    fix: 'あとでもう一度試してください。理由はログにあります。',
  },
  'token.none-now': {
    message: '現在、{provider} から {mailbox} のアクセストークンを取得できません',
    fix: 'あとでもう一度試してください。理由はログにあります。',
  },
  'grant.absent': {
    message: '{mailbox} にはまだ同意がありません',
    fix: '{mailbox} のページでサインインするか、そこから同意リンクで所有者に依頼してください。',
  },
  'grant.lapsed': {
    message: '{mailbox} の同意は失効しました。プロバイダーが受け付けなくなっています',
    fix: '{mailbox} のページでサインインするか、そこから同意リンクで所有者に依頼してください。',
  },
  'grant.given-to-other-client-id': {
    message:
      '{provider} は、別の登録に与えられた同意を拒否しています: 当時のクライアントIDは {before}、現在は {after} です',
    fix: '登録のページ、または設定(再起動が必要)で元に戻してください。別の登録にするつもりであれば、そのメールボックスの連携をやり直してください。',
  },
  'grant.given-to-other-tenant': {
    message:
      '{provider} は、別の登録に与えられた同意を拒否しています: 当時のテナントは {before}、現在は {after} です',
    fix: '登録のページ、または設定(再起動が必要)で元に戻してください。別の登録にするつもりであれば、そのメールボックスの連携をやり直してください。',
  },
  'grant.given-to-other-token-endpoint': {
    message:
      '{provider} は、別の登録に与えられた同意を拒否しています: 当時のトークンエンドポイントは {before}、現在は {after} です',
    fix: '登録のページ、または設定(再起動が必要)で元に戻してください。別の登録にするつもりであれば、そのメールボックスの連携をやり直してください。',
  },
  'grant.changing': {
    message: '{mailbox} の許可が、使えないほど速く変わり続けています',
    fix: 'ほかのプログラムが同じ許可を更新していないことを確認し、もう一度試してください。',
  },
  'grant.no-other-place': {
    message: 'それを残しておくランタイムディレクトリ(RUNTIME_DIRECTORY)がありません',
  },
  'grant.unstored': {
    message: '更新された {mailbox} の許可を保存できません',
    fix: 'データディレクトリのディスク(満杯か、読み取り専用になっていないか)またはデータベースを確認し、postern を動かしたままにしてください。再試行されます。',
  },
}
