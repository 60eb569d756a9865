import * as fixes from './fixes.ts'
import { answer, both, heard, known, run, say } from './known-error.ts'

// Errors of the sign-ins of Google and Yahoo.

export const googleOAuth = known('google', [
  {
    id: 'google-token-revoked',
    when: answer('token', { error: 'invalid_grant', words: /Token has been expired or revoked/i }),
    meaning: both(
      'The consent has ended: access was removed, the password changed, it was unused for six months, more than 100 were given to the app, or the app is in the state "Testing" (7 days).',
      '同意が切れました。アクセスの削除、パスワードの変更、6 か月間の未使用、1 つのアプリで 100 件を超える同意、またはアプリが「テスト」の状態(7 日)のいずれかです。',
    ),
    fix: [fixes.publishGoogleApp, fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['google-refresh-tokens', 'emailengine-gmail'], confidence: 'documented' },
    example: '{"error":"invalid_grant","error_description":"Token has been expired or revoked."}',
  },
  {
    id: 'google-invalid_grant-badrequest',
    when: answer('token', { error: 'invalid_grant', words: /Bad Request|Malformed auth code/i }),
    meaning: both(
      'The code of the sign-in has expired or was used, or the consent belongs to another client.',
      'サインインのコードが期限切れか使用済み、または同意が別のクライアントのものです。',
    ),
    fix: [fixes.googleClient, fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['google-web-server'], confidence: 'reported' },
  },
  {
    id: 'google-invalid_rapt',
    when: answer('token', { error: 'invalid_grant', words: /reauth related error \(invalid_rapt\)/i }),
    meaning: both(
      'A session control of Google Workspace wants a new sign-in.',
      'Google Workspace のセッション管理が、再度のサインインを求めています。',
    ),
    fix: [
      say(
        'In the Google Admin console, exempt the app or the organisational unit from the Google Cloud session control.',
        'Google 管理コンソールで、アプリまたは組織部門を Google Cloud セッション管理の対象から外してください。',
      ),
      fixes.consentAgain,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['google-refresh-tokens'], confidence: 'reported' },
  },
  {
    id: 'google-invalid_client-notfound',
    when: answer('token', { error: 'invalid_client', words: /The OAuth client was not found/i }),
    meaning: both('Google does not know the client ID.', 'Google にそのクライアントID はありません。'),
    fix: [fixes.googleClient],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['emailengine-gmail'], confidence: 'documented' },
  },
  {
    id: 'google-invalid_client-secret',
    when: answer('token', { error: 'invalid_client', words: /Unauthorized/i }),
    meaning: both('The client secret is wrong.', 'クライアントシークレットが誤っています。'),
    fix: [fixes.googleClient],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['emailengine-gmail'], confidence: 'documented' },
  },
  {
    id: 'google-client_secret-missing',
    when: answer('token', { error: 'invalid_request', words: /client_secret is missing/i }),
    meaning: both(
      'The client secret is missing; clients of the type "Desktop app" have one as well.',
      'クライアントシークレットがありません。「デスクトップ アプリ」タイプのクライアントにも必要です。',
    ),
    fix: [say('Set POSTERN_GOOGLE_CLIENT_SECRET.', 'POSTERN_GOOGLE_CLIENT_SECRET を設定してください。')],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'google-deleted_client',
    when: answer('token', { error: 'deleted_client' }),
    meaning: both(
      'The OAuth client was deleted; Google also deletes unused ones.',
      'OAuth クライアントが削除されています。使われないものは Google が自動的に削除します。',
    ),
    fix: [
      say(
        'Restore it in the Google Cloud console within 30 days, or make a new one and have everybody consent again.',
        '30 日以内なら Google Cloud コンソールで復元できます。できない場合は新しく作り、全員にもう一度同意してもらってください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-disabled_client',
    when: answer('token', { error: 'disabled_client' }),
    meaning: both(
      'The OAuth client, or the key of the service account, is disabled.',
      'OAuth クライアントまたはサービスアカウントのキーが無効になっています。',
    ),
    fix: [say('Enable it in the Google Cloud console.', 'Google Cloud コンソールで有効にしてください。')],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-access_denied',
    when: answer('authorize', { error: 'access_denied' }),
    meaning: both(
      'The person cancelled; or the app is in the state "Testing", and the account is not among its test users.',
      '本人がキャンセルしたか、アプリが「テスト」の状態で、アカウントがテストユーザーに含まれていません。',
    ),
    fix: [
      say(
        'In the Google Cloud console, under Google Auth Platform, Audience, add the address to the test users, or publish the app.',
        'Google Cloud コンソールの「Google Auth Platform」「対象」で、アドレスをテストユーザーに追加するか、アプリを公開してください。',
      ),
      fixes.startAgain,
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['google-native-apps'], confidence: 'documented' },
  },
  {
    id: 'google-admin_policy_enforced',
    when: answer('authorize-or-token', { error: 'admin_policy_enforced' }),
    meaning: both(
      'An administrator of Google Workspace does not allow the app.',
      'Google Workspace の管理者がアプリを許可していません。',
    ),
    fix: [
      say(
        'In the Google Admin console, under Security, Access and data control, API controls, Manage app access, trust the client ID.',
        'Google 管理コンソールの「セキュリティ」「アクセスとデータ管理」「API の制御」「アプリのアクセスを管理」で、クライアントID を信頼済みにしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-native-apps', 'google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-org_internal',
    when: answer('authorize', { error: 'org_internal' }),
    meaning: both(
      'The app is only for accounts of its own organisation.',
      'アプリは自分の組織のアカウントでしか使えません。',
    ),
    fix: [
      say(
        'Use an account of that organisation, or make the app "External".',
        'その組織のアカウントを使うか、アプリを「外部」にしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-native-apps', 'google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-redirect_uri_mismatch',
    when: answer('authorize', { error: 'redirect_uri_mismatch' }),
    meaning: both(
      'The redirect URI is not registered for the OAuth client.',
      'リダイレクトURI が OAuth クライアントに登録されていません。',
    ),
    fix: [
      fixes.desktopClient,
      run(
        'This prints the redirect URI to register:',
        '登録するリダイレクトURI を表示します:',
        'postern provider show {provider}',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-native-apps', 'google-loopback'], confidence: 'documented' },
  },
  {
    id: 'google-disallowed_useragent',
    when: answer('authorize', { error: 'disallowed_useragent' }),
    meaning: both(
      'Google does not allow a sign-in in a window inside another program.',
      'Google は、ほかのプログラム内に埋め込まれた画面でのサインインを許可しません。',
    ),
    fix: [say('Open the link in a browser of its own.', 'リンクを通常のブラウザーで開いてください。')],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['google-native-apps'], confidence: 'documented' },
  },
  {
    id: 'google-invalid_request-policy',
    when: answer('authorize', { error: 'invalid_request' }),
    meaning: both(
      "The request does not comply with Google's policy: an old way to pass the code on, or a redirect URI that it does not allow.",
      '要求が Google のポリシーに合っていません。古い方法でのコードの受け渡しか、許可されないリダイレクトURI です。',
    ),
    fix: [fixes.desktopClient],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-loopback'], confidence: 'documented' },
  },
  {
    id: 'google-unauthorized_client-dwd',
    when: answer('token', {
      error: 'unauthorized_client',
      words: /Client is unauthorized to retrieve access tokens/i,
    }),
    meaning: both(
      'The service account may not act for the people of this organisation, or not with this scope.',
      'サービスアカウントに、この組織の人の代わりに操作する権限がないか、このスコープが許可されていません。',
    ),
    fix: [fixes.delegate, fixes.waitADay],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
    example:
      '{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}',
  },
  {
    id: 'google-unauthorized_client-scope',
    when: answer('token', {
      error: 'unauthorized_client',
      words: /Unauthorized client or scope in request/i,
    }),
    meaning: both(
      "The service account may not act for the people of this mailbox's domain, or not with this scope.",
      'サービスアカウントに、このメールボックスのドメインの人の代わりに操作する権限がないか、このスコープが許可されていません。',
    ),
    fix: [fixes.delegate, fixes.waitADay],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-dwd-access_denied',
    when: answer('token', { error: 'access_denied' }),
    meaning: both(
      'The domain-wide delegation does not include the scope.',
      'ドメイン全体の委任に、このスコープが含まれていません。',
    ),
    fix: [fixes.delegate, fixes.waitADay],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-sub-not-found',
    when: answer('token', { error: 'invalid_grant', words: /Not a valid email|Invalid email or User ID/i }),
    meaning: both('There is no such account in the organisation.', '組織にそのアカウントはありません。'),
    fix: [
      say(
        'Check the address: it has to be the primary one of the account.',
        'アドレスを確認してください。アカウントのメインのアドレスである必要があります。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-sa-account-not-found',
    when: answer('token', { error: 'invalid_grant', words: /Invalid grant: account not found/i }),
    meaning: both('The service account was deleted.', 'サービスアカウントが削除されています。'),
    fix: [
      say(
        'Make a new service account and a key for it, and set it in postern.',
        '新しいサービスアカウントとキーを作り、postern に設定してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['emailengine-gmail'], confidence: 'documented' },
  },
  {
    id: 'google-jwt-time',
    when: answer('token', {
      error: 'invalid_grant',
      words: /Invalid JWT: Token must be a short-lived token/i,
    }),
    meaning: both(
      'The assertion of the service account is too early or too late: the clock is wrong.',
      'サービスアカウントのアサーションが有効な時間の範囲外です。時計がずれています。',
    ),
    fix: [fixes.checkClock],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-jwt-signature',
    when: answer('token', { error: 'invalid_grant', words: /Invalid JWT Signature/i }),
    meaning: both(
      'The key of the service account is wrong, disabled or deleted.',
      'サービスアカウントのキーが誤っているか、無効か、削除されています。',
    ),
    fix: [fixes.newKey],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-invalid_scope',
    when: answer('token', { error: 'invalid_scope' }),
    meaning: both(
      'The request has no scope, or one that Google does not know.',
      '要求にスコープがないか、Google に存在しないスコープです。',
    ),
    fix: [
      say(
        'The scope for mail is https://mail.google.com/.',
        'メールのスコープは https://mail.google.com/ です。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['google-service-accounts'], confidence: 'documented' },
  },
  {
    id: 'google-rate-limit',
    when: answer('token', { http: [403, 429], words: /rate.?limit/i }),
    meaning: both('Google was asked for tokens too often.', 'Google へのトークン要求が多すぎます。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'time', about: 'mailbox' },
    evidence: { sources: ['google-refresh-tokens'], confidence: 'reported' },
  },
  {
    id: 'google-internal_failure',
    when: answer('token', { error: 'internal_failure' }),
    meaning: both('Google has a passing fault.', 'Google の一時的な障害です。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
])

export const yahooOAuth = known('yahoo', [
  {
    id: 'yahoo-refresh-expired',
    when: answer('token', {
      words: /(EXPIRED|INVALID)_REFRESH_TOKEN|provided refresh token (has expired|is invalid)/i,
    }),
    meaning: both('The consent at Yahoo has ended.', 'Yahoo での同意が切れました。'),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['yahoo-errors'], confidence: 'reported' },
  },
  {
    id: 'yahoo-invalid-callback',
    when: heard(/INVALID_CALLBACK_URL|BAD_REDIRECT_URI/i),
    meaning: both(
      'The redirect URI is not registered for the app at Yahoo.',
      'リダイレクトURI が Yahoo のアプリに登録されていません。',
    ),
    fix: [
      say(
        'Register the exact redirect URI, which Yahoo takes with https only.',
        'リダイレクトURI をそのまま登録してください。Yahoo が受け付けるのは https だけです。',
      ),
      fixes.showRegistration,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['yahoo-errors'], confidence: 'documented' },
  },
  {
    id: 'yahoo-scope',
    when: answer('token', { error: 'invalid_scope' }),
    meaning: both(
      'Yahoo has not given the app the permission to send mail (mail-w).',
      'Yahoo がアプリにメール送信の権限(mail-w)を与えていません。',
    ),
    fix: [
      say('Ask Yahoo for it; only few get it.', 'Yahoo に申請してください。許可されるのは一部だけです。'),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['yahoo-oauth', 'yahoo-errors'], confidence: 'reported' },
  },
])
