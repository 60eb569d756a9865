import * as fixes from './fixes.ts'
import { both, known, powershell, reply, say } from './known-error.ts'

// What Exchange Online says to a connection and to a sign-in.

export const exchangeSignIn = known('microsoft', [
  {
    id: 'exo-smtpauth-disabled-tenant',
    when: reply('auth', {
      code: /^535$/,
      status: /^5\.7\.139$/,
      words: /SmtpClientAuthentication is disabled for the Tenant/i,
    }),
    meaning: both(
      'SMTP AUTH is switched off for the organisation, which blocks OAuth as well.',
      'SMTP AUTH が組織全体で無効になっており、OAuth でもサインインできません。',
    ),
    fix: [
      fixes.lookAtSmtpAuth,
      powershell(
        'And for the organisation:',
        '組織の設定も確認してください:',
        'Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled',
      ),
      fixes.allowSmtpAuth,
      fixes.portalSmtpAuth,
      powershell(
        'Only if every mailbox of the organisation shall be allowed to:',
        '組織のすべてのメールボックスで許可する場合だけ実行してください:',
        'Set-TransportConfig -SmtpClientAuthenticationDisabled $false',
      ),
      fixes.tryMailbox,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'organisation' },
    evidence: {
      sources: ['exchange-smtp-auth', 'exchange-powershell', 'exchange-refusals', 'email-oauth2-proxy-193'],
      confidence: 'documented',
    },
    example:
      '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [MN2PR05CA0004.namprd05.prod.outlook.com 2023-09-12T20:59:57.214Z 08DBB276B7E699C4]',
  },
  {
    id: 'exo-smtpauth-disabled-mailbox',
    when: reply('auth', {
      code: /^535$/,
      status: /^5\.7\.139$/,
      words: /SmtpClientAuthentication is disabled for the Mailbox/i,
    }),
    meaning: both(
      'SMTP AUTH is switched off for this mailbox, by its own setting or that of the organisation.',
      'このメールボックスの SMTP AUTH が、それ自身または組織の設定で無効になっています。',
    ),
    fix: [
      fixes.lookAtSmtpAuth,
      fixes.allowSmtpAuth,
      fixes.portalSmtpAuth,
      say(
        'At Outlook.com: Settings, Mail, Forwarding and IMAP (or Sync email), and let devices and apps use it.',
        'Outlook.com の場合は「設定」「メール」「転送と IMAP」(または「メールを同期」)で、デバイスとアプリの使用を許可してください。',
      ),
      fixes.tryMailbox,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: {
      sources: ['exchange-smtp-auth', 'exchange-powershell', 'zerosmtp'],
      confidence: 'documented',
    },
  },
  {
    id: 'exo-basic-disabled',
    when: reply('auth', { code: /^535$/, status: /^5\.7\.139$/, words: /basic authentication is disabled/i }),
    meaning: both(
      'Microsoft was sent a password, and takes OAuth only.',
      'Microsoft にパスワードが送られましたが、OAuth しか受け付けられません。',
    ),
    fix: [
      fixes.notAPassword,
      fixes.useOAuth,
      say(
        'App passwords of personal accounts do not work any more either.',
        '個人アカウントのアプリ パスワードも、もう使えません。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['exchange-refusals'], confidence: 'reported' },
    example:
      '535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [PN0PR01CA0024.INDPRD01.PROD.OUTLOOK.COM 2025-01-26T18:54:30.055Z 08DD3DD7D75D7743]',
  },
  {
    id: 'exo-security-defaults',
    when: reply('auth', {
      code: /^535$/,
      status: /^5\.7\.139$/,
      words: /locked by your organization's security defaults policy/i,
    }),
    meaning: both(
      "The organisation's security defaults block the sign-in; they also switch SMTP AUTH off.",
      '組織の「セキュリティの既定値群」がサインインを拒否しています。SMTP AUTH も無効になります。',
    ),
    fix: [
      fixes.notAPassword,
      fixes.allowSmtpAuth,
      say(
        'If that does not help: Entra admin centre, Identity, Overview, Properties, Manage security defaults; replace them by Conditional Access policies.',
        'それでも解決しない場合は、Entra 管理センターの「ID」「概要」「プロパティ」「セキュリティの既定値群の管理」で、条件付きアクセス ポリシーに置き換えてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: {
      sources: ['exchange-smtp-auth', 'exchange-device-fixes', 'quoted-replies'],
      confidence: 'reported',
    },
    example:
      "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
  },
  {
    id: 'exo-criteria-not-met',
    when: reply('auth', {
      code: /^535$/,
      status: /^5\.7\.139$/,
      words: /did not meet the criteria to be authenticated successfully/i,
    }),
    meaning: both(
      'A Conditional Access policy or an authentication policy of the organisation refuses the sign-in.',
      '組織の条件付きアクセスまたは認証ポリシーがサインインを拒否しています。',
    ),
    fix: [fixes.signInLogs, fixes.excludeFromPolicy],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-refusals'], confidence: 'reported' },
    example:
      '535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.',
  },
  {
    id: 'exo-org-config',
    when: reply('auth', {
      code: /^535$/,
      status: /^5\.7\.139$/,
      words: /organization configuration doesn't allow this authentication request/i,
    }),
    meaning: both(
      'The configuration of the organisation does not allow this sign-in; it is seen with High Volume Email.',
      '組織の構成がこのサインインを許可していません。High Volume Email で見られます。',
    ),
    fix: [
      say(
        'Check the security defaults and the authentication policies of the organisation.',
        '組織のセキュリティの既定値群と認証ポリシーを確認してください。',
      ),
      say(
        'For High Volume Email, check that its account has a billing policy.',
        'High Volume Email なら、そのアカウントに課金ポリシーがあるか確認してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-high-volume'], confidence: 'documented' },
  },
  {
    id: 'exo-credentials-incorrect',
    when: reply('auth', {
      code: /^535$/,
      status: /^5\.7\.139$/,
      words: /the user credentials were incorrect/i,
    }),
    meaning: both(
      'Microsoft was sent a password, and a wrong one.',
      'Microsoft に誤ったパスワードが送られました。',
    ),
    fix: [fixes.notAPassword, fixes.useOAuth],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'exo-account-locked',
    when: reply('auth', { code: /^535$/, status: /^5\.7\.139$/, words: /account locked/i }),
    meaning: both(
      'The account is locked after failed sign-ins.',
      'サインインの失敗が続いたため、アカウントがロックされています。',
    ),
    fix: [
      fixes.stopOldPassword,
      say(
        'Wait until the lock ends by itself, or unlock the account in the Entra admin centre.',
        'ロックが自動的に解除されるのを待つか、Entra 管理センターで解除してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'exo-5.7.139-other',
    when: reply('auth', { code: /^535$/, status: /^5\.7\.139$/ }),
    meaning: both(
      'A setting or a policy of the organisation refuses the sign-in.',
      '組織の設定またはポリシーがサインインを拒否しています。',
    ),
    fix: [fixes.lookAtSmtpAuth, fixes.allowSmtpAuth, fixes.signInLogs],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['exchange-device-fixes'], confidence: 'documented' },
  },
  {
    id: 'exo-535-5.7.3',
    when: reply('auth', { code: /^535$/, status: /^5\.7\.3$/, trace: /^/ }),
    meaning: both(
      'Exchange Online does not accept the access token for this mailbox, and does not say why.',
      'Exchange Online がこのメールボックスのアクセストークンを受け付けません。理由は示されません。',
    ),
    fix: [
      fixes.lookAtSmtpAuth,
      fixes.licence,
      say(
        'Check that whoever consented may send from the mailbox; for a shared one, that person signs in (--signs-in-as) and has Send As.',
        '同意した人がそのメールボックスから送信できるか確認してください。共有メールボックスでは、その人がサインインし(--signs-in-as)、「メールボックス所有者として送信」の権限を持つ必要があります。',
      ),
      say(
        'A token of Microsoft Graph does not do: its scope has to be https://outlook.office.com/SMTP.Send.',
        'Microsoft Graph のトークンは使えません。スコープは https://outlook.office.com/SMTP.Send である必要があります。',
      ),
      fixes.showAppOnly,
      say(
        'After a change of permissions, wait up to two hours.',
        '権限を変えたあとは、反映まで最大 2 時間かかります。',
      ),
      fixes.tryMailbox,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: {
      sources: [
        'exchange-oauth',
        'exchange-rbac',
        'exchange-device-fixes',
        'mailkit-app-only',
        'phpmailer-3301',
      ],
      confidence: 'documented',
    },
    example: '535 5.7.3 Authentication unsuccessful [SN2PR00CA0018.namprd00.prod.outlook.com]',
  },
  {
    id: 'exo-550-5.7.30',
    when: reply('auth', { status: /^5\.7\.30$/ }),
    meaning: both(
      'Microsoft was sent a password, and does not take passwords for sending any more.',
      'Microsoft にパスワードが送られましたが、送信でのパスワード認証は廃止されています。',
    ),
    fix: [fixes.useOAuth],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['exchange-basic-auth'], confidence: 'documented' },
    example: '550 5.7.30 Basic authentication is not supported for Client Submission.',
  },
  {
    id: 'exo-504-5.7.4',
    when: reply('auth', { code: /^504$/, status: /^5\.7\.4$/, trace: /Unrecognized authentication type/i }),
    meaning: both(
      'The server does not offer this way to sign in here: before STARTTLS, or because it is not a submission server.',
      'このサーバーでは、このサインイン方法は使えません。STARTTLS の前か、送信用のサーバーではありません。',
    ),
    fix: [
      say('Switch STARTTLS on, on port 587.', 'ポート 587 で STARTTLS を有効にしてください。'),
      fixes.checkHost,
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'server' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
    example: '504 5.7.4 Unrecognized authentication type',
  },
  {
    id: 'exo-501-5.5.127',
    when: reply('auth', { code: /^501$/, status: /^5\.5\.127$/ }),
    meaning: both(
      'High Volume Email does not take an access token that ends within ten minutes.',
      'High Volume Email は、残り 10 分を切ったアクセストークンを受け付けません。',
    ),
    fix: [
      say(
        'Set refreshMargin of the provider to 600 or more in the providers file; the provider microsoft-hve has it already.',
        'プロバイダーファイルの refreshMargin を 600 以上にしてください。プロバイダー microsoft-hve では設定済みです。',
      ),
    ],
    // A token that is renewed at once is tried before anybody is told.
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['sasl-xoauth2'], confidence: 'reported' },
    example: '501 5.5.127 Invalid XOAUTH2 auth data - Token will expire soon',
  },
  {
    id: 'exo-421-4.7.66',
    when: reply('starttls', { code: /^421$/, status: /^4\.7\.66$/ }),
    meaning: both(
      'The TLS that reached the server is too old: 1.0 or 1.1.',
      'サーバーに届いた TLS が古すぎます(1.0 または 1.1)。',
    ),
    fix: [
      say(
        'Find what stands in between and speaks TLS in its place, and have it speak TLS 1.2 or newer.',
        '途中で TLS を代わりに話しているものを探し、TLS 1.2 以降にしてください。',
      ),
      say(
        'A device that connects directly and knows no newer TLS can send through postern.',
        '直接接続していて新しい TLS を使えない機器は、postern 経由で送信できます。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'server' },
    evidence: { sources: ['exchange-devices', 'general-knowledge'], confidence: 'from-memory' },
    example: '421 4.7.66 TLS 1.0 and 1.1 are not supported.',
  },
  {
    id: 'exo-421-4.3.2',
    when: reply('connect', { code: /^421$/, status: /^4\.3\.2$/, trace: /Service not (active|available)/i }),
    meaning: both(
      'This one server of Exchange Online is not in service now.',
      'Exchange Online のこのサーバーは、今は稼働していません。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'server' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
    example: '421 4.3.2 Service not active',
  },
])
