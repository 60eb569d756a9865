import * as fixes from './fixes.ts'
import { answer, both, known, say } from './known-error.ts'

// Errors of Entra about the secret, the certificate and the permissions of an app.

export const entraSecrets = known('microsoft', [
  {
    id: 'aadsts7000215',
    when: answer('token', { number: 7000215 }),
    meaning: both(
      "The client secret is wrong; often it is the secret's ID instead of its value.",
      'クライアントシークレットが誤っています。値ではなく ID を設定していることがよくあります。',
    ),
    fix: [fixes.newSecret],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts7000222',
    when: answer('token', { number: 7000222 }),
    meaning: both(
      'The client secret, or the certificate, of the app has expired.',
      'アプリのクライアントシークレットまたは証明書の有効期限が切れています。',
    ),
    fix: [fixes.newSecret, fixes.newCertificate],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70002',
    when: answer('token', { number: 70002 }),
    meaning: both('The client secret is wrong.', 'クライアントシークレットが誤っています。'),
    fix: [fixes.newSecret],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts7000218',
    when: answer('token', { number: 7000218 }),
    meaning: both(
      'Entra wants a client secret or a certificate, because the app is not registered as a public client.',
      'アプリが公開クライアントとして登録されていないため、Entra がクライアントシークレットまたは証明書を求めています。',
    ),
    fix: [
      say(
        'Under Authentication of the app, Advanced settings, set "Allow public client flows" to Yes, and have the redirect URI under "Mobile and desktop applications".',
        'アプリの「認証」「詳細設定」で「パブリック クライアント フローを許可する」を「はい」にし、リダイレクトURI を「モバイル アプリケーションとデスクトップ アプリケーション」に置いてください。',
      ),
      say(
        'Or set a client secret in postern.',
        'または、postern にクライアントシークレットを設定してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700025',
    when: answer('token', { number: 700025 }),
    meaning: both(
      'The app is a public client, and such a one may send no client secret or certificate.',
      'アプリが公開クライアントなので、クライアントシークレットや証明書を送ってはいけません。',
    ),
    fix: [
      say(
        'Remove the secret from the settings, or register the redirect URI under the platform "Web".',
        '設定からシークレットを削除するか、リダイレクトURI を「Web」プラットフォームに登録してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700027',
    when: answer('token', { number: 700027 }),
    meaning: both(
      'Entra does not know the certificate, or its key does not fit.',
      'Entra に証明書が登録されていないか、鍵が一致しません。',
    ),
    fix: [fixes.uploadCertificate],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700024',
    when: answer('token', { number: 700024 }),
    meaning: both(
      'The assertion of the app is too early or too late: a clock is wrong.',
      'アプリのアサーションが有効な時間の範囲外です。時計がずれています。',
    ),
    fix: [fixes.checkClock],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'aadsts700030',
    when: answer('token', { number: 700030 }),
    meaning: both(
      'Entra does not accept a certificate with this subject.',
      'Entra がこのサブジェクトの証明書を受け付けません。',
    ),
    fix: [fixes.uploadCertificate],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50012',
    when: answer('token', { number: 50012 }),
    meaning: both(
      'Entra does not accept the certificate or the signature of the app.',
      'Entra がアプリの証明書または署名を受け付けません。',
    ),
    fix: [fixes.uploadCertificate, fixes.checkClock],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts65005',
    when: answer('token', { number: 65005 }),
    meaning: both(
      'The app asks for something that its registration does not list.',
      'アプリが、登録にない権限を要求しています。',
    ),
    fix: [fixes.addSmtpSend],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts650052',
    when: answer('token', { number: 650052 }),
    meaning: both(
      'The organisation has no subscription to the service, such as Exchange Online.',
      '組織がそのサービス(Exchange Online など)を契約していません。',
    ),
    fix: [
      say(
        'Get the organisation a licence for Exchange Online.',
        '組織に Exchange Online のライセンスを用意してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts650053',
    when: answer('authorize', { number: 650053 }),
    meaning: both('There is no such scope.', 'そのようなスコープはありません。'),
    fix: [fixes.checkScope],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'aadsts650056',
    when: answer('token', { number: 650056 }),
    meaning: both(
      'The app lacks permissions, or the consent of an administrator.',
      'アプリに権限または管理者の同意がありません。',
    ),
    fix: [fixes.addSmtpSend, fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts650057',
    when: answer('token', { number: 650057 }),
    meaning: both(
      'The app asks for something that is not among its permissions.',
      'アプリが、自身のアクセス許可にないものを要求しています。',
    ),
    fix: [fixes.addSmtpSend],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts500011',
    when: answer('token', { number: 500011 }),
    meaning: both(
      'The organisation does not have what the scope is for, such as Exchange Online.',
      'スコープの対象(Exchange Online など)が組織にありません。',
    ),
    fix: [fixes.checkScope, fixes.rightCloud],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts500021',
    when: answer('token', { number: 500021 }),
    meaning: both(
      'The network lets only some organisations sign in, and this is none of them.',
      'ネットワークが一部の組織のサインインしか許可しておらず、この組織は含まれていません。',
    ),
    fix: [
      say(
        'Ask the administrator of the network to add the organisation to the tenant restrictions of the proxy.',
        'ネットワーク管理者に、プロキシのテナント制限へ組織を追加するよう依頼してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
])
