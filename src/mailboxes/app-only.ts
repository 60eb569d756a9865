import { Failure } from '../base/failure.ts'
import { isDomainMailbox } from '../model/address.ts'
import type { Flow, Standing } from '../model/grant.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import { isOneTenant } from '../providers/registration.ts'
import type { MailboxRequest } from './mailboxes.ts'

export type AppOnlyFlow = Extract<Flow, 'client-credentials' | 'service-account'>

export function isAppOnlyFlow(flow: Flow): flow is AppOnlyFlow {
  return flow === 'client-credentials' || flow === 'service-account'
}

/**
 * The flow by which an app sends for a mailbox without a person's consent (RFC 6749, section 4.4;
 * RFC 7523, section 2.1); undefined when its owner consents. A provider that knows only such flows
 * needs no `appOnly`.
 * @throws Failure `invalid` or `configuration`, with what to change
 */
export function appOnlyFlow(request: MailboxRequest, provider: RegisteredProvider): AppOnlyFlow | undefined {
  const { flows } = provider
  const needsNobody = flows.every(isAppOnlyFlow)
  if (!request.appOnly && !needsNobody) {
    if (isDomainMailbox(request.address)) throw domainNeedsApp(request.address)
    return undefined
  }
  requireNobody(request)
  if (flows.includes('service-account')) return 'service-account'
  if (!flows.includes('client-credentials')) {
    throw new Failure('invalid', `${provider.name} lets no app send without a person's consent`, {
      fix: 'Add the mailbox without --app-only, and let its owner consent.',
    })
  }
  requireProof(provider)
  return 'client-credentials'
}

function domainNeedsApp(address: string): Failure {
  return new Failure(
    'invalid',
    `"${address}" is a whole domain, and nobody can consent for all of its mailboxes`,
    {
      fix: 'Add it with --app-only at a provider that lets an app send for an organisation, or add each mailbox by its own address.',
    },
  )
}

function requireNobody({ refreshToken, signsInAs, saslUser = '' }: MailboxRequest): void {
  if (!refreshToken && signsInAs === undefined && saslUser === '') return
  throw new Failure('invalid', 'A mailbox without a consent has no refresh token and nobody who signs in', {
    fix: 'Leave out either --app-only, or the refresh token and the person.',
  })
}

/** The registration needs a client secret or certificate, and one tenant. */
function requireProof({ id, registration }: RegisteredProvider): void {
  const { clientSecrets, certificate, tenant } = registration
  if (clientSecrets.length === 0 && !certificate) {
    throw new Failure(
      'configuration',
      `The registration of ${id} has no client secret and no certificate, so nobody could tell that it is us`,
      { fix: 'Give the registration one of them at the provider and in the settings, and restart.' },
    )
  }
  if (tenant !== undefined && !isOneTenant(tenant)) {
    throw new Failure(
      'configuration',
      `"${tenant}" stands for many organisations, and an app without a person belongs to one`,
      { fix: 'Set POSTERN_MICROSOFT_TENANT to the ID or a domain of the organisation, and restart.' },
    )
  }
}

/**
 * Whether a mailbox is personal: it has an entry of its own, and no app sends for it. A right to
 * its whole domain does not include it without `personal`. A mailbox that still waits for its
 * consent counts as personal, so that nobody can use it first.
 */
export function isPersonal(standing: Standing | undefined): boolean {
  if (standing === undefined || standing.coveredBy !== undefined) return false
  return standing.grant?.state !== 'active' || !isAppOnlyFlow(standing.grant.flow)
}
