import * as fixes from './fixes.ts'
import { both, known, powershell, reply, say } from './known-error.ts'

// What Exchange Online says to a message.

export const exchangeSending = known('microsoft', [
  {
    id: 'exo-451-5.7.3-starttls',
    when: reply('mail', { code: /^451$/, status: /^5\.7\.3$/, words: /STARTTLS is required/i }),
    meaning: both('A command was sent before STARTTLS.', 'STARTTLS の前にコマンドが送られました。'),
    fix: [
      say('Set the TLS of the provider to STARTTLS.', 'プロバイダーの TLS を STARTTLS に設定してください。'),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'server' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'exo-5.7.60',
    when: reply('mail-or-data', { status: /^5\.7\.60$/ }),
    meaning: both(
      'The mailbox may not send as this sender.',
      'このメールボックスは、この差出人として送信できません。',
    ),
    fix: [fixes.ownAddress, fixes.grantSendAs, fixes.allowAliases],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'sender' },
    evidence: { sources: ['exchange-device-fixes'], confidence: 'documented' },
    example: '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
  },
  {
    id: 'exo-554-5.2.252-sendasdenied',
    when: reply('data', { code: /^554$/, status: /^5\.2\.252$/, words: /SendAsDenied/i }),
    meaning: both(
      'The mailbox may not send as the address in the header of the message.',
      'このメールボックスは、メッセージのヘッダーにあるアドレスとして送信できません。',
    ),
    fix: [fixes.ownAddress, fixes.grantSendAs, fixes.allowAliases],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'sender' },
    evidence: { sources: ['quoted-replies', 'exchange-oauth'], confidence: 'reported' },
    example:
      '554 5.2.252 SendAsDenied; user@example.com not allowed to send as other@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception with message [BeginDiagnosticData]Cannot submit message.',
  },
  {
    id: 'exo-554-5.2.0-sendasdenied',
    when: reply('data', { code: /^554$/, status: /^5\.2\.0$/, words: /SendAsDenied/i }),
    meaning: both(
      'The mailbox may not send as the address in the header of the message.',
      'このメールボックスは、メッセージのヘッダーにあるアドレスとして送信できません。',
    ),
    fix: [fixes.ownAddress, fixes.grantSendAs, fixes.allowAliases],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'sender' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'exo-5.7.57',
    when: reply('mail', { status: /^5\.7\.57$/ }),
    meaning: both(
      'Nobody had signed in on the connection that the message came by.',
      'サインインしていない接続でメッセージが送られました。',
    ),
    fix: [
      say(
        'Have the program or device sign in; if it talks to Microsoft itself, have it send through postern.',
        'プログラムや機器でサインイン(認証)を有効にしてください。Microsoft に直接接続しているなら、postern 経由にしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'connection' },
    evidence: { sources: ['exchange-5-7-57', 'exchange-device-fixes'], confidence: 'documented' },
    example: '530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM',
  },
  {
    id: 'exo-430-logon-failure',
    when: reply('data', { code: /^430$/, status: /^4\.2\.0$/, words: /mailbox logon failure/i }),
    meaning: both(
      'Exchange Online accepted the sign-in and cannot open the mailbox: the permission is missing, or it passes.',
      'Exchange Online はサインインを受け付けましたが、メールボックスを開けません。権限がないか、一時的な障害です。',
    ),
    fix: [
      fixes.showAppOnly,
      say('After a change of permissions, wait some minutes.', '権限を変えたあとは、数分待ってください。'),
    ],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['email-oauth2-proxy-271'], confidence: 'reported' },
    example:
      '430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission.Exception:ConnectionFailedTransientException.MapiExceptionLogonFailed; ...',
  },
  {
    id: 'exo-5.1.8',
    when: reply('mail-or-data', { status: /^5\.1\.8$/, trace: /bad outbound sender|access denied/i }),
    meaning: both(
      'Microsoft blocks this account, because spam came from it.',
      '迷惑メールが送られたため、Microsoft がこのアカウントを止めています。',
    ),
    fix: [fixes.findOutWhy, fixes.unblock],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-5-1-8', 'exchange-bounces'], confidence: 'documented' },
    example: '550 5.1.8 Access denied, bad outbound sender',
  },
  {
    id: 'exo-5.7.501-503',
    when: reply('mail-or-data', { status: /^(5\.7\.501|5\.7\.502|5\.7\.503|5\.7\.511)$/ }),
    meaning: both(
      'Microsoft takes no mail from this sender, because of spam.',
      '迷惑メールを理由に、Microsoft がこの差出人のメールを受け付けません。',
    ),
    fix: [
      fixes.findOutWhy,
      fixes.unblock,
      say(
        'Have a new password set, and ask the support of Microsoft.',
        'パスワードを変更し、Microsoft のサポートに問い合わせてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-bounces'], confidence: 'documented' },
    example: '550 5.7.501 Access denied, spam abuse detected',
  },
  {
    id: 'exo-5.7.705',
    when: reply('mail-or-data', { status: /^5\.7\.705$/ }),
    meaning: both(
      'The organisation has exceeded a limit, and Microsoft lets no mail of it out.',
      '組織が上限を超えたため、Microsoft が組織からの送信をすべて止めています。',
    ),
    fix: [
      fixes.findOutWhy,
      say(
        'Remove the cause, and ask the support of Microsoft.',
        '原因を取り除き、Microsoft のサポートに問い合わせてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'organisation' },
    evidence: { sources: ['exchange-5-7-700'], confidence: 'documented' },
  },
  {
    id: 'exo-5.7.708',
    when: reply('mail-or-data', { status: /^5\.7\.708$/ }),
    meaning: both(
      'Microsoft takes no mail from this network address; this is usual for new and trial organisations.',
      'Microsoft がこのIPアドレスからのメールを受け付けません。新規や試用の組織でよくあります。',
    ),
    fix: [
      say(
        'Buy a licence, or ask the support of Microsoft for an exception.',
        'ライセンスを購入するか、Microsoft のサポートに例外を依頼してください。',
      ),
      say('Or send from another network.', 'または別のネットワークから送信してください。'),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'organisation' },
    evidence: { sources: ['exchange-5-7-700'], confidence: 'documented' },
    example: '550 5.7.708 Access denied, traffic not accepted from this IP',
  },
  {
    id: 'exo-5.7.750',
    when: reply('mail-or-data', { status: /^5\.7\.750$/ }),
    meaning: both(
      "The sender's domain is not one of the organisation.",
      '差出人のドメインが組織に登録されていません。',
    ),
    fix: [
      say(
        'Add the domain in the Microsoft 365 admin centre, and have it verified.',
        'Microsoft 365 管理センターでドメインを追加し、検証してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'organisation' },
    evidence: { sources: ['exchange-5-7-700'], confidence: 'documented' },
  },
  {
    id: 'exo-4.7.500',
    when: reply('any', { status: /^4\.7\.([56]\d\d|8[5-9]\d)$/ }),
    meaning: both(
      'Microsoft has seen suspicious activity and restricts sending for a while.',
      '不審な動きがあったため、Microsoft が送信を一時的に制限しています。',
    ),
    fix: [fixes.tryAgainLater, fixes.findOutWhy],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['exchange-bounces'], confidence: 'documented' },
  },
  {
    id: 'exo-5.7.512',
    when: reply('data', { status: /^5\.7\.512$/ }),
    meaning: both(
      'The message has no valid From: header.',
      'メッセージに正しい From: ヘッダーがありません。',
    ),
    fix: [
      say(
        'Have the program write From: with one address; a login of postern can put the mailbox there (--rewrite-from).',
        'プログラムの From: に 1 つのアドレスを書かせてください。postern のログインでメールボックスのアドレスを入れることもできます(--rewrite-from)。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['exchange-bounces'], confidence: 'documented' },
  },
  {
    id: 'exo-too-many-recipients',
    when: reply('rcpt', { status: /^(4\.5\.3|5\.5\.3)$/, words: /too many recipients/i }),
    meaning: both(
      'The message has too many recipients: Exchange Online allows 500, or what the mailbox has set (1 to 1,000).',
      'メッセージの受信者が多すぎます。Exchange Online の上限は 500 人か、メールボックスの設定値(1~1,000)です。',
    ),
    fix: [fixes.splitRecipients],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['exchange-bounces'], confidence: 'documented' },
  },
  {
    id: 'exo-too-large',
    when: reply('mail-or-data', { status: /^(5\.3\.4|5\.2\.3)$/ }),
    meaning: both(
      'The message is larger than the mailbox may send.',
      'メッセージがメールボックスの送信サイズの上限を超えています。',
    ),
    fix: [
      fixes.smallerMessage,
      powershell(
        'Or raise the limit of the mailbox:',
        'またはメールボックスの上限を上げてください:',
        'Set-Mailbox -Identity {mailbox} -MaxSendSize 150MB',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'message' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'exo-451-4.7.0-prx',
    when: reply('any', { code: /^451$/, status: /^4\.7\.0$/, words: /Temporary server error/i }),
    meaning: both(
      'Exchange Online has a passing fault (PRX); if it stays, the mailbox has no licence or is not in the cloud.',
      'Exchange Online の一時的な障害(PRX)です。続く場合は、メールボックスにライセンスがないか、クラウドにありません。',
    ),
    fix: [fixes.tryAgainLater, fixes.licence],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
    example: '451 4.7.0 Temporary server error. Please try again later. PRX4',
  },
  {
    id: 'exo-421-4.4.2-idle',
    when: reply('any', { code: /^421$/, status: /^(4\.4\.1|4\.4\.2)$/, trace: /Connection dropped/i }),
    meaning: both(
      'The server has closed a connection on which nothing happened for long.',
      '長く使われなかった接続を、サーバーが閉じました。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'connection' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
    example: '421 4.4.2 Connection dropped',
  },
  {
    id: 'hve-550-5.5.105',
    when: reply('rcpt', { code: /^550$/, status: /^5\.5\.105$/ }),
    meaning: both(
      'High Volume Email sends to recipients of the own organisation only.',
      'High Volume Email は組織内の受信者にしか送れません。',
    ),
    fix: [
      say(
        'Send to others from a usual mailbox (smtp.office365.com), or by Azure Communication Services.',
        '組織外へは通常のメールボックス(smtp.office365.com)か Azure Communication Services から送ってください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['exchange-high-volume'], confidence: 'reported' },
  },
])
