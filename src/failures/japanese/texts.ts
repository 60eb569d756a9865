import type { Translated } from '../entry.ts'
import type { TextEntries } from '../texts.ts'

export const texts: Translated<TextEntries> = {
  'check.registration-complete': { message: '登録はそろっていて、誤りはありません。' },
  'check.settings-complete': { message: '設定はそろっていて、誤りはありません。' },
  'check.settings-mistaken': {
    message: '今の設定では postern は起動できません。',
    fix: '.env または環境変数を直してから、もう一度確認してください。',
  },
  'check.none-runs': {
    message: 'postern は実行されていません。',
    fix: '「postern serve」で起動してください。',
  },
  'check.runs-so': { message: '実行中の postern は、この設定で起動されています。' },
  'check.runs-otherwise': {
    message: '実行中の postern は、今の設定とは違う設定で起動されています。',
    fix: '再起動してください。失われるものはありません。',
  },
  'check.back-from-anywhere': { message: 'どこからでも {address} に戻れます。' },
  'check.back-or-code': {
    message: '{address} に戻れるのは、postern のあるマシンのブラウザーだけです。',
    fix: 'ほかのマシンのブラウザーで同意するには、POSTERN_PUBLIC_URL に https のアドレスを設定するか、応答を貼り付けるか、別の端末でコードを使ってください。',
  },
  'check.back-or-paste': {
    message: '{address} に戻れるのは、postern のあるマシンのブラウザーだけです。',
    fix: 'ほかのマシンのブラウザーで同意するには、POSTERN_PUBLIC_URL に https のアドレスを設定するか、応答を貼り付けてください。',
  },
  'check.reached': { message: '{provider} に接続できます。' },
  'check.client-accepted': { message: '{provider} はクライアントを受け付けます。' },
  'check.client-known': {
    message:
      '{provider} はクライアント ID を認識しています。シークレットや証明書の正否は最初の同意で分かります。',
  },
  'doctor.settings-good': { message: '誤りはありません' },
  'doctor.directory-new': { message: '{dataDir} はまだありません。最初の起動で作られます' },
  'doctor.directory-private': { message: '{dataDir} があり、所有者だけが使えます' },
  'doctor.runs': { message: 'postern が {dataDir} で実行中で、鍵も読み込まれています' },
  'doctor.key-fits': { message: 'ストアと一致しています' },
  'doctor.key-new': { message: 'ストアはまだありません。最初の起動で両方が作られます' },
  'doctor.clock-agrees': { message: '{host} の時計と合っています' },
  'doctor.name-found': { message: '{host} は {addresses} です' },
  'doctor.name-by-proxy': { message: '{host} (プロキシが調べます)' },
  'doctor.connected': { message: 'ポート {port} ({address})' },
  'doctor.connected-by-proxy': { message: 'ポート {port} (プロキシ経由)' },
  'doctor.certificate-right': { message: '証明書は {host} のものとして正しいです({tls})' },
  'doctor.mechanism': { message: '{mechanism}' },
  'doctor.client-proven': { message: 'プロバイダーからトークンを取得できたばかりです' },
  'doctor.token-fresh': { message: 'いま取得しました。残り {minutes} 分有効です' },
  'doctor.token-there': { message: '取得済みです。残り {minutes} 分有効です' },
  'doctor.claims-good': { message: '問題はありません' },
  'doctor.claims': { message: '{scopes}' },
  'doctor.accepted': { message: '受け付けられました' },
  'doctor.accepted-so': { message: '受け付けられました: {said}' },
  'doctor.nothing-held-back': { message: 'ありません' },
  'revocation.kept': {
    message:
      'ほかのメールボックスが同じ同意を使っている可能性があります。{provider} での同意を終了するには、{place} を開いてください。',
  },
  'revocation.unsupported': {
    message:
      '{provider} には、ここから同意を終了する方法がありません。終了するには、{place} を開いてください。',
  },
  'revocation.failed': {
    message: '{provider} に同意の終了を依頼できませんでした。終了するには、{place} を開いてください。',
  },
  'revocation.settings': { message: 'そのアカウントの設定' },
}
