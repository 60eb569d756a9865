import * as fixes from './fixes.ts'
import { both, known, reply, say } from './known-error.ts'

// What Exchange Online says when a mailbox sends too much, is full, or has made too many mistakes.

export const exchangeLimits = known('microsoft', [
  {
    id: 'exo-432-concurrent',
    when: reply('any', {
      code: /^432$/,
      status: /^4\.3\.2$/,
      words: /sender thread limit exceeded|concurrent connections? limit exceeded/i,
    }),
    meaning: both(
      'More than three connections use this mailbox at the same time, perhaps of other programs.',
      'このメールボックスを同時に使う接続が 3 本を超えています。ほかのプログラムの接続かもしれません。',
    ),
    fix: [
      say(
        'Let every program send through postern, which keeps to the limit.',
        'すべてのプログラムを postern 経由で送信させてください。上限が守られます。',
      ),
      say(
        'Or give the other program a mailbox of its own.',
        'または、ほかのプログラムに専用のメールボックスを用意してください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['exchange-throttling', 'exchange-connections'], confidence: 'documented' },
    example: '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded',
  },
  {
    id: 'exo-432-recipient',
    when: reply('data', {
      code: /^432$/,
      status: /^4\.3\.2$/,
      words: /STOREDRV.Deliver; recipient thread limit exceeded/i,
    }),
    meaning: both(
      "A recipient's mailbox gets too much at the same time.",
      '受信者のメールボックスに同時に届くメールが多すぎます。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'time', about: 'message' },
    evidence: { sources: ['exchange-bounces'], confidence: 'documented' },
  },
  {
    id: 'exo-rate-30-per-minute',
    when: reply('any', {
      code: /^(421|432|451)$/,
      status: /^4\.4\.2$/,
      words: /Message submission rate for this client has exceeded the configured limit/i,
    }),
    meaning: both(
      'The mailbox has sent more than 30 messages within a minute.',
      'このメールボックスから 1 分間に 30 通を超えて送信されました。',
    ),
    fix: [
      say(
        'Let every program send through postern, which spreads messages over time.',
        'すべてのプログラムを postern 経由で送信させてください。送信の間隔が調整されます。',
      ),
      fixes.tryAgainLater,
    ],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['exchange-throttling', 'quoted-replies'], confidence: 'reported' },
    example: '421 4.4.2 Message submission rate for this client has exceeded the configured limit',
  },
  {
    id: 'exo-554-quota-recipients',
    when: reply('data', { code: /^554$/, status: /^5\.2\.0$/, words: /SubmissionQuotaExceededException/i }),
    meaning: both(
      'The mailbox has reached its limit of 10,000 recipients in 24 hours; it passes, though the code says otherwise.',
      'このメールボックスが 24 時間で 1 万人という受信者の上限に達しました。コードは恒久的ですが、時間がたてば送れます。',
    ),
    fix: [
      fixes.tryAgainLater,
      say(
        'For many messages, use several mailboxes, High Volume Email or Azure Communication Services.',
        '大量に送る場合は、複数のメールボックス、High Volume Email、Azure Communication Services を使ってください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['exchange-throttling'], confidence: 'documented' },
    example: '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException',
  },
  {
    id: 'exo-5.2.2-quota',
    when: reply('data', {
      status: /^5\.2\.2$/,
      words: /Submission quota exceeded|submission quota was exceeded/i,
    }),
    meaning: both(
      'The sender has reached a limit of recipients or messages.',
      '差出人が受信者数または通数の上限に達しました。',
    ),
    fix: [fixes.tryAgainLater, fixes.findOutWhy],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['exchange-bounces'], confidence: 'documented' },
  },
  {
    id: 'exo-554-mailbox-full',
    when: reply('data', {
      code: /^554$/,
      status: /^5\.2\.2$/,
      words: /mailbox full|QuotaExceededException/i,
    }),
    meaning: both(
      'The mailbox that sends is full: the copies in Sent Items count.',
      '送信元のメールボックスが満杯です(「送信済みアイテム」の控えも含まれます)。',
    ),
    fix: [
      say(
        'Empty Sent Items, or let old mail be deleted by a retention policy.',
        '「送信済みアイテム」を空にするか、保持ポリシーで古いメールを削除してください。',
      ),
      say('Or raise the quota of the mailbox.', 'またはメールボックスの容量を増やしてください。'),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-throttling'], confidence: 'documented' },
    example:
      '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
  },
  {
    id: 'exo-550-5.2.251',
    when: reply('any', { code: /^550$/, status: /^5\.2\.251$/, words: /Sender throttled/i }),
    meaning: both(
      'Exchange Online refuses everything from this mailbox for a while, because it was full again and again.',
      '満杯の状態が繰り返されたため、Exchange Online がこのメールボックスからの送信をしばらくすべて拒否しています。',
    ),
    fix: [say('Make room in the mailbox.', 'メールボックスに空きを作ってください。'), fixes.stopAndWait],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-continuous-errors'], confidence: 'documented' },
    example: '550 5.2.251 Sender throttled due to continuous mailbox full errors.',
  },
  {
    id: 'exo-550-5.2.252',
    when: reply('any', { code: /^550$/, status: /^5\.2\.252$/, words: /Sender throttled/i }),
    meaning: both(
      'Exchange Online refuses everything from this mailbox for a while, because it sent as addresses that it may not use, again and again.',
      '許可されていないアドレスでの送信が繰り返されたため、Exchange Online がこのメールボックスからの送信をしばらくすべて拒否しています。',
    ),
    fix: [fixes.ownAddress, fixes.grantSendAs, fixes.stopAndWait],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-continuous-errors'], confidence: 'documented' },
    example: '550 5.2.252 Sender throttled due to continuous send as denied errors.',
  },
  {
    id: 'exo-550-5.2.253',
    when: reply('any', { code: /^550$/, status: /^5\.2\.253$/, words: /Sender throttled/i }),
    meaning: both(
      'Exchange Online refuses everything from this mailbox for a while, because it has no licence.',
      'ライセンスがないため、Exchange Online がこのメールボックスからの送信をしばらくすべて拒否しています。',
    ),
    fix: [
      say(
        'Give the mailbox a licence for Exchange Online.',
        'メールボックスに Exchange Online のライセンスを割り当ててください。',
      ),
      fixes.stopAndWait,
    ],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-continuous-errors'], confidence: 'documented' },
    example: '550 5.2.253 Sender throttled due to continuous invalid license errors.',
  },
  {
    id: 'exo-550-5.2.254',
    when: reply('any', { code: /^550$/, status: /^5\.2\.254$/, words: /Sender throttled/i }),
    meaning: both(
      'Exchange Online refuses everything from this mailbox for a while, because its messages had too many recipients, again and again.',
      '受信者が多すぎるメッセージが繰り返されたため、Exchange Online がこのメールボックスからの送信をしばらくすべて拒否しています。',
    ),
    fix: [fixes.splitRecipients, fixes.stopAndWait],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-continuous-errors'], confidence: 'documented' },
    example: '550 5.2.254 Sender throttled due to continuous too many recipients errors.',
  },
  {
    id: 'exo-550-5.2.255',
    when: reply('any', { code: /^550$/, status: /^5\.2\.255$/, words: /Sender throttled/i }),
    meaning: both(
      'Exchange Online refuses everything from this mailbox for a while, because it sent to recipients that do not exist, again and again.',
      '存在しない受信者への送信が繰り返されたため、Exchange Online がこのメールボックスからの送信をしばらくすべて拒否しています。',
    ),
    fix: [
      say(
        'Remove the addresses that do not exist from the list of recipients.',
        '存在しないアドレスを宛先リストから取り除いてください。',
      ),
      fixes.stopAndWait,
    ],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-continuous-errors'], confidence: 'documented' },
    example: '550 5.2.255 Sender throttled due to continuous invalid recipients errors.',
  },
])
