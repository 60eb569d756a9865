import * as fixes from './fixes.ts'
import { both, known, reply, say } from './known-error.ts'

// What the mail servers of Google and Yahoo say.

export const gmail = known('google', [
  {
    id: 'gmail-334-json',
    when: reply('auth', { code: /^334$/, challenge: /^40[01]$/ }),
    meaning: both(
      'Google does not accept the access token: 400 is a wrong scope or user name, 401 an expired or revoked token.',
      'Google がアクセストークンを受け付けません。400 はスコープまたはユーザー名の誤り、401 は期限切れまたは取り消しです。',
    ),
    fix: [
      say(
        'Check that the consent has the scope https://mail.google.com/: gmail.send is not enough for SMTP.',
        '同意のスコープが https://mail.google.com/ であることを確認してください。SMTP には gmail.send では足りません。',
      ),
      say(
        'Check that whoever signs in is the one who consented.',
        'サインインする人が、同意した人と同じか確認してください。',
      ),
      fixes.consentAgain,
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['gmail-xoauth2', 'gmail-scopes'], confidence: 'documented' },
    example:
      '334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==',
  },
  {
    id: 'gmail-535-5.7.8',
    when: reply('auth', {
      code: /^535$/,
      status: /^(5\.7\.8|5\.7\.1)$/,
      words: /Username and Password not accepted|BadCredentials/i,
    }),
    meaning: both(
      'Gmail does not accept the sign-in: the token is refused, or a password was sent.',
      'Gmail がサインインを受け付けません。トークンが拒否されたか、パスワードが送られています。',
    ),
    fix: [
      fixes.notAPassword,
      say(
        'Check that the consent has the scope https://mail.google.com/.',
        '同意のスコープが https://mail.google.com/ であることを確認してください。',
      ),
      fixes.consentAgain,
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['gmail-xoauth2', 'gmail-errors', 'gmail-scopes'], confidence: 'documented' },
    example:
      '535-5.7.8 Username and Password not accepted. Learn more at\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials c7sm19648018pfp.164 - gsmtp',
  },
  {
    id: 'gmail-534-5.7.9',
    when: reply('auth', { code: /^534$/, status: /^5\.7\.9$/, trace: /Application-specific password/i }),
    meaning: both(
      'Gmail was sent a password, and asks for an app password instead.',
      'Gmail に通常のパスワードが送られ、アプリ パスワードが求められています。',
    ),
    fix: [fixes.useOAuth],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
    example: '534-5.7.9 Application-specific password required.',
  },
  {
    id: 'gmail-534-5.7.14',
    when: reply('auth', { code: /^534$/, status: /^5\.7\.14$/, trace: /web browser/i }),
    meaning: both(
      'Gmail finds a sign-in with a password suspicious and wants one in a browser first.',
      'Gmail がパスワードでのサインインを不審とみなし、先にブラウザーでのサインインを求めています。',
    ),
    fix: [
      say(
        'Have the person sign in with a browser from the same network.',
        '本人に同じネットワークからブラウザーでサインインしてもらってください。',
      ),
      fixes.useOAuth,
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
    example: '534-5.7.14 Please log in through your web browser and then try again.',
  },
  {
    id: 'gmail-454-too-many-logins',
    when: reply('auth', { code: /^454$/, status: /^4\.7\.0$/, words: /Too many login attempts/i }),
    meaning: both(
      'Gmail was signed in to too often in a short time.',
      'Gmail に短時間に何度もサインインしました。',
    ),
    fix: [
      say(
        'Let every program send through postern, which signs in once for many messages.',
        'すべてのプログラムを postern 経由で送信させてください。一度のサインインで多くのメッセージを送ります。',
      ),
      fixes.tryAgainLater,
    ],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['quoted-replies', 'gmail-errors'], confidence: 'reported' },
    example: '454 4.7.0 Too many login attempts, please try again later. ca2sm424696pbc.68 - gsmtp',
  },
  {
    id: 'gmail-454-temporary',
    when: reply('auth', { code: /^454$/, status: /^4\.7\.0$/, trace: /temporary system problem/i }),
    meaning: both('Gmail cannot check sign-ins at the moment.', 'Gmail が今はサインインを確認できません。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
  },
  {
    id: 'gmail-421-4.7.0',
    when: reply('any', { code: /^421$/, status: /^4\.7\.0$/, trace: /closing connection/i }),
    meaning: both(
      'Gmail finds the traffic from this network address, or the name in EHLO, unusual.',
      'Gmail が、このIPアドレスからの通信または EHLO の名前を不審とみなしています。',
    ),
    fix: [
      say(
        'Give this machine a real host name, which postern says in EHLO.',
        'このマシンに実在するホスト名を付けてください。postern が EHLO で名乗ります。',
      ),
      fixes.slowDown,
      fixes.tryAgainLater,
    ],
    kind: { lasts: 'passes', who: 'time', about: 'server' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
    example: '421 4.7.0 Try again later, closing connection. (EHLO)',
  },
  {
    id: 'gmail-421-4.3.0',
    when: reply('any', { code: /^421$/, status: /^(4\.3\.0|4\.4\.5)$/ }),
    meaning: both('Gmail has a passing fault.', 'Gmail の一時的な障害です。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'server' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
  },
  {
    id: 'gmail-550-5.4.5',
    when: reply('mail-or-data', { code: /^550$/, status: /^5\.4\.5$/, trace: /sending limit/i }),
    meaning: both(
      'The account has reached its daily sending limit at Google (2,000 messages with Workspace, 500 otherwise); it passes within 24 hours, though the code says otherwise.',
      'Google の 1 日の送信上限(Workspace は 2,000 通、それ以外は 500 通)に達しました。コードは恒久的ですが、24 時間以内に送れるようになります。',
    ),
    fix: [
      fixes.tryAgainLater,
      say(
        'For more, use several mailboxes, or the SMTP relay of Google Workspace.',
        'それ以上送る場合は、複数のメールボックスか Google Workspace の SMTP リレーを使ってください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['gmail-errors', 'gmail-limits', 'rfc3463'], confidence: 'documented' },
    example: '550-5.4.5 Daily user sending limit exceeded.',
  },
  {
    id: 'gmail-530-5.7.0',
    when: reply('mail', { code: /^530$/, status: /^(5\.7\.0|5\.5\.1)$/ }),
    meaning: both(
      'Gmail wants a sign-in, or STARTTLS, first.',
      'Gmail が先にサインインまたは STARTTLS を求めています。',
    ),
    fix: [fixes.checkHost],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'connection' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
  },
  {
    id: 'gmail-552-5.2.3',
    when: reply('mail-or-data', { code: /^552$/, status: /^5\.2\.3$/ }),
    meaning: both(
      "The message is larger than Gmail's limit of about 25 MB of attachments.",
      'メッセージが Gmail の上限(添付ファイルで約 25 MB)を超えています。',
    ),
    fix: [fixes.smallerMessage],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
  },
  {
    id: 'gmail-452-4.5.3',
    when: reply('rcpt', { code: /^452$/, status: /^4\.5\.3$/ }),
    meaning: both(
      'The message has more recipients than Gmail takes by SMTP (100).',
      'メッセージの受信者が、Gmail が SMTP で受け付ける数(100)を超えています。',
    ),
    fix: [fixes.splitRecipients],
    kind: { lasts: 'passes', who: 'sender', about: 'message' },
    evidence: { sources: ['gmail-errors', 'gmail-limits'], confidence: 'documented' },
  },
  {
    id: 'gmail-550-5.7.1-rate',
    when: reply('data', {
      code: /^550$/,
      status: /^5\.7\.1$/,
      words: /rate limited|SMTP relay limit exceeded/i,
    }),
    meaning: both(
      'Google refuses the message because too many were sent, or the limit of the SMTP relay is reached.',
      '送信が多すぎるか SMTP リレーの上限に達したため、Google がメッセージを拒否しています。',
    ),
    fix: [fixes.slowDown, fixes.tryAgainLater],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['gmail-errors'], confidence: 'documented' },
  },
])

export const yahooMail = known('yahoo', [
  {
    id: 'yahoo-535-auth005',
    when: reply('auth', { code: /^535$/, status: /^5\.7\.0$/, words: /AUTH005/i }),
    meaning: both(
      'Yahoo takes no sign-in for a while, because there were too many bad ones.',
      '誤ったサインインが多すぎたため、Yahoo がしばらくサインインを受け付けません。',
    ),
    fix: [fixes.stopOldPassword, say('Try again in an hour.', '1 時間後にもう一度試してください。')],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['yahoo-ehlo'], confidence: 'reported' },
    example: '535 5.7.0 (#AUTH005) Too many bad auth attempts.',
  },
  {
    id: 'yahoo-421-max-messages',
    when: reply('mail', { code: /^421$/, words: /max message per connection reached/i }),
    meaning: both(
      'Yahoo takes about 20 messages by one connection.',
      'Yahoo が 1 本の接続で受け付けるのは約 20 通です。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'connection' },
    evidence: { sources: ['yahoo-limits'], confidence: 'reported' },
  },
  {
    id: 'yahoo-421-tss',
    when: reply('any', { code: /^421$/, words: /TSS0\d/i }),
    meaning: both(
      'Yahoo takes no mail from here for a while, because of its volume or of complaints.',
      '送信量または苦情のため、Yahoo がここからのメールをしばらく受け付けません。',
    ),
    fix: [fixes.slowDown, fixes.tryAgainLater],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['yahoo-limits'], confidence: 'reported' },
  },
])
