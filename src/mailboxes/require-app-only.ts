import { Failure } from '../base/failure.ts'
import type { RegisteredProvider } from '../providers/provider.ts'
import type { MailboxRequest } from './services.ts'

/** Authorities of Entra that stand for many tenants; an app without a person belongs to one. */
const manyTenants = ['common', 'organizations', 'consumers']

/**
 * Whether a mailbox can be sent from without anybody's consent (RFC 6749, section 4.4).
 * @throws Failure `invalid` or `configuration`, with what to change
 */
export function requireAppOnly(
  { refreshToken, signsInAs }: MailboxRequest,
  { id, name, flows, registration }: RegisteredProvider,
): void {
  if (refreshToken || signsInAs !== undefined) {
    throw new Failure('invalid', 'A mailbox without a consent has no refresh token and nobody who signs in', {
      fix: 'Leave out either --app-only, or the refresh token and the person.',
    })
  }
  if (!flows.includes('client-credentials')) {
    throw new Failure('invalid', `${name} lets no app send without a person's consent`, {
      fix: 'Add the mailbox without --app-only, and let its owner consent.',
    })
  }
  if (registration.clientSecrets.length === 0 && !registration.certificate) {
    throw new Failure(
      'configuration',
      `The registration of ${id} has no client secret, so nobody could tell that it is us`,
      {
        fix: 'Give the registration a client secret at the provider and in the settings, and restart.',
      },
    )
  }
  if (registration.tenant !== undefined && manyTenants.includes(registration.tenant.toLowerCase())) {
    throw new Failure(
      'configuration',
      `"${registration.tenant}" stands for many organisations, and an app without a person belongs to one`,
      {
        fix: 'Set POSTERN_MICROSOFT_TENANT to the ID or a domain of the organisation, and restart.',
      },
    )
  }
}
