import * as fixes from './fixes.ts'
import { answer, both, known, say } from './known-error.ts'

// Errors of Entra about second factors and an organisation's policies.

export const entraPolicies = known('microsoft', [
  {
    id: 'aadsts50072',
    when: answer('token', { number: 50072 }),
    meaning: both(
      'The person has to register for a second factor.',
      '本人が多要素認証に登録する必要があります。',
    ),
    fix: [fixes.consentWithMfa, fixes.appOnlyInstead],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50074',
    when: answer('token', { number: 50074 }),
    meaning: both('The second factor was not completed.', '多要素認証が完了していません。'),
    fix: [fixes.consentWithMfa, fixes.appOnlyInstead],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50076',
    when: answer('token', { number: 50076 }),
    meaning: both(
      'A second factor is needed, because a policy changed or the place is new.',
      'ポリシーの変更または新しい場所のため、多要素認証が必要です。',
    ),
    fix: [fixes.consentWithMfa, fixes.appOnlyInstead],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50078',
    when: answer('token', { number: 50078 }),
    meaning: both(
      'The second factor has expired by a policy.',
      'ポリシーにより、多要素認証の有効期限が切れました。',
    ),
    fix: [fixes.consentWithMfa, fixes.appOnlyInstead],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50079',
    when: answer('token', { number: 50079 }),
    meaning: both(
      'The person has to register for a second factor.',
      '本人が多要素認証に登録する必要があります。',
    ),
    fix: [fixes.consentWithMfa, fixes.appOnlyInstead],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50097',
    when: answer('token', { number: 50097 }),
    meaning: both(
      'Conditional Access wants a registered device.',
      '条件付きアクセスが、登録されたデバイスを求めています。',
    ),
    fix: [fixes.excludeFromPolicy, fixes.appOnlyInstead],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50131',
    when: answer('token', { number: 50131 }),
    meaning: both(
      'Conditional Access refused: the state of the device, or suspicious activity.',
      '条件付きアクセスが拒否しました(デバイスの状態または不審な動き)。',
    ),
    fix: [fixes.signInLogs, fixes.excludeFromPolicy],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts50158',
    when: answer('token', { number: 50158 }),
    meaning: both(
      'A further step is open, such as a second factor elsewhere or terms of use.',
      '外部の多要素認証や利用規約など、追加の手順が残っています。',
    ),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts53000',
    when: answer('token', { number: 53000 }),
    meaning: both(
      'Conditional Access wants a compliant device.',
      '条件付きアクセスが、準拠しているデバイスを求めています。',
    ),
    fix: [
      fixes.excludeFromPolicy,
      say('Or consent from a compliant device.', 'または、準拠しているデバイスから同意してください。'),
      fixes.appOnlyInstead,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts53001',
    when: answer('token', { number: 53001 }),
    meaning: both(
      'Conditional Access wants a device that is joined to the domain.',
      '条件付きアクセスが、ドメインに参加しているデバイスを求めています。',
    ),
    fix: [
      fixes.excludeFromPolicy,
      say('Or consent from such a device.', 'または、そのようなデバイスから同意してください。'),
      fixes.appOnlyInstead,
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts53002',
    when: answer('token', { number: 53002 }),
    meaning: both(
      'Conditional Access allows only some apps, and this is none of them.',
      '条件付きアクセスが一部のアプリしか許可しておらず、このアプリは含まれていません。',
    ),
    fix: [fixes.excludeFromPolicy],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts53003',
    when: answer('token', { number: 53003 }),
    meaning: both(
      'Conditional Access blocks the sign-in; often it is a rule about places or kinds of programs.',
      '条件付きアクセスがサインインを拒否しています。場所やアプリの種類の条件であることが多いです。',
    ),
    fix: [
      fixes.signInLogs,
      say(
        'Exclude the account, or add the address of this network to the named locations.',
        'アカウントを対象から外すか、このネットワークのアドレスをネームド ロケーションに追加してください。',
      ),
      say(
        'Without a person, look for a policy for workload identities.',
        '個人を介さない場合は、ワークロード ID のポリシーを確認してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts530032',
    when: answer('token', { number: 530032 }),
    meaning: both(
      'A security policy of the organisation blocks the sign-in.',
      '組織のセキュリティ ポリシーがサインインを拒否しています。',
    ),
    fix: [fixes.signInLogs],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts530035',
    when: answer('token', { number: 530035 }),
    meaning: both(
      "The organisation's security defaults block the sign-in.",
      '組織のセキュリティの既定値群がサインインを拒否しています。',
    ),
    fix: [
      fixes.consentInBrowser,
      say(
        'If it stays so, replace the security defaults by Conditional Access policies.',
        '続く場合は、セキュリティの既定値群を条件付きアクセス ポリシーに置き換えてください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts530036',
    when: answer('token', { number: 530036 }),
    meaning: both(
      'The consent was given by a code on another device, and a policy does not allow that any more.',
      '同意が別の機器のコードで行われており、ポリシーがそれを許可しなくなりました。',
    ),
    fix: [
      fixes.consentInBrowser,
      say(
        'Or exclude the account from the policy for authentication flows.',
        'または、認証フローのポリシーからアカウントを除外してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-flows', 'quoted-replies'], confidence: 'documented' },
  },
  {
    id: 'aadsts53011',
    when: answer('token', { number: 53011 }),
    meaning: both(
      'The account is blocked in its own organisation, because it is at risk.',
      '危険な状態にあるため、アカウントが自分の組織で止められています。',
    ),
    fix: [
      say(
        'In the Entra admin centre, under Protection, Identity Protection, look at the risk and remove it.',
        'Entra 管理センターの「保護」「Identity Protection」でリスクを確認し、解消してください。',
      ),
    ],
    kind: { lasts: 'until-repaired', who: 'administrator', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
  {
    id: 'aadsts70043',
    when: answer('token', { number: 70043 }),
    meaning: both(
      'Conditional Access wants a new sign-in at certain intervals, and the consent has ended by that.',
      '条件付きアクセスのサインイン頻度により、同意の有効期限が切れました。',
    ),
    fix: [
      fixes.consentAgain,
      say(
        'Exclude the account or the app from the sign-in frequency.',
        'アカウントまたはアプリをサインイン頻度の対象から外してください。',
      ),
      fixes.appOnlyInstead,
    ],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors', 'email-oauth2-proxy-181'], confidence: 'documented' },
    example:
      'AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on 2023-06-02T14:27:05.8405153Z and the maximum allowed lifetime for this request is 86400.',
  },
  {
    id: 'aadsts700020',
    when: answer('token', { number: 700020 }),
    meaning: both('The person has to be there for this.', 'この操作には本人が必要です。'),
    fix: [fixes.consentAgain],
    kind: { lasts: 'until-repaired', who: 'person', about: 'mailbox' },
    evidence: { sources: ['entra-errors'], confidence: 'documented' },
  },
])
