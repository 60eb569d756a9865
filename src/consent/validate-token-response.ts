import { Failure } from '../base/failure.ts'
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
    throw new ConsentRefused('missing-refresh-token', `${provider.name} gave no refresh token`, {
      fix: "Remove postern from the account's connected applications and start again; if that does not help, the registration must ask for offline access.",
      mailbox: mailbox.address,
    })
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
    throw new ConsentRefused('wrong-person', `${printable(person)} signed in, but ${expected} has to`, {
      fix: `Start again and choose the account ${expected}. If ${printable(person)} may send for ${mailbox.address}, an administrator can set that with --signs-in-as.`,
      mailbox: mailbox.address,
      signedInAs: person,
      expected,
      account: printable(identity.account, 300),
    })
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
    ...(cause && { cause }),
  }
  switch (kind) {
    case 'unverified':
      return new ConsentRefused(
        'unverified-address',
        `${name} says that it has not verified the mail address of the account that signed in`,
        {
          fix: 'Have the address verified there, and start again. Where the provider is your own and answers for its addresses, have it say so (email_verified), or name another claim as identityClaim in the providers file.',
          ...about,
        },
      )
    case 'other-account':
      return new ConsentRefused(
        'no-identity',
        `The userinfo endpoint of ${name} told of another account than the one that signed in`,
        { fix: 'Check userinfoEndpoint in the providers file: it has to belong to the issuer.', ...about },
      )
    case 'unreadable':
      return new ConsentRefused(
        'no-identity',
        `${name} did not say which mail address signed in, and its userinfo endpoint could not be read`,
        {
          fix: 'Start again later. If it lasts, check userinfoEndpoint in the providers file, or have the provider put the address into the ID token; the log says why.',
          ...about,
        },
      )
    case 'absent':
    case 'not-believed':
      return new ConsentRefused('no-identity', `${name} did not say which mail address signed in`, {
        fix:
          oauth.identityRules === 'entra'
            ? 'Start again with an account of the organisation itself: no guest is believed.'
            : 'Sign in with an account whose mail address the provider has verified, and check that the registration may ask for the scopes openid and email. Where the address stands in another claim, an administrator can name that as identityClaim in the providers file.',
        ...about,
      })
  }
}

/** Every later token of the grant would have the same fault. */
function requireRightToken(mailbox: Mailbox, { tokenCheck }: TokenResponse): void {
  if (!tokenCheck?.error) return
  const { what, fix } = tokenCheck.error
  throw new ConsentRefused('wrong-token', what, { fix, mailbox: mailbox.address })
}

function requireMailScopes(mailbox: Mailbox, provider: Provider, granted: readonly string[]): void {
  // RFC 6749, section 3.3 has scopes case-sensitive, yet providers give back their own spelling of
  // what was asked.
  const given = new Set(granted.map((scope) => scope.toLowerCase()))
  const missing = provider.oauth.mailScopes.filter((scope) => !given.has(scope.toLowerCase()))
  if (missing.length === 0) return
  throw new ConsentRefused('missing-scope', `The right to send mail was not given: ${missing.join(', ')}`, {
    fix: 'Start again and leave every box ticked; if there was none, add the scope to the registration at the provider.',
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
    throw new Failure('invalid', `At ${name} nobody consents: an app sends for ${address} by itself`, {
      fix: 'Nothing is to be done here; "postern provider show" says how the app is set up.',
    })
  }
  if (!isDomainMailbox(address)) return
  throw new Failure('invalid', `"${address}" is a whole domain, whose mail an app sends without a consent`, {
    fix: 'Nothing is to be done here; add a mailbox by its own address where a person has to consent.',
  })
}
