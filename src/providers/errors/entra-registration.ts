import * as fixes from './fixes.ts'
import { answer, both, known, run, say } from './known-error.ts'

// Errors of Entra about the registration of an app. The numbers choose an explanation, and nothing else.

export const entraRegistration = known('microsoft', [
  {
    id: 'aadsts50011',
    when: answer('authorize', { number: 50011 }),
    meaning: both(
      'The redirect URI is not registered for the app.',
      'リダイレクトURI がアプリに登録されていません。',
    ),
    fix: [
      fixes.mobilePlatform,
      run(
        'This prints the redirect URI to register:',
        '登録するリダイレクトURI を表示します:',
        'postern provider show {provider}',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts500113',
    when: answer('authorize', { number: 500113 }),
    meaning: both(
      'The app has no redirect URI registered at all.',
      'アプリにリダイレクトURI が 1 つも登録されていません。',
    ),
    fix: [fixes.mobilePlatform],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'aadsts900971',
    when: answer('authorize', { number: 900971 }),
    meaning: both('The request named no redirect URI.', '要求にリダイレクトURI がありません。'),
    fix: [fixes.reportIt],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts9002327',
    when: answer('code', { number: 9002327 }),
    meaning: both(
      'The redirect URI is registered for a single-page application, whose tokens only a browser may fetch.',
      'リダイレクトURI が「シングルページ アプリケーション」として登録されており、トークンはブラウザーからしか取得できません。',
    ),
    fix: [say('Remove it there.', 'そこから削除してください。'), fixes.mobilePlatform],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-code-flow', 'quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'aadsts9002325',
    when: answer('code', { number: 9002325 }),
    meaning: both(
      'The redirect URI is registered for a single-page application, which needs PKCE.',
      'リダイレクトURI が「シングルページ アプリケーション」として登録されており、PKCE が必要です。',
    ),
    fix: [say('Remove it there.', 'そこから削除してください。'), fixes.mobilePlatform],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'aadsts700016',
    when: answer('token', { number: 700016 }),
    meaning: both('There is no such app in this organisation.', 'この組織にそのアプリはありません。'),
    fix: [fixes.rightTenant, fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700011',
    when: answer('token', { number: 700011 }),
    meaning: both('There is no such app in this directory.', 'このディレクトリにそのアプリはありません。'),
    fix: [fixes.rightTenant, fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70001',
    when: answer('token', { number: 70001 }),
    meaning: both('The app is disabled in this organisation.', 'アプリがこの組織で無効になっています。'),
    fix: [fixes.enableApp],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts7000112',
    when: answer('token', { number: 7000112 }),
    meaning: both('The app is disabled.', 'アプリが無効になっています。'),
    fix: [fixes.enableApp],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50194',
    when: answer('authorize', { number: 50194 }),
    meaning: both(
      'The app is for one organisation, and was asked by the address for all (common).',
      '単一組織用のアプリに、全組織用のアドレス(common)で要求しました。',
    ),
    fix: [
      fixes.ownTenant,
      say(
        'Or make the app available to accounts in any organisation.',
        'または、アプリを任意の組織のアカウントで使えるようにしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts9002332',
    when: answer('authorize', { number: 9002332 }),
    meaning: both(
      'The app is for work accounts, and was asked by the address for personal ones (consumers).',
      '職場アカウント用のアプリに、個人用のアドレス(consumers)で要求しました。',
    ),
    fix: [
      fixes.matchingProvider,
      say(
        'Or let the app be used by personal accounts too.',
        'または、アプリを個人アカウントでも使えるようにしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts9002331',
    when: answer('authorize', { number: 9002331 }),
    meaning: both('The app is for personal accounts only.', '個人アカウント専用のアプリです。'),
    fix: [
      fixes.matchingProvider,
      say(
        'Or let the app be used by work accounts too.',
        'または、アプリを職場アカウントでも使えるようにしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['general-knowledge'], confidence: 'from-memory' },
  },
  {
    id: 'aadsts9001023',
    when: answer('token', { number: 9001023 }),
    meaning: both(
      'This kind of sign-in needs the address of one organisation, not common or consumers.',
      'この種のサインインには、common や consumers ではなく、特定の組織のアドレスが必要です。',
    ),
    fix: [fixes.ownTenant],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts1002012',
    when: answer('token', { number: 1002012 }),
    meaning: both(
      'Without a person, the scope has to end with /.default.',
      '個人を介さない場合、スコープは /.default で終わる必要があります。',
    ),
    fix: [
      say(
        'Use https://outlook.office365.com/.default.',
        'https://outlook.office365.com/.default を使ってください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['quoted-replies'], confidence: 'reported' },
  },
  {
    id: 'aadsts90002',
    when: answer('token', { number: 90002 }),
    meaning: both('There is no such organisation in this cloud.', 'このクラウドにその組織はありません。'),
    fix: [fixes.rightTenant, fixes.rightCloud],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90038',
    when: answer('token', { number: 90038 }),
    meaning: both(
      'The organisation is in another national cloud.',
      '組織は別のナショナル クラウドにあります。',
    ),
    fix: [fixes.rightCloud],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90013',
    when: answer('authorize', { number: 90013 }),
    meaning: both('Something in the request is not valid.', '要求の中に無効な値があります。'),
    fix: [fixes.checkRegistration],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90014',
    when: answer('token', { number: 90014 }),
    meaning: both('Something is missing in the request.', '要求に必要な値が欠けています。'),
    fix: [fixes.reportIt],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts900144',
    when: answer('token', { number: 900144 }),
    meaning: both(
      'The request lacks a parameter, or was sent in another form than Entra reads.',
      '要求にパラメーターが欠けているか、Entra が読める形式ではありません。',
    ),
    fix: [fixes.reportIt],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts9002313',
    when: answer('token', { number: 9002313 }),
    meaning: both(
      'The request is damaged, for example the refresh token or the code in it.',
      '要求が壊れています(リフレッシュトークンやコードなど)。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
])
