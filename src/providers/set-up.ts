import type { Address } from '../base/address.ts'
import { appOnlyCommands, mailboxPermissionCommands, smtpAuthCommands } from './exchange-commands.ts'
import type { Provider, Registration, Standing } from './provider.ts'
import { type SettingsToMake, settingsToMake } from './settings-to-make.ts'

/** How an administrator makes a provider ready for postern. */
export interface SetUp {
  /** To be registered there, exactly so; absent where nobody signs in in a browser. */
  redirectUri?: string
  /** At the provider, in their order: whole sentences. */
  steps: readonly string[]
  /** Absent for a provider that the providers file describes: there it is registered already. */
  settings?: SettingsToMake
  /** PowerShell, each with what it is for. */
  commands: readonly { purpose: string; lines: readonly string[] }[]
}

export interface SetUpContext {
  /** postern's own. */
  redirectUri: string
  registration?: Registration | undefined
  mailbox?: Address | undefined
  /** Of the app's service principal at Entra. */
  objectId?: string | undefined
}

export function setUpOf(provider: Provider, context: SetUpContext): SetUp {
  const { flows, oauth, registrationSteps = otherSteps } = provider
  const inBrowser = flows.includes('authorization-code')
  const redirectUri = oauth.redirectUri ?? context.redirectUri
  return {
    ...(inBrowser && { redirectUri }),
    ...(provider.standing.evidence !== 'own' && { settings: settingsToMake(provider) }),
    steps: registrationSteps.map((step) => step.replaceAll('{redirectUri}', redirectUri)),
    commands: commandsFor(provider, context),
  }
}

const otherSteps = [
  'Register an app at the provider, with the redirect URI {redirectUri}.',
  'Put its client id (and secret) into POSTERN_PROVIDERS_FILE.',
]

/** At Exchange Online. */
function commandsFor(
  { flows, oauth, exchangeEnvironment: environment }: Provider,
  { registration, mailbox, objectId }: SetUpContext,
): SetUp['commands'] {
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
    purpose: 'Let a mailbox send by SMTP at all, which OAuth does not do',
    lines: smtpAuthCommands(mailbox),
  }
  if (!flows.includes('client-credentials')) return [people]
  return [
    people,
    {
      purpose:
        'For mailboxes without a consent (--app-only), the least that is needed: RBAC for Applications',
      lines: appOnlyCommands(ids),
    },
    {
      purpose: `Instead of that, where the app has the permission ${oauth.tokenClaims.applicationRole} in Entra: full access to the mailbox`,
      lines: mailboxPermissionCommands(ids),
    },
  ]
}

/** How well a provider is known to work, in words. */
export const evidenceWords: Record<Standing['evidence'], string> = {
  documented: 'documented by the provider',
  reported: 'as users and other software report it',
  restricted: 'works, but the provider gives registrations to few',
  unverified: 'found in one place, not verified',
  own: 'as the providers file has it',
}
