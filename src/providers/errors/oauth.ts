import * as fixes from './fixes.ts'
import { answer, both, heard, known, run, say } from './known-error.ts'

// Errors of every authorization server (RFC 6749, RFC 8628, OpenID Connect Core), by their name.

export const oauth = known('any', [
  {
    id: 'oauth-invalid_grant',
    when: answer('token', { error: 'invalid_grant' }),
    meaning: both(
      'The consent has ended, was withdrawn, or was given to another client.',
      '同意が期限切れか取り消されたか、別のクライアントに与えられたものです。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-interaction_required',
    when: answer('token', { error: 'interaction_required' }),
    meaning: both(
      'The provider wants the person present, for a second factor or a policy.',
      'プロバイダーが、多要素認証やポリシーのために本人の操作を求めています。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'oauth-consent_required',
    when: answer('token', { error: 'consent_required' }),
    meaning: both(
      'Nobody has consented to what is asked for.',
      '求められている権限に、まだ誰も同意していません。',
    ),
    fix: [fixes.consentAgain, fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-login_required',
    when: answer('token', { error: 'login_required' }),
    meaning: both(
      'The person has to sign in at the provider again.',
      '本人がプロバイダーでもう一度サインインする必要があります。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-invalid_client',
    when: answer('token', { error: 'invalid_client' }),
    meaning: both(
      'The provider does not accept the app: its client secret or certificate is wrong or has ended, and no mailbox of it works.',
      'プロバイダーがアプリを受け付けません。クライアントシークレットまたは証明書が誤っているか期限切れで、そのメールボックスはすべて使えません。',
    ),
    fix: [fixes.checkRegistration],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-unauthorized_client',
    when: answer('token', { error: 'unauthorized_client' }),
    meaning: both(
      'The provider does not let the app do this: it is unknown there, disabled, or not allowed this kind of sign-in.',
      'プロバイダーがアプリにこの操作を許可していません。登録がないか、無効か、この種のサインインが許可されていません。',
    ),
    fix: [fixes.checkRegistration, fixes.showRegistration],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['rfc6749', 'entra-errors'], confidence: 'documented' },
  },
  {
    id: 'oauth-invalid_scope',
    when: answer('token', { error: 'invalid_scope' }),
    meaning: both(
      'The provider does not know what is asked for, or does not allow it to the app.',
      '要求したスコープが存在しないか、アプリに許可されていません。',
    ),
    fix: [fixes.checkScope, fixes.showRegistration],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-invalid_request',
    when: answer('token', { error: 'invalid_request' }),
    meaning: both(
      'The provider finds the request wrong: something in the settings does not fit.',
      'プロバイダーが要求を誤りとしています。設定のどこかが合っていません。',
    ),
    fix: [fixes.checkRegistration, fixes.showRegistration],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-unsupported_grant_type',
    when: answer('token', { error: 'unsupported_grant_type' }),
    meaning: both(
      'The provider does not know this way to a consent.',
      'プロバイダーがこの方法での同意に対応していません。',
    ),
    fix: [
      say(
        'Choose another way: in a browser, by a code on another device, or without a person.',
        'ブラウザー、別の機器のコード、個人を介さない方法のうち、別のものを選んでください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-invalid_resource',
    when: answer('token', { error: 'invalid_resource' }),
    meaning: both(
      'The organisation does not have what the scope is for, such as Exchange Online.',
      'スコープの対象(Exchange Online など)が組織にありません。',
    ),
    fix: [fixes.checkScope, fixes.rightCloud],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'oauth-access_denied',
    when: answer('authorize', { error: 'access_denied' }),
    meaning: both(
      'The person, or an administrator, has refused the consent.',
      '本人または管理者が同意を拒否しました。',
    ),
    fix: [say('Start again and agree.', 'もう一度始めて、同意してください。'), fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc6749', 'entra-code-flow'], confidence: 'documented' },
  },
  {
    id: 'oauth-server_error',
    when: answer('authorize-or-token', { error: 'server_error' }),
    meaning: both(
      'The sign-in service of the provider has a fault.',
      'プロバイダーのサインインサービスに障害があります。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-temporarily_unavailable',
    when: answer('authorize-or-token', { error: 'temporarily_unavailable' }),
    meaning: both(
      'The sign-in service of the provider is overloaded.',
      'プロバイダーのサインインサービスが混み合っています。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-http-429',
    when: answer('token', { http: [429] }),
    meaning: both(
      'The provider was asked for tokens too often.',
      'プロバイダーへのトークン要求が多すぎます。',
    ),
    fix: [
      fixes.waitForIt,
      say(
        'If it stays so, look for a program that asks again and again.',
        '続く場合は、何度も要求しているプログラムがないか調べてください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-http-5xx',
    when: answer('token', { http: [500, 502, 503, 504] }),
    meaning: both(
      'The sign-in service of the provider, or a gateway before it, has a fault.',
      'プロバイダーのサインインサービスか、その手前のゲートウェイに障害があります。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-network',
    when: heard(
      /(login\.microsoftonline\.|oauth2\.googleapis\.com|token endpoint).{0,300}\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET)\b|\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET)\b.{0,300}(login\.microsoftonline\.|oauth2\.googleapis\.com)/i,
    ),
    meaning: both(
      'The sign-in service of the provider cannot be reached.',
      'プロバイダーのサインインサービスに到達できません。',
    ),
    fix: [
      say(
        'Check that the firewall lets connections out on port 443, and the proxy settings (POSTERN_PROXY).',
        'ファイアウォールでポート 443 への外向き接続が許可されているか、プロキシの設定(POSTERN_PROXY)を確認してください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-not-json',
    when: heard(/answered with something else than JSON|Unexpected token '?<'?.{0,300}JSON/i),
    meaning: both(
      'Something else than the provider answers in its place, such as a proxy or a sign-in page of the network.',
      'プロバイダーの代わりに、プロキシやネットワークのログインページなどが応答しています。',
    ),
    fix: [
      say(
        'Check the way to the provider: proxy, firewall, captive portal.',
        'プロバイダーまでの経路(プロキシ、ファイアウォール、認証ページ)を確認してください。',
      ),
    ],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-no-refresh-token',
    when: heard(/(no|without (a|any)|missing) refresh[_ ]token/i),
    meaning: both(
      'The provider gave no refresh token, so that the consent would end within the hour.',
      'プロバイダーがリフレッシュトークンを発行しなかったため、同意は 1 時間ほどで切れてしまいます。',
    ),
    fix: [
      say(
        'At Microsoft the scope offline_access is needed; at Google access_type=offline and prompt=consent. postern asks for them by itself.',
        'Microsoft では offline_access のスコープ、Google では access_type=offline と prompt=consent が必要です。postern は自動的に要求します。',
      ),
      fixes.consentAgain,
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['exchange-oauth', 'google-web-server'], confidence: 'documented' },
  },
  {
    id: 'oauth-scope-reduced',
    when: heard(
      /(consent|grant).{0,300}(lacks|without|does not include).{0,300}(scope|sending mail)|missing[_ -]scope/i,
    ),
    meaning: both(
      'The consent does not include sending mail: its box was not ticked.',
      '同意にメールの送信が含まれていません(チェックが入っていませんでした)。',
    ),
    fix: [
      run(
        'Consent again, and tick the box for mail:',
        'もう一度同意し、メールの項目にチェックを入れてください:',
        'postern consent {mailbox}',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'oauth-wrong-account',
    when: heard(/signed in as \S+@\S+.{0,300}(instead of|but|not) .{0,300}@|wrong[_ -](person|account)/i),
    meaning: both(
      'Another account signed in than the one that the mailbox is for.',
      'メールボックスの持ち主とは別のアカウントでサインインしました。',
    ),
    fix: [
      say(
        'Consent again with the right account; for a shared mailbox name the person with --signs-in-as.',
        '正しいアカウントでもう一度同意してください。共有メールボックスでは --signs-in-as でサインインする人を指定します。',
      ),
      fixes.consentAgain,
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'oauth-state-mismatch',
    when: heard(
      /unexpected "?state"?|state (parameter )?(mismatch|does not match|is invalid)|invalid[_ ]state/i,
    ),
    meaning: both(
      'The answer of the provider does not belong to a consent that was begun here: an old tab, or a link of somebody else.',
      'プロバイダーの応答が、ここで始めた同意のものではありません。古いタブか、ほかの人のリンクです。',
    ),
    fix: [fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc6749'], confidence: 'documented' },
  },
  {
    id: 'oauth-iss-mismatch',
    when: heard(/unexpected "?iss(uer)?"?|iss(uer)? (mismatch|does not match)/i),
    meaning: both(
      'The answer comes from another provider than the one that was asked.',
      '応答が、要求した先とは別のプロバイダーから届きました。',
    ),
    fix: [
      say(
        'Check the issuer in the providers file; if it is right, somebody may be trying to mix providers up.',
        'プロバイダーファイルの issuer を確認してください。正しい場合は、誰かがプロバイダーをすり替えようとしている可能性があります。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['rfc9207', 'thunderbird-oauth'], confidence: 'documented' },
  },
  {
    id: 'device-authorization_pending',
    when: answer('device', { error: 'authorization_pending' }),
    meaning: both(
      'The person has not finished the sign-in on the other device yet.',
      '別の機器でのサインインがまだ終わっていません。',
    ),
    fix: [say('Finish it there.', 'その機器で完了してください。')],
    kind: { lasts: 'passes', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc8628', 'entra-device-code'], confidence: 'documented' },
  },
  {
    id: 'device-slow_down',
    when: answer('device', { error: 'slow_down' }),
    meaning: both(
      'The provider was asked too soon whether the sign-in is finished.',
      'サインインが終わったかどうかの確認が早すぎました。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['rfc8628'], confidence: 'documented' },
  },
  {
    id: 'device-expired_token',
    when: answer('device', { error: 'expired_token' }),
    meaning: both(
      'The code for the other device has expired.',
      '別の機器に入力するコードの有効期限が切れました。',
    ),
    fix: [
      run(
        'Start again, and finish within 15 minutes:',
        'もう一度始めて、15 分以内に完了してください:',
        'postern consent {mailbox} --device',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['rfc8628', 'entra-device-code'], confidence: 'documented' },
  },
  {
    id: 'device-declined',
    when: answer('device', { error: 'authorization_declined' }),
    meaning: both('The person refused on the other device.', '別の機器で本人が拒否しました。'),
    fix: [
      run(
        'Start again and agree:',
        'もう一度始めて、同意してください:',
        'postern consent {mailbox} --device',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-device-code'], confidence: 'documented' },
  },
  {
    id: 'device-bad_verification_code',
    when: answer('device', { error: 'bad_verification_code' }),
    meaning: both(
      'The provider does not know the code of this sign-in.',
      'プロバイダーがこのサインインのコードを認識できません。',
    ),
    fix: [run('Start again:', 'もう一度始めてください:', 'postern consent {mailbox} --device')],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['entra-device-code'], confidence: 'documented' },
  },
])
