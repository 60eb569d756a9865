import * as fixes from './fixes.ts'
import { answer, both, known, say } from './known-error.ts'

// Errors of Entra about people, their passwords and their consent.

export const entraPeople = known('microsoft', [
  {
    id: 'aadsts50020',
    when: answer('authorize', { number: 50020 }),
    meaning: both(
      'The account is of another organisation, or a personal one, and not known in this one.',
      '別の組織または個人のアカウントで、この組織には登録されていません。',
    ),
    fix: [fixes.matchingProvider, fixes.rightTenant],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts500208',
    when: answer('authorize', { number: 500208 }),
    meaning: both(
      'The account is of the wrong kind: personal instead of work, or the other way round.',
      'アカウントの種類が違います(職場に対して個人、またはその逆)。',
    ),
    fix: [fixes.matchingProvider],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50034',
    when: answer('token', { number: 50034 }),
    meaning: both('There is no such account in the organisation.', '組織にそのアカウントはありません。'),
    fix: [fixes.checkAddress],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts51004',
    when: answer('token', { number: 51004 }),
    meaning: both('There is no such account in the directory.', 'ディレクトリにそのアカウントはありません。'),
    fix: [fixes.checkAddress],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50053',
    when: answer('token', { number: 50053 }),
    meaning: both(
      'The account is locked after failed sign-ins, or Microsoft distrusts the network address.',
      'サインインの失敗でアカウントがロックされたか、Microsoft がIPアドレスを不審とみなしています。',
    ),
    fix: [
      fixes.signInLogs,
      fixes.stopOldPassword,
      say('Then wait, or unblock the account.', 'そのうえで待つか、アカウントのブロックを解除してください。'),
    ],
    kind: { lasts: 'passes', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50055',
    when: answer('token', { number: 50055 }),
    meaning: both(
      'The password of the account has expired.',
      'アカウントのパスワードの有効期限が切れています。',
    ),
    fix: [fixes.changePassword, fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50057',
    when: answer('token', { number: 50057 }),
    meaning: both('The account is disabled.', 'アカウントが無効になっています。'),
    fix: [
      say(
        'Enable it in the Entra admin centre, or use another mailbox.',
        'Entra 管理センターで有効にするか、別のメールボックスを使ってください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50058',
    when: answer('authorize', { number: 50058 }),
    meaning: both(
      'The browser has no session at Microsoft, and was not allowed to ask for a sign-in.',
      'ブラウザーに Microsoft のセッションがなく、サインイン画面も表示できない要求でした。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50059',
    when: answer('token', { number: 50059 }),
    meaning: both(
      'The request does not tell which organisation it is about.',
      '要求がどの組織のものか分かりません。',
    ),
    fix: [fixes.ownTenant],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50126',
    when: answer('authorize', { number: 50126 }),
    meaning: both('User name or password is wrong.', 'ユーザー名またはパスワードが誤っています。'),
    fix: [say('Sign in again in the browser.', 'ブラウザーでもう一度サインインしてください。')],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50132',
    when: answer('token', { number: 50132 }),
    meaning: both(
      'The consent ended, because the password was changed or has expired.',
      'パスワードの変更または期限切れにより、同意が無効になりました。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50133',
    when: answer('token', { number: 50133 }),
    meaning: both(
      'The consent ended, because the password was changed or has expired.',
      'パスワードの変更または期限切れにより、同意が無効になりました。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50135',
    when: answer('token', { number: 50135 }),
    meaning: both(
      'The person has to change the password, because the account is at risk.',
      'アカウントが危険な状態にあるため、本人がパスワードを変更する必要があります。',
    ),
    fix: [fixes.changePassword, fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50144',
    when: answer('token', { number: 50144 }),
    meaning: both(
      "The account's password on premises has expired.",
      'オンプレミスのパスワードの有効期限が切れています。',
    ),
    fix: [fixes.changePassword, fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50173',
    when: answer('token', { number: 50173 }),
    meaning: both(
      'The consent was ended: the password was changed, or an administrator signed the account out everywhere.',
      '同意が無効になりました。パスワードが変更されたか、管理者がすべてのセッションを取り消しました。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50089',
    when: answer('authorize', { number: 50089 }),
    meaning: both('The sign-in took too long.', 'サインインに時間がかかりすぎました。'),
    fix: [fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50085',
    when: answer('token', { number: 50085 }),
    meaning: both(
      'The account has to sign in at its own provider again.',
      'アカウント本来のプロバイダーで、もう一度サインインする必要があります。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50105',
    when: answer('authorize', { number: 50105 }),
    meaning: both(
      'The app is open only to people who are assigned to it, and this one is not.',
      'アプリは割り当てられた人しか使えず、この人は割り当てられていません。',
    ),
    fix: [
      say(
        'In the Entra admin centre, under Enterprise applications, the app, Users and groups, assign the person; or set "Assignment required" to No.',
        'Entra 管理センターの「エンタープライズ アプリケーション」でアプリの「ユーザーとグループ」に割り当てるか、「割り当てが必要ですか?」を「いいえ」にしてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts65001',
    when: answer('token', { number: 65001 }),
    meaning: both(
      'Nobody has consented to the app, or the consent was removed.',
      'アプリに誰も同意していないか、同意が取り消されています。',
    ),
    fix: [fixes.consentAgain, fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts65004',
    when: answer('authorize', { number: 65004 }),
    meaning: both('The person refused the consent.', '本人が同意を拒否しました。'),
    fix: [fixes.startAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90094',
    when: answer('authorize', { number: 90094 }),
    meaning: both(
      'Only an administrator of the organisation may consent to the app.',
      'アプリに同意できるのは組織の管理者だけです。',
    ),
    fix: [
      fixes.adminConsent,
      say(
        'Ask for SMTP.Send only: the scopes of IMAP and POP need an administrator with the usual policy.',
        '要求は SMTP.Send だけにしてください。IMAP と POP のスコープは、既定のポリシーでは管理者が必要です。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: {
      sources: ['entra-errors', 'entra-consent-policies', 'message-centre-1163922'],
      confidence: 'documented',
    },
  },
  {
    id: 'aadsts90095',
    when: answer('authorize', { number: 90095 }),
    meaning: both(
      'Only an administrator may consent; the person can ask for it.',
      '同意できるのは管理者だけです。本人は承認を申請できます。',
    ),
    fix: [
      say(
        'The administrator finds the request in the Entra admin centre under Enterprise applications, Admin consent requests.',
        '管理者は、Entra 管理センターの「エンタープライズ アプリケーション」「管理者の同意要求」で申請を確認できます。',
      ),
      fixes.adminConsent,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts90008',
    when: answer('authorize', { number: 90008 }),
    meaning: both(
      'Nobody has consented to the app, or it lacks the permission to sign people in.',
      'アプリに誰も同意していないか、サインインの権限がありません。',
    ),
    fix: [fixes.consentAgain, fixes.adminConsent],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'registration' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
])
