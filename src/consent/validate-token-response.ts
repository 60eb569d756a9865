import { failure, filled } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { type Address, isDomainMailbox } from '../model/address.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { isSameAccount } from '../providers/oauth/identity.ts'
import type { Identity, TokenResponse } from '../providers/oauth/oauth-client.ts'
import type { Provider } from '../providers/provider.ts'
import { provesIdentity } from '../providers/registration.ts'
import { ConsentRefused } from './consent-refused.ts'

/** What a valid consent proved and gave. */
export interface GoodConsent {
  refreshToken: Secret
  signedInAs?: Address
  /** See `Identity.account`. */
  subject?: string
}

/** The person who has to sign in to consent for a mailbox. */
export function expectedPerson(mailbox: Mailbox): Address {
  return mailbox.signsInAs ?? mailbox.address
}

/**
 * Checks that a token response is the consent that the mailbox needs: by the right person, with a
 * refresh token, and for mail.
 * @throws ConsentRefused
 */
export function validateTokenResponse(
  mailbox: Mailbox,
  provider: Provider,
  answer: TokenResponse,
): GoodConsent {
  const identity = provesIdentity(provider.oauth) ? provenIdentity(mailbox, provider, answer) : {}
  const { refreshToken } = answer
  if (!refreshToken) {
    throw new ConsentRefused(
      'missing-refresh-token',
      filled('consent.no-refresh-token', { provider: provider.name }),
      { mailbox: mailbox.address },
    )
  }
  requireMailScopes(mailbox, provider, answer.scopes)
  requireRightToken(mailbox, answer)
  return { refreshToken, ...identity }
}

function provenIdentity(
  mailbox: Mailbox,
  provider: Provider,
  { identity }: TokenResponse,
): { signedInAs: Address; subject: string } {
  const expected = expectedPerson(mailbox)
  const person = identity?.address?.value
  if (!identity || person === undefined) {
    throw noIdentity(mailbox, provider, identity)
  }
  if (!isSameAccount(provider.oauth, person, expected)) {
    throw new ConsentRefused(
      'wrong-person',
      filled('consent.wrong-person', { person: printable(person), expected, mailbox: mailbox.address }),
      { mailbox: mailbox.address, signedInAs: person, expected, account: printable(identity.account, 300) },
    )
  }
  return { signedInAs: expected, subject: identity.account }
}

function noIdentity(
  mailbox: Mailbox,
  { name, oauth }: Provider,
  identity: Identity | undefined,
): ConsentRefused {
  const { kind, cause } = identity?.unproven ?? { kind: 'absent' }
  const about = {
    mailbox: mailbox.address,
    expected: expectedPerson(mailbox),
    ...(identity && { account: printable(identity.account, 300) }),
  }
  switch (kind) {
    case 'unverified':
      return new ConsentRefused(
        'unverified-address',
        filled('consent.address-unverified', { provider: name, cause }),
        about,
      )
    case 'other-account':
      return new ConsentRefused(
        'no-identity',
        filled('consent.userinfo-of-another', { provider: name, cause }),
        about,
      )
    case 'unreadable':
      return new ConsentRefused(
        'no-identity',
        filled('consent.userinfo-unreadable', { provider: name, cause }),
        about,
      )
    case 'absent':
    case 'not-believed': {
      const id = oauth.identityRules === 'entra' ? 'consent.no-identity-of-guest' : 'consent.no-identity'
      return new ConsentRefused('no-identity', filled(id, { provider: name, cause }), about)
    }
  }
}

/** Every later token of the grant would have the same fault. */
function requireRightToken(mailbox: Mailbox, { tokenCheck }: TokenResponse): void {
  if (!tokenCheck?.error) return
  throw new ConsentRefused('wrong-token', tokenCheck.error, { mailbox: mailbox.address })
}

function requireMailScopes(mailbox: Mailbox, provider: Provider, granted: readonly string[]): void {
  // RFC 6749, section 3.3 has scopes case-sensitive, yet providers give back their own spelling of
  // what was asked.
  const given = new Set(granted.map((scope) => scope.toLowerCase()))
  const missing = provider.oauth.mailScopes.filter((scope) => !given.has(scope.toLowerCase()))
  if (missing.length === 0) return
  throw new ConsentRefused('missing-scope', filled('consent.scope-missing', { scopes: missing.join(', ') }), {
    mailbox: mailbox.address,
  })
}

/**
 * Checks that a person can consent: not for a whole domain, and not where the provider accepts apps
 * only.
 * @throws Failure `invalid`
 */
export function requireInteractiveConsent(
  { address }: Mailbox,
  { name, flows }: Pick<Provider, 'name' | 'flows'>,
): void {
  if (!flows.some((flow) => flow === 'authorization-code' || flow === 'device')) {
    throw failure('consent.not-needed', { provider: name, mailbox: address })
  }
  if (!isDomainMailbox(address)) return
  throw failure('consent.whole-domain', { mailbox: address })
}
