import * as fixes from './fixes.ts'
import { both, heard, known, reply, run, say } from './known-error.ts'

// What every mail server may say (RFC 4954, RFC 5321), and what goes wrong before it can say anything.

export const mailServers = known('any', [
  {
    id: 'oauthbearer-334-json',
    when: reply('auth', { code: /^334$/, challenge: /^(invalid_token|insufficient_scope|invalid_request)$/ }),
    meaning: both(
      'The mail server does not accept the access token.',
      'メールサーバーがアクセストークンを受け付けません。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc7628'], confidence: 'documented' },
    example:
      '334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NoZW1lcyI6ImJlYXJlciBtYWMiLCJzY29wZSI6Imh0dHBzOi8vbWFpbC5leGFtcGxlLmNvbS8ifQ==',
  },
  {
    id: 'smtp-starttls-first',
    when: reply('any', {
      code: /^(451|503|530|538|554)$/,
      words: /STARTTLS (command )?(first|is required|required)|issue a STARTTLS|need(s)? STARTTLS/i,
    }),
    meaning: both(
      'The server wants STARTTLS before anything else.',
      'サーバーが、最初に STARTTLS を求めています。',
    ),
    fix: [say('Switch STARTTLS on in the program.', 'プログラムで STARTTLS を有効にしてください。')],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc3207'], confidence: 'documented' },
    example: '530 5.7.0 Must issue a STARTTLS command first',
  },
  {
    id: 'smtp-535-other',
    when: reply('auth', { code: /^535$/ }),
    meaning: both(
      'The mail server does not accept the sign-in.',
      'メールサーバーがサインインを受け付けません。',
    ),
    fix: [
      fixes.consentAgain,
      say(
        'If a program talks to the provider itself, check its user name and password.',
        'プログラムがプロバイダーに直接接続しているなら、そのユーザー名とパスワードを確認してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'smtp-454-auth',
    when: reply('auth', { code: /^454$/ }),
    meaning: both(
      'The mail server cannot check sign-ins at the moment.',
      'メールサーバーが今はサインインを確認できません。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'smtp-500-5.5.6',
    when: reply('auth', { code: /^500$/, status: /^5\.5\.6$/ }),
    meaning: both(
      'The access token is longer than the mail server can read.',
      'アクセストークンが、メールサーバーが読める長さを超えています。',
    ),
    fix: [
      say(
        'If the server is your own Postfix, raise smtpd_sasl_response_limit and line_length_limit.',
        '自前の Postfix なら、smtpd_sasl_response_limit と line_length_limit を大きくしてください。',
      ),
      fixes.smallerToken,
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'server' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'smtp-504-mechanism',
    when: reply('auth', { code: /^504$/ }),
    meaning: both(
      'The mail server does not know this way to sign in.',
      'メールサーバーがこのサインイン方法に対応していません。',
    ),
    fix: [fixes.checkHost],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'server' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'smtp-538-534',
    when: reply('auth', { code: /^(534|538)$/ }),
    meaning: both(
      'The mail server wants encryption, or a stronger way to sign in.',
      'メールサーバーが暗号化か、より強いサインイン方法を求めています。',
    ),
    fix: [say('Use TLS.', 'TLS を使ってください。'), fixes.useOAuth],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'server' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'program-wrong-tls',
    when: heard(
      /wrong version number|unknown protocol|SSL23_GET_SERVER_HELLO|http request.{0,300}ssl|packet length too long|plain(text)? connection.{0,300}(SSL|TLS)|unrecogni[sz]ed record type|tls_validate_record_header|first record does not look like a TLS handshake|SSL_ERROR_RX_RECORD_TOO_LONG/i,
    ),
    meaning: both(
      'The program begins TLS where the server begins in plain text, or the other way round.',
      'プログラムが、サーバーが平文で始めるところで TLS を始めているか、その逆です。',
    ),
    fix: [
      say(
        'Choose STARTTLS for port 587 or 2587, SSL/TLS (implicit) for port 465.',
        'ポート 587 や 2587 では STARTTLS を、ポート 465 では SSL/TLS(最初から TLS)を選んでください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'program-old-tls',
    when: heard(
      /unsupported protocol|alert protocol version|tlsv1 alert|no shared cipher|ssl handshake failure|sslv3 alert handshake failure|no protocols available|legacy sigalg/i,
    ),
    meaning: both(
      'The program and the server have no version or cipher of TLS in common; old devices know none that is safe.',
      'プログラムとサーバーに共通の TLS のバージョンや暗号がありません。古い機器は安全なものに対応していません。',
    ),
    fix: [
      say(
        'Update the device, or let it send to postern in the own network, by a listener that takes old TLS.',
        '機器を更新するか、自分のネットワーク内で、古い TLS を受け付けるリスナーから postern に送らせてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'program-no-mechanism',
    when: heard(
      /AUTH extension not supported|SASL authentication failed.{0,300}no mechanism available|no (suitable|supported|compatible) authentication (method|mechanism)|no worthy mechs|does(n.t| not) support (AUTH|authentication)|authentication (method )?not supported by (the )?server/i,
    ),
    meaning: both(
      'The server offers no way to sign in that the program knows; often it offers none before STARTTLS.',
      'プログラムが使えるサインイン方法を、サーバーが提示していません。STARTTLS の前には何も提示されないことがよくあります。',
    ),
    fix: [
      say(
        'Switch STARTTLS or SSL/TLS on in the program.',
        'プログラムで STARTTLS または SSL/TLS を有効にしてください。',
      ),
      say(
        'Choose "normal password", PLAIN or LOGIN.',
        '「通常のパスワード」、PLAIN、LOGIN のいずれかを選んでください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'program-port-taken',
    when: heard(/EADDRINUSE|address already in use/i),
    meaning: both(
      'Another program listens on this port already, perhaps another postern.',
      'このポートはすでにほかのプログラム(別の postern など)が使っています。',
    ),
    fix: [
      say(
        'Stop the other one, or choose another port (POSTERN_SMTP_LISTEN, POSTERN_WEB_LISTEN).',
        'そのプログラムを止めるか、別のポートを選んでください(POSTERN_SMTP_LISTEN、POSTERN_WEB_LISTEN)。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'server' },
    evidence: { sources: ['quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'smtp-no-oauth-mechanism',
    when: heard(/offers no sign-in by (XOAUTH2|OAUTHBEARER)|\b250[ -]X{6,}/i),
    meaning: both(
      'The mail server offers no sign-in by OAuth: it is the wrong one, or something in between removes the offer.',
      'メールサーバーが OAuth でのサインインに対応していません。サーバーが違うか、途中の機器が取り除いています。',
    ),
    fix: [
      fixes.checkHost,
      say(
        'Look for SMTP inspection in the firewall: it shows as "250-XXXXXXXA" or similar.',
        'ファイアウォールの SMTP 検査を確認してください。「250-XXXXXXXA」のような行で分かります。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'server' },
    evidence: { sources: ['rfc4954'], confidence: 'documented' },
  },
  {
    id: 'upstream-unreachable',
    when: heard(
      /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET)\b|connection (was )?(refused|timed out|reset)|lost connection with|name or service not known|no route to host|getaddrinfo|network is unreachable|(could not|cannot|can't|failed to|unable to) (resolve|connect to|reach)\b|Could not connect to SMTP host|SMTP connect\(\) failed/i,
    ),
    meaning: both(
      'The server cannot be reached: its name is not found, or nobody answers there.',
      'サーバーに到達できません。名前が見つからないか、応答がありません。',
    ),
    fix: [
      say(
        'Check the host name, DNS, and that the firewall lets connections out on ports 587, 465 and 443.',
        'ホスト名、DNS、ファイアウォールでポート 587、465、443 への外向き接続が許可されているか確認してください。',
      ),
      say(
        'If it is postern that is not reached: start it, and check the port (2587 by default).',
        '到達できないのが postern なら、起動しているかとポート(既定は 2587)を確認してください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'server' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'upstream-tls-failed',
    when: heard(
      /self[- ]signed certificate|unable to (get local issuer|verify the first) certificate|certificate (has expired|verify failed|is not trusted|verification failed)|\b(CERT_HAS_EXPIRED|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT_ALTNAME_INVALID|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE)\b|Hostname\/IP does not match|certificate is not valid|(certificate|server) (is )?not trusted|TLS is required, but was not offered|the certificate of .{0,300} (is|was) not/i,
    ),
    meaning: both(
      "The server's certificate cannot be trusted, or TLS failed.",
      'サーバーの証明書を信頼できないか、TLS に失敗しました。',
    ),
    fix: [
      fixes.checkClock,
      say(
        'If something inspects TLS in between, set its CA: POSTERN_EXTRA_CA_FILE.',
        '途中で TLS を検査しているなら、その CA を POSTERN_EXTRA_CA_FILE に設定してください。',
      ),
      run(
        'If it is the certificate of postern, have the program trust its CA; this says how:',
        'postern の証明書なら、その CA をプログラムに信頼させてください。方法は次のコマンドで分かります:',
        'postern tls make --help',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'server' },
    evidence: { sources: ['rfc3207'], confidence: 'documented' },
  },
  {
    id: 'smtp-too-large',
    when: reply('mail-or-data', { code: /^5/, status: /^5\.(3\.4|2\.3)$/ }),
    meaning: both(
      'The message is larger than the server takes.',
      'メッセージがサーバーのサイズの上限を超えています。',
    ),
    fix: [fixes.smallerMessage],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'smtp-sender-domain',
    when: reply('mail-or-data', { code: /^[45]/, status: /^[45]\.1\.[78]$/ }),
    meaning: both(
      "The server does not accept the sender's address, or does not find its domain.",
      'サーバーが差出人のアドレスを受け付けないか、そのドメインを見つけられません。',
    ),
    fix: [
      say(
        'Check the sender address that the program uses: it has to be a real one, of a domain that is in DNS.',
        'プログラムが使う差出人のアドレスを確認してください。DNS にあるドメインの実在するアドレスである必要があります。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'sender' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'smtp-policy',
    when: reply('mail-or-data', {
      code: /^5/,
      status: /^5\.7\.[01]$/,
      words: /spam|policy|blocked|blacklist|block ?list|reputation|content/i,
    }),
    meaning: both(
      'The server takes the message for spam, or its rules do not allow it.',
      'サーバーがメッセージを迷惑メールとみなしたか、規則で許可していません。',
    ),
    fix: [
      say(
        'Read its own words: they often name a page that says more, or a list of blocked addresses.',
        'サーバー自身のメッセージを読んでください。詳しいページや拒否リストが示されていることがよくあります。',
      ),
      say(
        'Send to the recipient by hand from the same mailbox, to see whether it is the message or the sender.',
        '同じメールボックスから手動で送り、メッセージと差出人のどちらが原因か確かめてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'smtp-unknown-recipient',
    when: reply('mail-or-data', { code: /^5/, status: /^5\.(1\.(0|1|2|3|4|6|10)|4\.1)$/ }),
    meaning: both('There is no such recipient.', 'その受信者は存在しません。'),
    fix: [
      say(
        'Check the address of the recipient, and remove it from lists.',
        '受信者のアドレスを確認し、宛先リストから取り除いてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'smtp-recipient-full',
    when: reply('mail-or-data', { code: /^[45]/, status: /^[45]\.2\.2$/ }),
    meaning: both("The recipient's mailbox is full.", '受信者のメールボックスが満杯です。'),
    fix: [
      say(
        'Tell the recipient by another way, and send again later.',
        '別の方法で受信者に知らせ、あとで送り直してください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'message' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'smtp-greylisted',
    when: reply('mail-or-data', { code: /^4/, words: /gr[ea]y-?list/i }),
    meaning: both(
      'The server of the recipient takes mail from strangers only at the second try.',
      '受信側のサーバーは、初めての相手からのメールを 2 回目の試行で受け付けます。',
    ),
    fix: [
      say(
        'Nothing has to be done: the program that sends tries again by itself.',
        '対処は不要です。送信するプログラムが自動的に再試行します。',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'message' },
    evidence: { sources: ['quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'smtp-relay-denied',
    when: reply('mail-or-data', {
      code: /^5/,
      words:
        /relay(ing)?( access)? (denied|not permitted|prohibited)|unable to relay|not permitted to relay|we do not relay/i,
    }),
    meaning: both(
      'The server passes no mail on for somebody who has not signed in there.',
      'サーバーは、サインインしていない人のメールを転送しません。',
    ),
    fix: [
      say(
        'Switch authentication on in the program, and check that it talks to the right server.',
        'プログラムで認証を有効にし、正しいサーバーに接続しているか確認してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['rfc3463'], confidence: 'documented' },
  },
  {
    id: 'smtp-not-authenticated-mail',
    when: reply('mail-or-data', {
      code: /^[45]/,
      status: /^[45]\.7\.(20|21|22|23|24|25|26|27|29|30|32|509)$/,
      words: /SPF|DKIM|DMARC|unauthenticated|authenticat|PTR/i,
    }),
    meaning: both(
      "The recipient's server does not believe that the message is from its sender's domain (SPF, DKIM, DMARC).",
      '受信側のサーバーが、メッセージが差出人のドメインからのものだと確認できません(SPF、DKIM、DMARC)。',
    ),
    fix: [
      say(
        'Send as an address of the mailbox itself, and set SPF, DKIM and DMARC of its domain as the provider says.',
        'メールボックス自身のアドレスで送信し、そのドメインの SPF、DKIM、DMARC をプロバイダーの説明に従って設定してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'organisation' },
    evidence: { sources: ['quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'smtp-4xx-transaction',
    when: reply('mail-rcpt-data', { code: /^4/ }),
    meaning: both(
      'The mail server does not take the message for now, for a reason of its own.',
      'メールサーバーが、独自の理由でメッセージを今は受け付けません。',
    ),
    fix: [
      say(
        'Read its own words; the program that sends tries again by itself.',
        'サーバー自身のメッセージを読んでください。送信するプログラムが自動的に再試行します。',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'message' },
    evidence: { sources: ['rfc5321'], confidence: 'documented' },
  },
  {
    id: 'smtp-5xx-transaction',
    when: reply('mail-rcpt-data', { code: /^5/ }),
    meaning: both(
      'The mail server refuses the message for good, for a reason of its own.',
      'メールサーバーが、独自の理由でメッセージを恒久的に拒否しています。',
    ),
    fix: [
      say(
        'Read its own words, and correct the message, the sender or the recipient.',
        'サーバー自身のメッセージを読み、メッセージ、差出人、受信者のいずれかを直してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'message' },
    evidence: { sources: ['rfc5321'], confidence: 'documented' },
  },
  {
    id: 'program-sign-in-failed',
    isGeneral: true,
    when: heard(
      /authentication (has )?(failed|failure|error|unsuccessful)|(could|can) ?not authenticate|not authenticated|invalid (login|credentials)|(username|user name|password)\b.{0,20}\b(incorrect|invalid|wrong|not accepted)|log-?in (failed|failure|error)|\bEAUTH\b/i,
    ),
    meaning: both(
      'A mail server did not accept the sign-in; why, this text does not say.',
      'メールサーバーがサインインを受け付けませんでした。理由はこの文面からは分かりません。',
    ),
    fix: [
      say(
        'If the program is set to send to postern: correct user name and password, which are those of a login of postern.',
        'プログラムの送信先が postern なら、ユーザー名とパスワードを直してください。postern のログインのものを使います。',
      ),
      say(
        'If it sends to the provider itself: have it send through postern, because most providers take no passwords any more.',
        'プロバイダーに直接送っているなら、postern 経由にしてください。ほとんどのプロバイダーはパスワードを受け付けなくなっています。',
      ),
      say(
        'Look for a line with a code beside it, such as 535 5.7.139, and have that explained.',
        '535 5.7.139 のようなコードのある行を近くで探し、それを説明させてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'sender', about: 'connection' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
])
