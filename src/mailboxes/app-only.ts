import { type Failure, failure } from '../base/failure.ts'
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
    throw failure('mailbox.no-app-only', { provider: provider.name })
  }
  requireProof(provider)
  return 'client-credentials'
}

function domainNeedsApp(address: string): Failure {
  return failure('mailbox.domain-needs-app-only', { mailbox: address })
}

function requireNobody({ refreshToken, signsInAs, saslUser = '' }: MailboxRequest): void {
  if (!refreshToken && signsInAs === undefined && saslUser === '') return
  throw failure('mailbox.app-only-with-person')
}

/** The registration needs a client secret or certificate, and one tenant. */
function requireProof({ id, registration }: RegisteredProvider): void {
  const { clientSecrets, certificate, tenant } = registration
  if (clientSecrets.length === 0 && !certificate) {
    throw failure('registration.without-credentials', { provider: id })
  }
  if (tenant !== undefined && !isOneTenant(tenant)) {
    throw failure('registration.of-many-tenants', { tenant })
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
