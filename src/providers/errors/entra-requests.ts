import * as fixes from './fixes.ts'
import { answer, both, known, run, say } from './known-error.ts'

// Errors of Entra about codes, scopes and its own service.

export const entraRequests = known('microsoft', [
  {
    id: 'aadsts54005',
    when: answer('code', { number: 54005 }),
    meaning: both('The code of the sign-in was used already.', 'サインインのコードはすでに使われています。'),
    fix: [fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70000',
    when: answer('token', { number: 70000 }),
    meaning: both(
      'The consent is not valid, or does not include what is asked for.',
      '同意が無効か、要求している内容を含んでいません。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors', 'quoted-replies'], confidence: 'documented' },
    example:
      'AADSTS70000: The request was denied because one or more scopes requested are unauthorized or expired. The user must first sign in and grant the client application access to the requested scope.',
  },
  {
    id: 'aadsts70008',
    when: answer('token', { number: 70008 }),
    meaning: both(
      'The consent, or the code of the sign-in, has expired.',
      '同意またはサインインのコードの有効期限が切れました。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700082',
    when: answer('token', { number: 700082 }),
    meaning: both(
      'The consent has ended, because it was not used for 90 days.',
      '90 日間使われなかったため、同意が切れました。',
    ),
    fix: [
      fixes.consentAgain,
      say(
        'postern uses each consent every day; keep it running.',
        'postern は毎日すべての同意を使います。動かし続けてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700084',
    when: answer('token', { number: 700084 }),
    meaning: both(
      'The consent was given to a single-page application, and ends after a day.',
      '同意が「シングルページ アプリケーション」に与えられており、1 日で切れます。',
    ),
    fix: [fixes.mobilePlatform, fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts700005',
    when: answer('code', { number: 700005 }),
    meaning: both(
      'The code of the sign-in is of another organisation.',
      'サインインのコードが別の組織のものです。',
    ),
    fix: [fixes.rightTenant, fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts501481',
    when: answer('code', { number: 501481 }),
    meaning: both(
      'The answer does not belong to the sign-in that was begun: two may have been mixed up.',
      '応答が、始めたサインインのものではありません。2 つのサインインが混ざった可能性があります。',
    ),
    fix: [fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70011',
    when: answer('token', { number: 70011 }),
    meaning: both('The scope is not valid.', 'スコープが無効です。'),
    fix: [fixes.checkScope],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
    example:
      '{"error":"invalid_scope","error_description":"AADSTS70011: The provided value for the input parameter \'scope\' isn\'t valid. ...","error_codes":[70011],"timestamp":"2016-01-09 02:02:12Z","trace_id":"...","correlation_id":"...","error_uri":"https://login.microsoftonline.com/error?code=70011"}',
  },
  {
    id: 'aadsts700022',
    when: answer('token', { number: 700022 }),
    meaning: both(
      'Scopes of several resources cannot be asked for at once.',
      '複数のリソースのスコープは同時に要求できません。',
    ),
    fix: [
      say(
        'Do not mix scopes of Microsoft Graph and of Outlook.',
        'Microsoft Graph と Outlook のスコープを混ぜないでください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'operator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts28002',
    when: answer('token', { number: 28002 }),
    meaning: both(
      'The scope is not valid for an access token.',
      'アクセストークンの要求としてスコープが無効です。',
    ),
    fix: [fixes.checkScope],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70016',
    when: answer('device', { number: 70016 }),
    meaning: both(
      'The person has not finished the sign-in on the other device yet.',
      '別の機器でのサインインがまだ終わっていません。',
    ),
    fix: [say('Finish it there.', 'その機器で完了してください。')],
    kind: { lasts: 'passes', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70018',
    when: answer('device', { number: 70018 }),
    meaning: both(
      'The code that was typed on the other device is wrong.',
      '別の機器に入力したコードが誤っています。',
    ),
    fix: [say('Type it again.', 'もう一度入力してください。')],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70019',
    when: answer('device', { number: 70019 }),
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
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50196',
    when: answer('token', { number: 50196 }),
    meaning: both(
      'A program asks the same again and again, and Entra stops it for a while.',
      'プログラムが同じ要求を繰り返しているため、Entra がしばらく拒否しています。',
    ),
    fix: [
      say(
        'Find the program that does so, if it is not postern, and stop it.',
        'postern 以外のプログラムなら、それを探して止めてください。',
      ),
      fixes.tryAgainLater,
    ],
    kind: { lasts: 'passes', who: 'operator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90055',
    when: answer('token', { number: 90055 }),
    meaning: both(
      'The organisation asks Entra for too much at once.',
      '組織から Entra への要求が多すぎます。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'time', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90024',
    when: answer('token', { number: 90024 }),
    meaning: both('Entra has a passing fault.', 'Entra の一時的な障害です。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90033',
    when: answer('token', { number: 90033 }),
    meaning: both(
      'The directory of Microsoft is not available now.',
      'Microsoft のディレクトリが今は利用できません。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90006',
    when: answer('token', { number: 90006 }),
    meaning: both(
      'A service of Microsoft is not available now.',
      'Microsoft のサービスが今は利用できません。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50033',
    when: answer('token', { number: 50033 }),
    meaning: both('Entra has a passing fault.', 'Entra の一時的な障害です。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50087',
    when: answer('token', { number: 50087 }),
    meaning: both(
      'The service of Microsoft for second factors has a passing fault.',
      'Microsoft の多要素認証サービスの一時的な障害です。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70012',
    when: answer('token', { number: 70012 }),
    meaning: both(
      'The sign-in of personal Microsoft accounts has a passing fault.',
      '個人 Microsoft アカウントのサインインの一時的な障害です。',
    ),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90012',
    when: answer('token', { number: 90012 }),
    meaning: both('Entra took too long to answer.', 'Entra の応答に時間がかかりすぎました。'),
    fix: [fixes.waitForIt],
    kind: { lasts: 'passes', who: 'nobody', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
])
