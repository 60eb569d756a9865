import type { FailureId } from '../../base/failure.ts'

interface FixOnPages {
  en: string
  ja: string
}

const setBack: FixOnPages = {
  en: 'Set it back, on the page of the registration or in the settings, with a restart; or, if the registration is meant to be another one, sign in again for its mailboxes.',
  ja: '登録のページ、または設定(再起動が必要)で元に戻してください。別の登録にするつもりであれば、そのメールボックスの連携をやり直してください。',
}

const signIn: FixOnPages = {
  en: 'Sign in on the page of {mailbox}, or ask its owner there by a consent link.',
  ja: '{mailbox} のページでサインインするか、そこから同意リンクで所有者に依頼してください。',
}

const register: FixOnPages = {
  en: 'Add one on the page of the provider.',
  ja: 'プロバイダーのページで追加してください。',
}

/**
 * What to do about a failure, for whoever reads it on a page: the fix of the catalogue names a verb
 * of the command, and there is a button or a field for it.
 */
export const fixesOnPages: Readonly<Partial<Record<FailureId, FixOnPages>>> = {
  'grant.absent': signIn,
  'grant.lapsed': signIn,
  'grant.given-to-other-client-id': setBack,
  'grant.given-to-other-tenant': setBack,
  'grant.given-to-other-token-endpoint': setBack,
  'doctor.no-provider': {
    en: 'Choose one under Providers; its page says how to set it up.',
    ja: '「プロバイダー」で選んでください。設定の方法はそのページにあります。',
  },
  'doctor.lapsed': signIn,
  'doctor.held-back': {
    en: 'Mend what the reason names, then choose "Try now" on the page of {mailbox}.',
    ja: '理由にあることを直してから、{mailbox} のページで「今すぐ試す」を選んでください。',
  },
  'mailbox.unknown': { en: 'Add it first.', ja: 'まず追加してください。' },
  'mailbox.domain-without-aliases': {
    en: 'Name the further senders at a login, under "Also allowed senders".',
    ja: 'ログイン情報の「ほかに使える差出人」で指定してください。',
  },
  'mailbox.alias-of-domain': {
    en: 'Let a login use any address of a domain: *@example.com under "Also allowed senders".',
    ja: 'ログイン情報の「ほかに使える差出人」に *@example.com と書くと、ドメインのどのアドレスでも使えます。',
  },
  'consent.no-admin-consent': {
    en: 'Let the owner of each mailbox consent, on its page or by a consent link.',
    ja: '各メールボックスの所有者に、そのページまたは同意リンクで同意してもらってください。',
  },
  'consent.no-device-flow': {
    en: 'Use the consent in a browser: its link works on any machine that reaches postern.',
    ja: 'ブラウザーでの同意を使ってください。リンクは、postern に接続できるどのマシンでも使えます。',
  },
  'consent.not-needed': {
    en: 'Nothing is to be done here; the page of the provider says how the app is set up.',
    ja: 'ここですることはありません。アプリの設定の方法はプロバイダーのページにあります。',
  },
  'provider.no-such-flow': {
    en: 'Choose another: the page of the provider lists its ways.',
    ja: '別の方法を選んでください。使える方法はプロバイダーのページにあります。',
  },
  'exchange.no-mailboxes': {
    en: 'Add the mailboxes first: the script is for exactly those.',
    ja: 'まずメールボックスを追加してください。スクリプトはそれらだけを対象にします。',
  },
  'certificate.no-such-registration': {
    en: 'Add it under Providers: those of the settings have their certificates in files.',
    ja: '「プロバイダー」で追加してください。設定にある登録の証明書はファイルにあります。',
  },
  'certificate.object-id-needed': {
    en: 'Give it on the page of the certificate: in the Entra admin centre, App registrations, the app, Overview, Object ID.',
    ja: '証明書のページで指定してください。Entra 管理センターの「アプリの登録」でアプリを開き、「概要」の「オブジェクト ID」にあります。',
  },
  'certificate.renewal-refused': {
    en: 'Download the certificate from its page here, and upload it in the Entra admin centre at the app registration under Certificates & secrets: it is used as soon as Entra takes it.',
    ja: 'このサイトの証明書のページからダウンロードし、Entra 管理センターのアプリの登録の「証明書とシークレット」にアップロードしてください。Entra が受け付けるとすぐに使われます。',
  },
  'registration.missing-at-microsoft': register,
  'registration.missing-worldwide': register,
  'registration.missing-in-cloud': register,
  'registration.missing-for-persons': register,
  'registration.missing-for-high-volume': register,
  'registration.missing-at-google': register,
  'registration.missing-service-account': register,
  'registration.missing-in-file': register,
  'registration.unknown': {
    en: 'Look for it under Providers, or add it there.',
    ja: '「プロバイダー」で探すか、そこで追加してください。',
  },
  'registration.exists': {
    en: 'Change that one on its page, or choose another id.',
    ja: 'その登録をそのページで変更するか、別の ID を選んでください。',
  },
  'registration.mistaken': {
    en: 'Change these fields; the page of the provider says what it needs.',
    ja: 'これらの項目を直してください。必要なものはプロバイダーのページにあります。',
  },
  'registration.hidden': {
    en: 'Take {setting} out of the settings and restart to use the stored one, or remove the stored one on its page.',
    ja: '保存されている登録を使うには、{setting} を設定から除いて再起動してください。または、保存されている登録をそのページで削除してください。',
  },
  'registration.unusable': {
    en: 'Change it on its page, or remove it and add it anew.',
    ja: 'そのページで変更するか、削除して追加し直してください。',
  },
  'registration.gone': {
    en: 'Add it again under Providers with the id {id}, or remove the mailbox and add it at another provider.',
    ja: '「プロバイダー」で ID {id} の登録をもう一度追加するか、メールボックスを削除して別のプロバイダーで追加してください。',
  },
  'registration.without-credentials': {
    en: 'Give the registration one of them at the provider, and here: on its page, or in the settings, with a restart.',
    ja: 'プロバイダーで登録にどちらかを付け、ここでも登録のページ、または設定(再起動が必要)で指定してください。',
  },
  'registration.of-many-tenants': {
    en: 'Set the tenant of the registration to the ID or a domain of the organisation: on its page, or as POSTERN_MICROSOFT_TENANT, with a restart.',
    ja: '登録のテナントに組織の ID またはドメインを指定してください。登録のページ、または POSTERN_MICROSOFT_TENANT(再起動が必要)で指定します。',
  },
}
