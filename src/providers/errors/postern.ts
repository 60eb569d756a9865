import * as fixes from './fixes.ts'
import { both, heard, known, run, say } from './known-error.ts'

// What postern itself says to mail programs.

export const posternReplies = known('postern', [
  {
    id: 'local-provider-unavailable',
    when: heard(/The mail provider cannot be reached, try again|No access token for .{0,300} can be had/i),
    meaning: both(
      'The provider, or its sign-in service, cannot be reached or asks for patience.',
      'プロバイダーまたはそのサインインサービスに到達できないか、待つように求められています。',
    ),
    fix: [
      say(
        'Nothing has to be done: the program that sends tries again by itself.',
        '対処は不要です。送信するプログラムが自動的に再試行します。',
      ),
      fixes.showMailbox,
      run(
        'If it stays so, look at what happened:',
        '続く場合は、起きたことを確認してください:',
        'postern journal --mailbox {mailbox} --outcome failed',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'server' },
    evidence: { sources: ['postern'], confidence: 'documented' },
  },
  {
    id: 'local-fault',
    when: heard(/Something went wrong (here|inside postern)|The store of postern does not answer/i),
    meaning: both(
      'postern has a fault of its own: its store does not answer, or something is broken.',
      'postern 自身の障害です。ストアが応答しないか、どこかが壊れています。',
    ),
    fix: [
      say(
        'Look at the log of postern, and whether its disk is full.',
        'postern のログと、ディスクの空きを確認してください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'operator', about: 'connection' },
    evidence: { sources: ['postern'], confidence: 'documented' },
  },
  {
    id: 'local-mailbox-gone',
    when: heard(/The mailbox of this login is gone|There is no mailbox \S+@/i),
    meaning: both(
      'The mailbox was removed from postern, or was never there.',
      'メールボックスが postern から削除されたか、もともとありません。',
    ),
    fix: [
      run(
        'See which mailboxes there are:',
        'メールボックスの一覧を確認してください:',
        'postern mailbox list',
      ),
      run('Or add it:', 'または追加してください:', 'postern mailbox add {mailbox} --provider {provider}'),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['postern'], confidence: 'documented' },
  },
  {
    id: 'local-bare-newline',
    when: heard(/A CR or LF that is not part of CRLF/i),
    meaning: both(
      'The program ends lines by a single CR or LF, which is not safe to pass on.',
      'プログラムが単独の CR または LF で行を終えており、そのまま渡すと危険です。',
    ),
    fix: [
      run(
        'Correct the program; or, for an old device, have its login mend that:',
        'プログラムを直してください。古い機器なら、ログインで補正できます:',
        'postern login set ID --mend-line-ends',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['postern'], confidence: 'documented' },
  },
  {
    id: 'local-http',
    when: heard(/554 5\.5\.1 This is a mail server/i),
    meaning: both(
      'A browser, or another program that speaks HTTP, came to the port for mail.',
      'ブラウザーなど HTTP を話すプログラムが、メール用のポートに接続しました。',
    ),
    fix: [
      say(
        'Open the pages at their own address: http://localhost:8587 by default.',
        'ページは専用のアドレスで開いてください(既定は http://localhost:8587)。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['postern'], confidence: 'documented' },
  },
  {
    id: 'local-no-recipients',
    when: heard(/554 5\.5\.1 No valid recipients/i),
    meaning: both(
      'Every recipient of the message was refused before.',
      'メッセージの受信者がすべて拒否されていました。',
    ),
    fix: [
      say(
        'Look at the replies to the recipients before this one.',
        'その前の、受信者への応答を確認してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['postern'], confidence: 'documented' },
  },
  {
    id: 'local-bad-password',
    when: heard(/5\.7\.8 Wrong user name or password|550 5\.7\.1 This login is no longer valid/i),
    meaning: both(
      'postern does not know the user name, or the password is wrong, or the login was revoked or has expired.',
      'postern にそのユーザー名がないか、パスワードが誤っているか、ログインが取り消し済みまたは期限切れです。',
    ),
    fix: [
      fixes.clientSettings,
      run('See which logins there are:', 'ログインの一覧を確認してください:', 'postern login list'),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-plain-without-tls',
    when: heard(/Signing in needs TLS here/i),
    meaning: both(
      'postern takes a password on this port only under TLS.',
      'postern は、このポートでは TLS の中でしかパスワードを受け付けません。',
    ),
    fix: [
      say(
        'Switch STARTTLS or SSL/TLS on in the program or device.',
        'プログラムや機器で STARTTLS または SSL/TLS を有効にしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-auth-required',
    when: heard(/5\.7\.0 Sign in first/i),
    meaning: both('The program or device did not sign in.', 'プログラムや機器がサインインしていません。'),
    fix: [
      say(
        'Switch authentication on there, with user name and password of a login of postern.',
        'そこで認証を有効にし、postern のログインのユーザー名とパスワードを設定してください。',
      ),
      run(
        'For a device that has none, let its network in:',
        '認証できない機器は、そのネットワークを許可してください:',
        'postern login add {mailbox} --no-password --network CIDR',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-mechanism',
    when: heard(/Sign in with PLAIN or LOGIN/i),
    meaning: both(
      'The program signs in by a way that postern does not offer: it takes PLAIN and LOGIN.',
      'プログラムが postern にない方法でサインインしようとしています。使えるのは PLAIN と LOGIN です。',
    ),
    fix: [
      say(
        'Choose "normal password", PLAIN or LOGIN there, not OAuth2, NTLM or CRAM-MD5.',
        '「通常のパスワード」、PLAIN、LOGIN のいずれかを選んでください。OAuth2、NTLM、CRAM-MD5 は使えません。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-base64',
    when: heard(/Cannot read that: not (base64|what the mechanism expects)/i),
    meaning: both(
      'The program sent a sign-in that cannot be read.',
      'プログラムが送ったサインインの内容を読み取れません。',
    ),
    fix: [fixes.reportClient],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-cancel',
    when: heard(/5\.7\.0 Sign-in cancelled/i),
    meaning: both('The program gave up its sign-in.', 'プログラムがサインインを中止しました。'),
    fix: [fixes.clientSettings],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-auth-line-too-long',
    when: heard(/500 5\.5\.6 The line is too long/i),
    meaning: both(
      'The sign-in is longer than 12,288 octets.',
      'サインインの行が 12,288 オクテットを超えています。',
    ),
    fix: [fixes.reportClient],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-auth-twice',
    when: heard(/503 5\.5\.1 Already signed in/i),
    meaning: both(
      'The program signed in twice, or in the middle of a message.',
      'プログラムが 2 回サインインしたか、メッセージの途中でサインインしました。',
    ),
    fix: [fixes.reportClient],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-too-many-failures',
    when: heard(/Too many failed sign-ins from here/i),
    meaning: both(
      'There were too many failed sign-ins from this address or for this name.',
      'このアドレスまたはこの名前で、サインインの失敗が多すぎます。',
    ),
    fix: [fixes.stopOldPassword, fixes.tryAgainLater],
    kind: { lasts: 'passes', who: 'time', about: 'connection' },
    evidence: { sources: ['rfc5321'], confidence: 'from-memory' },
  },
  {
    id: 'local-not-authorised-yet',
    when: heard(/\[postern:REAUTH\]/),
    meaning: both(
      'Somebody has to consent at the provider for this mailbox, for the first time or again.',
      'このメールボックスについて、プロバイダーでの同意が(初めてまたは再び)必要です。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'passes', who: 'person', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-circuit-open',
    when: heard(/\[postern:CONFIG\]/),
    meaning: both(
      'The provider refuses what is set up, or postern waits before it tries again after such a refusal.',
      'プロバイダーが設定を拒否しているか、その拒否のあと postern が次の試行まで待っています。',
    ),
    fix: [fixes.showMailbox, fixes.tryMailbox],
    kind: { lasts: 'passes', who: 'time', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'local-sender-not-allowed',
    when: heard(/This login may not send as this sender/i),
    meaning: both(
      'The login of postern may not send as this sender.',
      'postern のこのログインは、この差出人として送信できません。',
    ),
    fix: [
      say(
        'Have the program send as the mailbox of the login.',
        'プログラムの差出人を、ログインのメールボックスにしてください。',
      ),
      run(
        'Or let the login use the sender too:',
        'または、ログインにその差出人も許可してください:',
        'postern login allow ID --sender {sender}',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc6409'], confidence: 'documented' },
  },
  {
    id: 'local-rate-limited',
    when: heard(/\[postern:LIMIT\]/),
    meaning: both(
      'A limit is reached: of the login, of the mailbox, or of what the provider takes at a time.',
      'ログイン、メールボックス、またはプロバイダーが一度に受け付ける量の上限に達しました。',
    ),
    fix: [
      say(
        'Nothing has to be done if the program tries again by itself.',
        'プログラムが自動的に再試行するなら、対処は不要です。',
      ),
      fixes.showMailbox,
    ],
    kind: { lasts: 'passes', who: 'time', about: 'connection' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'local-too-many-connections',
    when: heard(/Too many connections(?=.{0,300}postern)|421 4\.3\.2 Too many/i),
    meaning: both(
      'There are more connections to postern than it takes.',
      'postern への接続が上限を超えています。',
    ),
    fix: [
      say(
        'Have the program use fewer connections, or raise POSTERN_CONNECTIONS.',
        'プログラムの接続数を減らすか、POSTERN_CONNECTIONS を大きくしてください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'time', about: 'connection' },
    evidence: { sources: ['rfc5321'], confidence: 'documented' },
  },
  {
    id: 'local-size',
    when: heard(/The message is larger than is allowed here/i),
    meaning: both(
      'The message is larger than is allowed here, or than the provider takes.',
      'メッセージが、ここまたはプロバイダーのサイズの上限を超えています。',
    ),
    fix: [fixes.smallerMessage],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc5321'], confidence: 'documented' },
  },
  {
    id: 'local-upstream-lost-in-data',
    when: heard(/nobody knows whether the message arrived/i),
    meaning: both(
      'The connection to the provider broke while the message was sent, and nobody knows whether it arrived.',
      'メッセージの送信中にプロバイダーとの接続が切れ、届いたかどうか分かりません。',
    ),
    fix: [
      say(
        'Let the program try again; the message may then arrive twice.',
        'プログラムに再試行させてください。同じメッセージが 2 通届くことがあります。',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'connection' },
    evidence: { sources: ['rfc5321'], confidence: 'documented' },
  },
  {
    id: 'local-shutdown',
    when: heard(/postern is (stopping|shutting down)|421 4\.3\.2 postern/i),
    meaning: both('postern stops, or is being restarted.', 'postern が停止または再起動しています。'),
    fix: [fixes.tryAgainLater],
    kind: { lasts: 'passes', who: 'nobody', about: 'connection' },
    evidence: { sources: ['rfc5321'], confidence: 'documented' },
  },
  {
    id: 'local-token-too-long',
    when: heard(/access token of \d+ characters/i),
    meaning: both('The access token is too long for SMTP.', 'アクセストークンが SMTP には長すぎます。'),
    fix: [fixes.smallerToken],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'connection' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
])
