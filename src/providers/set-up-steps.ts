import type { Words } from './errors/known-error.ts'

/** One step that an administrator takes at a provider, so that postern may send through it. */
export interface SetUpStep {
  /** In whole sentences. */
  step: Words
  /** The page on which it is taken. `{portal}` stands for the provider's administration pages. */
  link?: string
  /** What is entered there. `{redirectUri}` stands for the redirect URI to register. */
  copy?: string
}

/** The ways to a grant that are set up differently: a person signs in, or the app itself may send. */
export const setUpWays = ['person', 'app-only'] as const
export type SetUpWay = (typeof setUpWays)[number]

type Guide = Partial<Record<SetUpWay, readonly SetUpStep[]>>

/** The providers whose set-up is known step by step. */
export type GuideName = 'entra' | 'entra-personal' | 'high-volume' | 'google' | 'google-service-account'

const newAtEntra: SetUpStep = {
  step: {
    en: 'Sign in to the Entra admin centre and make a new app registration. Any name will do.',
    ja: 'Entra 管理センターにサインインして、アプリを新規登録します。名前は自由です。',
  },
  link: '{portal}/#view/Microsoft_AAD_RegisteredApps/CreateApplicationBlade/quickStartType~/null/isMSAApp~/false',
}

const idsAtEntra: SetUpStep = {
  step: {
    en: 'On the page Overview of the app, note the application (client) ID and the directory (tenant) ID: postern needs both.',
    ja: 'アプリの「概要」ページで、アプリケーション(クライアント) ID とディレクトリ(テナント) ID を控えます。postern には両方が必要です。',
  },
  link: '{portal}/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade',
}

const secretAtEntra: SetUpStep = {
  step: {
    en: 'Choose Certificates & secrets: upload a certificate, or make a client secret and note its value (not its ID).',
    ja: '「証明書とシークレット」で証明書をアップロードするか、クライアントシークレットを作ってその値(ID ではないほう)を控えます。',
  },
}

const redirectUri = '{redirectUri}'

const guides: Record<GuideName, Guide> = {
  entra: {
    person: [
      newAtEntra,
      {
        step: {
          en: 'Choose Authentication, Add a platform: "Web" if the address below begins with https or the app has a client secret or a certificate, otherwise "Mobile and desktop applications" (never "Single-page application"). Enter this redirect URI:',
          ja: '「認証」の「プラットフォームを追加」を選びます。下のアドレスが https で始まる場合や、アプリにクライアントシークレットまたは証明書がある場合は「Web」、それ以外は「モバイル アプリケーションとデスクトップ アプリケーション」です(「シングルページ アプリケーション」は使わないでください)。次のリダイレクトURIを入力します:',
        },
        copy: redirectUri,
      },
      {
        step: {
          en: 'Choose API permissions, Add a permission, APIs my organization uses, "Office 365 Exchange Online", Delegated permissions, and tick this one:',
          ja: '「API のアクセス許可」「アクセス許可の追加」「所属する組織で使用している API」「Office 365 Exchange Online」「委任されたアクセス許可」を選び、次の項目にチェックを付けます:',
        },
        copy: 'SMTP.Send',
      },
      idsAtEntra,
      {
        step: {
          en: 'Only for sign-ins by a code on another device: under Authentication allow public client flows.',
          ja: '別の端末でコードを入力してサインインする場合だけ: 「認証」で「パブリック クライアント フローを許可する」を有効にします。',
        },
      },
    ],
    'app-only': [
      newAtEntra,
      secretAtEntra,
      {
        step: {
          en: 'Add no API permission: Exchange Online lets the app send, for exactly the mailboxes that you name, by the commands for RBAC for Applications.',
          ja: 'API のアクセス許可は追加しません。RBAC for Applications のコマンドにより、指定したメールボックスに限って Exchange Online がアプリに送信を許可します。',
        },
      },
      idsAtEntra,
    ],
  },
  'entra-personal': {
    person: [
      {
        step: {
          en: 'Sign in to the Entra admin centre of an organisation and make a new app registration, with account types that include personal Microsoft accounts.',
          ja: '組織の Entra 管理センターにサインインして、個人の Microsoft アカウントを含むアカウントの種類でアプリを新規登録します。',
        },
        link: '{portal}/#view/Microsoft_AAD_RegisteredApps/CreateApplicationBlade/quickStartType~/null/isMSAApp~/false',
      },
      {
        step: {
          en: 'Choose Authentication, Add a platform, "Mobile and desktop applications". Enter this redirect URI:',
          ja: '「認証」「プラットフォームを追加」「モバイル アプリケーションとデスクトップ アプリケーション」を選び、次のリダイレクトURIを入力します:',
        },
        copy: redirectUri,
      },
      {
        step: {
          en: 'Choose API permissions, Add a permission, "Office 365 Exchange Online" or Microsoft Graph, Delegated permissions, and tick this one:',
          ja: '「API のアクセス許可」「アクセス許可の追加」「Office 365 Exchange Online」または Microsoft Graph、「委任されたアクセス許可」を選び、次の項目にチェックを付けます:',
        },
        copy: 'SMTP.Send',
      },
      {
        step: {
          en: 'On the page Overview of the app, note the application (client) ID. The tenant is:',
          ja: 'アプリの「概要」ページで、アプリケーション(クライアント) ID を控えます。テナントは次のとおりです:',
        },
        copy: 'consumers',
      },
    ],
  },
  'high-volume': {
    'app-only': [
      newAtEntra,
      {
        step: {
          en: 'Choose API permissions, Add a permission, APIs my organization uses, "Office 365 Exchange Online", Application permissions, tick this one, and grant the consent of an administrator:',
          ja: '「API のアクセス許可」「アクセス許可の追加」「所属する組織で使用している API」「Office 365 Exchange Online」「アプリケーションの許可」を選び、次の項目にチェックを付けて、管理者の同意を与えます:',
        },
        copy: 'Mail.Send',
      },
      secretAtEntra,
      idsAtEntra,
    ],
  },
  google: {
    person: [
      {
        step: {
          en: 'In the Google Cloud console choose a project and set up its consent screen: "Internal" for one Workspace, otherwise "External".',
          ja: 'Google Cloud コンソールでプロジェクトを選び、同意画面を設定します。1 つの Workspace なら「内部」、それ以外は「外部」です。',
        },
        link: 'https://console.cloud.google.com/auth/overview',
      },
      {
        step: {
          en: 'Under Data access add this scope:',
          ja: '「データアクセス」で次のスコープを追加します:',
        },
        link: 'https://console.cloud.google.com/auth/scopes',
        copy: 'https://mail.google.com/',
      },
      {
        step: {
          en: 'Only for "External": publish the app under Audience. In status "Testing" each grant ends after 7 days.',
          ja: '「外部」の場合だけ: 「対象」でアプリを公開します。状態が「テスト」のままだと、許可は 7 日で終わります。',
        },
        link: 'https://console.cloud.google.com/auth/audience',
      },
      {
        step: {
          en: 'Under Clients make an OAuth client: if the address below begins with https, of the type "Web application" with it as redirect URI, otherwise of the type "Desktop app".',
          ja: '「クライアント」で OAuth クライアントを作ります。下のアドレスが https で始まる場合は種類を「ウェブ アプリケーション」にして、それをリダイレクトURIとして登録します。それ以外は種類を「デスクトップ アプリ」にします。',
        },
        link: 'https://console.cloud.google.com/auth/clients/create',
        copy: redirectUri,
      },
      {
        step: {
          en: 'Note the client ID and the client secret: postern needs both.',
          ja: 'クライアントIDとクライアントシークレットを控えます。postern には両方が必要です。',
        },
      },
    ],
  },
  'google-service-account': {
    'app-only': [
      {
        step: {
          en: 'In the Google Cloud console make a service account and a JSON key for it; note its numeric client ID.',
          ja: 'Google Cloud コンソールでサービスアカウントとその JSON 鍵を作り、数字のクライアントIDを控えます。',
        },
        link: 'https://console.cloud.google.com/iam-admin/serviceaccounts',
      },
      {
        step: {
          en: 'In the admin console of the Workspace choose Security, Access and data control, API controls, Manage domain-wide delegation, Add new: the numeric client ID, with this scope:',
          ja: 'Workspace の管理コンソールで「セキュリティ」「アクセスとデータ管理」「API の制御」「ドメイン全体の委任を管理」「新しく追加」を選び、数字のクライアントIDを次のスコープで追加します:',
        },
        link: 'https://admin.google.com/ac/owl/domainwidedelegation',
        copy: 'https://mail.google.com/',
      },
    ],
  },
}

const otherGuide: Guide = {
  person: [
    {
      step: {
        en: 'Register an app at the provider, with this redirect URI:',
        ja: 'プロバイダーで、次のリダイレクトURIを使ってアプリを登録します:',
      },
      copy: redirectUri,
    },
    {
      step: {
        en: 'Note its client id, and its client secret if it has one.',
        ja: 'クライアントIDと、あればクライアントシークレットを控えます。',
      },
    },
  ],
}

/** The steps of one way, in order, with the values of this provider; none where it has not this way. */
export function setUpSteps(
  { guide, portal = '' }: { guide?: GuideName; portal?: string },
  way: SetUpWay,
  values: { redirectUri: string },
): readonly SetUpStep[] {
  const steps = (guide === undefined ? otherGuide : guides[guide])[way] ?? []
  return steps.map(({ step, link, copy }) => ({
    step,
    ...(link !== undefined && { link: link.replace('{portal}', portal) }),
    ...(copy !== undefined && { copy: copy.replace(redirectUri, values.redirectUri) }),
  }))
}
