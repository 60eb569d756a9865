import type { diagnosisFailures } from '../diagnosis.ts'
import type { Translated } from '../entry.ts'

export const diagnosis: Translated<typeof diagnosisFailures> = {
  'doctor.clock-ahead': {
    message: 'このマシンの時計は {host} の時計より {minutes} 分進んでいます',
    fix: '時計を合わせ、システムが自動で合わせ続けるようにしてください(NTP。例: timedatectl set-ntp true)。',
  },
  'doctor.clock-behind': {
    message: 'このマシンの時計は {host} の時計より {minutes} 分遅れています',
    fix: '時計を合わせ、システムが自動で合わせ続けるようにしてください(NTP。例: timedatectl set-ntp true)。',
  },
  'doctor.no-provider': {
    message: '設定されたプロバイダーがありません',
    fix: '「プロバイダー」で選んでください。設定の方法はそのページにあります。',
  },
  'doctor.whole-domain': {
    message: '{mailbox} はドメインのすべてのメールボックスを表します。一度に調べられるのは一つだけです',
    fix: 'ドメインのアドレスを一つ指定してください。',
  },
  'doctor.not-running': {
    message: '実行中の postern がありません。{mailbox} は実行中の postern だけが調べられます',
    fix: '"postern serve" で起動してから、もう一度実行してください。',
  },
  'doctor.lapsed': {
    message: '{mailbox} の同意が失効しました',
    fix: '{mailbox} のページでサインインするか、そこから同意リンクで所有者に依頼してください。',
  },
  'doctor.held-back': {
    message: '{until} まで {mailbox} からは何も送信されません: {reason}',
    fix: '理由にあることを直してから、{mailbox} のページで「今すぐ試す」を選んでください。',
  },
}
