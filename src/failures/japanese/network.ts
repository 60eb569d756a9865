import type { Translated } from '../entry.ts'
import type { networkFailures } from '../network.ts'

export const network: Translated<typeof networkFailures> = {
  'postern.fault': {
    message: 'postern の内部で問題が発生しました',
  },
  'postern.stopping': {
    message: 'postern は停止しようとしています',
    fix: '1 分後にもう一度試してください。',
  },
  'postern.client-gone': {
    message: 'クライアントは接続を終えました',
  },
  'postern.not-serving': {
    message: 'postern は起動中か停止中です',
    fix: '少し待ってからもう一度確認してください。',
  },
  'network.too-slow': {
    message: '{host} は {seconds} 秒以内に応答しませんでした',
    fix: 'あとでもう一度試してください。続く場合は、ファイアウォールやプロキシを通るプロバイダーまでの経路を確認してください。',
  },
  'network.name-unknown': {
    message: '{host} に接続できません({reason})',
    fix: 'ホスト名の綴りと、このマシンのネームサーバー(DNS)を確認してください。',
  },
  'network.name-unanswered': {
    message: '{host} に接続できません({reason})',
    fix: 'このマシンのネームサーバー(DNS)を確認してください。この名前について応答がありません。',
  },
  'network.too-many-names': {
    message: '{host} に接続できません({reason})',
    fix: 'このマシンのネームサーバー(DNS)を確認してください。応答が追いつかないほど多くの名前が待っています。',
  },
  'network.refused-to-connect': {
    message: '{host} に接続できません({reason})',
    fix: 'ホストとポートを確認してください。待ち受けているものがないか、ファイアウォールが拒否しています。',
  },
  'network.unreachable': {
    message: '{host} に接続できません({reason})',
    fix: 'あとでもう一度試してください。続く場合は、ファイアウォールやプロキシを通るプロバイダーまでの経路を確認してください。',
  },
  'network.certificate-of-another-name': {
    message: '{host} の証明書は別の名前のものです({reason})',
    fix: 'ホスト名を確認してください。正しい場合は、postern とそのホストの間の何かが代わりに応答しています。',
  },
  'network.certificate-not-valid-now': {
    message: '{host} の証明書は期限切れか、まだ有効になっていません({reason})',
    fix: 'このマシンの時計を確認してください。正しい場合は、そのホストが証明書を更新する必要があります。',
  },
  'network.certificate-not-trusted': {
    message: '{host} の証明書は、信頼されていない認証局のものです({reason})',
    fix: 'そのホストや TLS を検査するプロキシが独自の認証局を使う場合は、その証明書を POSTERN_EXTRA_CA_FILE に指定してください。',
  },
  'network.certificate-unacceptable': {
    message: '{host} の証明書を受け入れられません({reason})',
    fix: 'ホスト名と、その名前で応答しているものを確認してください。',
  },
  'network.no-tls': {
    message: '{host} との TLS に失敗しました({reason})',
    fix: 'ホストとポートを確認してください。応答しているものが TLS、または TLS 1.2 以降を話しません。',
  },
  'network.no-http': {
    message: '{host} で応答しているものは HTTP を話しません({reason})',
    fix: 'ホストとポート、および https か http かを確認してください。',
  },
  'network.endpoints-undiscovered': {
    message: '{issuer} のエンドポイントが分かりません: {reason}',
    fix: '{reason.fix}',
  },
  'proxy.refused': {
    message: 'プロキシ {proxy} が {host} への接続を許可しません: HTTP ステータス {status}',
    fix: 'プロキシで {host} への CONNECT を許可するか、このプロバイダーに "proxy": "direct" を設定してください。',
  },
  'proxy.too-slow': {
    message: 'プロキシ {proxy} は時間内に応答しませんでした',
    fix: 'プロキシのアドレスと、それが動いていることを確認してください。',
  },
  'proxy.unreachable': {
    message: 'プロキシ {proxy} を使えません({reason})',
    fix: 'プロキシのアドレスと、それが動いていることを確認してください。',
  },
  'proxy.credentials-refused': {
    message: 'プロキシ {proxy} が {host} への接続を許可しません: HTTP ステータス {status}',
    fix: '設定にあるプロキシの名前とパスワードを確認してください。',
  },
  'proxy.credentials-missing': {
    message: 'プロキシ {proxy} が {host} への接続を許可しません: HTTP ステータス {status}',
    fix: '設定のプロキシのアドレスに、名前とパスワードを入れてください。',
  },
  'address.no-network': {
    message: '「{text}」はネットワークではありません',
    fix: 'アドレスまたは CIDR を入力してください(例: 192.0.2.7、10.0.0.0/8、2001:db8::/32)。',
  },
  'address.no-mail-address': {
    message: '「{text}」はメールアドレスではありません',
    fix: 'name@example.com の形のアドレスを一つ入力してください。',
  },
}
