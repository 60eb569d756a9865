import { byId, Failure, failure, type SentenceById } from '../base/failure.ts'
import type { Address } from '../model/address.ts'
import type { Words } from './errors/known-error.ts'
import { appOnlyCommands, mailboxPermissionCommands, smtpAuthCommands } from './exchange-commands.ts'
import type {
  Catalogue,
  GrantFlow,
  Provider,
  RegisteredProvider,
  Registration,
  SupportStatus,
} from './provider.ts'
import { type SettingsToMake, settingsToMake } from './registration.ts'
import type { RegistrationSource } from './registrations.ts'
import { type SetUpStep, type SetUpWay, setUpSteps } from './set-up-steps.ts'

/**
 * A provider as pages, API and command show it. Field names are those of the API. Contains no
 * secret.
 */
export interface ProviderStatus {
  id: string
  name: string
  registered: boolean
  /** Where its registration comes from, if it has one. */
  source?: RegistrationSource
  /** What to set to have a registration. */
  missing?: string
  /** The same by its id. */
  missingFailure?: SentenceById
  standing: Pick<SupportStatus, 'evidence'> & { notes: readonly string[] }
  flows: readonly GrantFlow[]
  smtp: Provider['submission']
  scopes: readonly string[]
}

export interface ProviderDetails extends ProviderStatus {
  setUp: SetUp
}

export function providerList(catalogue: Catalogue): ProviderStatus[] {
  return catalogue.list().map(({ provider, registered }) => statusOf(catalogue, provider, { registered }))
}

/**
 * In English, unless the context has another language.
 * @throws Failure `not-found`
 */
export function providerDetails(
  catalogue: Catalogue,
  id: string,
  context: Omit<SetUpContext, 'registration'>,
): ProviderDetails {
  const found = catalogue.list().find(({ provider }) => provider.id === id)
  // The failure lists the known ids.
  if (!found) throw missingFailure(catalogue, id)
  const { provider, registered } = found
  const registration = registered ? catalogue.registered(id).registration : undefined
  return {
    ...statusOf(catalogue, provider, { registered, language: context.language }),
    setUp: setUpOf(provider, { ...context, registration }),
  }
}

function statusOf(
  catalogue: Catalogue,
  {
    id,
    name,
    supportStatus,
    flows,
    submission,
    oauth,
    source,
  }: Provider & Pick<RegisteredProvider, 'source'>,
  { registered, language = 'en' }: { registered: boolean; language?: keyof Words | undefined },
): ProviderStatus {
  const none = registered ? undefined : missingFailure(catalogue, id)
  const { evidence, notes } = supportStatus
  const standing = { evidence, notes: notes.map((note) => note[language]) }
  const scopes = oauth.scopes.length > 0 ? oauth.scopes : oauth.applicationScopes
  return {
    ...{ id, name, registered, standing, flows, smtp: submission, scopes },
    ...(registered && { source: source ?? ('settings' as const) }),
    ...(none?.fix !== undefined && {
      missing: none.fix,
      missingFailure: byId(none),
    }),
  }
}

/** The catalogue names the missing settings in the failure that it throws. */
function missingFailure(catalogue: Catalogue, id: string): Failure {
  try {
    catalogue.registered(id)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  return failure('provider.registered-after-all')
}

/** How an administrator makes a provider ready for postern. */
interface SetUp {
  /** To be registered there exactly so; absent if no person signs in in a browser. */
  redirectUri?: string
  /** Steps at the provider, in order, in whole sentences: for consents where people can give one. */
  steps: readonly string[]
  /** The same for mailboxes without a consent, where that is another way. */
  appOnlySteps?: readonly string[]
  /** Absent for a provider of the providers file, which is registered already. */
  settings?: SettingsToMake
  /** PowerShell commands with their purpose. */
  commands: readonly { purpose: string; lines: readonly string[] }[]
}

interface SetUpContext {
  /** Of steps, notes and purposes; absent: English. */
  language?: keyof Words | undefined
  /** The redirect URI of postern. */
  redirectUri: string
  registration?: Registration | undefined
  mailbox?: Address | undefined
  /** The object id of the app's service principal at Entra. */
  objectId?: string | undefined
}

export function setUpOf(provider: Provider, context: SetUpContext): SetUp {
  const { flows, oauth } = provider
  const { language = 'en' } = context
  const inBrowser = flows.includes('authorization-code')
  const redirectUri = oauth.redirectUri ?? context.redirectUri
  return {
    ...(inBrowser && { redirectUri }),
    ...(provider.supportStatus.evidence !== 'own' && { settings: settingsToMake(provider) }),
    ...stepsOf(provider, redirectUri, language),
    commands: commandsFor(provider, context).map(({ purpose, lines }) => ({
      purpose: purpose[language],
      lines,
    })),
  }
}

function stepsOf(
  provider: Provider,
  redirectUri: string,
  language: keyof Words,
): Pick<SetUp, 'steps' | 'appOnlySteps'> {
  const said = (way: SetUpWay) =>
    setUpSteps(provider, way, { redirectUri }).map((step) => asSentence(step, language))
  const [person, appOnly] = [said('person'), said('app-only')]
  if (person.length === 0) return { steps: appOnly }
  return { steps: person, ...(appOnly.length > 0 && { appOnlySteps: appOnly }) }
}

function asSentence({ step, link, copy }: SetUpStep, language: keyof Words): string {
  const end = copy === undefined ? '' : ` ${copy}`
  return `${step[language]}${end}${link === undefined ? '' : ` (${link})`}`
}

/** The commands for Exchange Online. */
function commandsFor(
  { flows, oauth, exchangeEnvironment: environment }: Provider,
  { registration, mailbox, objectId }: SetUpContext,
): { purpose: Words; lines: readonly string[] }[] {
  // High Volume Email has no mailboxes of the usual kind.
  if (!oauth.tokenClaims || !flows.includes('authorization-code')) return []
  const ids = {
    clientId: registration?.clientId,
    tenant: registration?.tenant,
    objectId,
    mailbox,
    environment,
  }
  const people = {
    purpose: {
      en: 'Let a mailbox send by SMTP at all, which OAuth does not do',
      ja: 'メールボックスの SMTP 送信そのものを許可する(OAuth だけでは許可されません)',
    },
    lines: smtpAuthCommands(mailbox),
  }
  if (!flows.includes('client-credentials')) return [people]
  return [
    people,
    {
      purpose: {
        en: 'For mailboxes without a consent (--app-only), the least that is needed: RBAC for Applications',
        ja: '同意を使わないメールボックス(--app-only)に必要な最小限の権限: RBAC for Applications',
      },
      lines: appOnlyCommands(ids),
    },
    {
      purpose: {
        en: 'Instead of that, where the app has its permission to send in Entra: full access to the mailbox',
        ja: 'その代わりに、アプリが Entra で送信のアクセス許可を持つ場合: メールボックスへのフルアクセス',
      },
      lines: mailboxPermissionCommands(ids),
    },
  ]
}

/** The evidence for a provider, in words. */
export const evidenceWords: Record<SupportStatus['evidence'], Words> = {
  documented: { en: 'documented by the provider', ja: 'プロバイダーの文書による' },
  reported: {
    en: 'not officially documented; works for others',
    ja: '公式の文書はないが、ほかの利用者では動作',
  },
  restricted: {
    en: 'access by application only; often refused',
    ja: '申請制(認められないことが多い)',
  },
  unverified: { en: 'found in one place, not verified', ja: '情報源が 1 つのみで未検証' },
  own: { en: 'as the providers file has it', ja: 'プロバイダーファイルの内容による' },
}
