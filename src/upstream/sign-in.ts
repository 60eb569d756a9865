import { asFailure, Failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { type Address, sameAddress } from '../model/address.ts'
import { explained, seenReply } from '../providers/errors/explained.ts'
import type { Provider, UpstreamMechanism } from '../providers/provider.ts'
import {
  type ErrorChallenge,
  oauthBearerErrorAnswer,
  oauthBearerResponse,
  readErrorChallenge,
  xoauth2ErrorAnswer,
  xoauth2Response,
} from '../sasl/mechanisms.ts'
import { enhancedStatuses, isTransient, type Reply, statusOf } from '../wire/reply.ts'
import type { Dialled } from './dial.ts'
import { refusal, waitAfter, wordsOf } from './refusal.ts'

interface SignInRequest {
  provider: Pick<Provider, 'name' | 'submission' | 'mechanisms' | 'errorFamily'>
  mailbox: Address
  /** The name that signs in. */
  user: string
  token: Secret
  replySeconds: number
}

/** RFC 5321, section 4.5.3.1.4: a command line, its CRLF included. */
const commandLineOctets = 512

/**
 * Signs in with a bearer token (RFC 4954, section 4), by the mechanism that the provider offers and
 * we prefer.
 * @throws Failure `provider-unavailable` or `provider-setup`; ConnectionLost
 */
export async function signIn(dialled: Dialled, request: SignInRequest): Promise<SignInOutcome> {
  const { connection, capabilities } = dialled
  const { submission } = request.provider
  const mechanism = request.provider.mechanisms.find((name) => capabilities.mechanisms.includes(name))
  if (!mechanism) {
    const failure = noCommonMechanism(request.provider, capabilities.mechanisms)
    throw await explained(failure, { layer: 'heard', family: 'any', text: failure.message })
  }

  const send = (line: string) => connection.command(`${line}\r\n`, request.replySeconds)
  const judge = async (reply: Reply, challenge?: ErrorChallenge) => {
    const { host } = submission
    try {
      return judgeSignIn(reply, { host, mailbox: request.mailbox, mechanism }, challenge)
    } catch (error) {
      throw await explained(asFailure(error), seenReply(reply, request.provider, 'auth'), {
        mailbox: request.mailbox,
      })
    }
  }

  const { response, errorAnswer } = speak(mechanism, request)
  const line = `AUTH ${mechanism} ${response.reveal()}`
  const short = line.length + 2 <= commandLineOctets
  const first = await send(short ? line : `AUTH ${mechanism}`)
  if (!short && first.code !== 334) return judge(first)

  const answered = short ? first : await send(response.reveal())
  if (answered.code !== 334) return judge(answered)

  // We have nothing more to send, so this 334 is the error challenge. Only the reply to our answer
  // to it is final.
  const challenge = readErrorChallenge(answered.lines[0])
  const final = await send(errorAnswer)
  if (final.code === 235) throw meaningless(final, submission.host)
  return judge(final, challenge)
}

function speak(mechanism: UpstreamMechanism, request: SignInRequest) {
  const { user, token, provider } = request
  if (mechanism === 'XOAUTH2') {
    return { response: xoauth2Response(user, token), errorAnswer: xoauth2ErrorAnswer }
  }
  const { host, port } = provider.submission
  return {
    response: oauthBearerResponse({ user, token, host, port }),
    errorAnswer: oauthBearerErrorAnswer,
  }
}

function noCommonMechanism(provider: SignInRequest['provider'], offered: readonly string[]): Failure {
  const wanted = provider.mechanisms.join(' or ')
  const found = offered.filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).slice(0, 10)
  return new Failure(
    'provider-setup',
    `${provider.submission.host} offers no sign-in by ${wanted}, only ${found.join(', ') || 'none at all'}`,
    { fix: 'Check host and port of the provider: it has to be its submission service, not its MX.' },
  )
}

export type SignInOutcome =
  | { kind: 'accepted'; mechanism: UpstreamMechanism }
  /** Another token may help. */
  | { kind: 'token-refused'; reply: Reply; challenge?: ErrorChallenge }

interface SignInContext {
  host: string
  mailbox: Address
  mechanism: UpstreamMechanism
}

/**
 * RFC 4954, section 6, and RFC 5248: these codes are about the mechanism, encryption or a disabled
 * account, not about the token.
 */
const notTheToken = new Set([500, 502, 503, 504, 525, 530, 534, 538])

/**
 * What the final reply to AUTH means. Decided here and nowhere else; exactly 235 is success.
 * @throws Failure `provider-unavailable` for what passes, `provider-setup` where no other token
 * would help
 */
export function judgeSignIn(
  reply: Reply,
  { host, mailbox, mechanism }: SignInContext,
  challenge?: ErrorChallenge,
): SignInOutcome {
  if (reply.code === 235) return { kind: 'accepted', mechanism }
  if (isTransient(reply)) throw refusal(reply, host, `the sign-in for ${mailbox}`)
  if (reply.code < 500) throw meaningless(reply, host)
  const message = `${host} refused the sign-in for ${mailbox} (${statusOf(reply)})`
  const cause = new Error(`The provider said: ${wordsOf(reply)}`)
  // Yahoo answers this after too many bad sign-ins, whichever sign-in gets it: each further token
  // would be one more.
  if (reply.lines.some((line) => line.includes('#AUTH005'))) {
    throw new Failure('provider-unavailable', message, {
      cause,
      fix: 'Try again later.',
      ...waitAfter(reply),
    })
  }
  // Exchange answers 5.7.139 when a policy forbids the sign-in: a new token would not help.
  if (notTheToken.has(reply.code) || enhancedStatuses(reply).includes('5.7.139')) {
    throw new Failure('provider-setup', message, {
      cause,
      fix: 'Check host, port and mechanisms of the provider, and that the account is not disabled there.',
    })
  }
  return { kind: 'token-refused', reply, ...(challenge ? { challenge } : {}) }
}

/** A reply that has no meaning in a sign-in, such as 250, or 235 to a sign-in that was given up. */
function meaningless(reply: Reply, host: string): Failure {
  return new Failure(
    'provider-unavailable',
    `${host} gave an answer to the sign-in that means nothing there (${reply.code})`,
    { cause: new Error(`The provider said: ${wordsOf(reply)}`), fix: 'Try again later.' },
  )
}

/** The provider refused a token and the fresh one after it, or no fresher one could be had. */
export async function tokenRefused(
  outcome: Extract<SignInOutcome, { kind: 'token-refused' }>,
  { provider, mailbox, user }: Pick<SignInRequest, 'provider' | 'mailbox' | 'user'>,
  warning?: string,
): Promise<Failure> {
  const { reply, challenge } = outcome
  const { host } = provider.submission
  const status = challenge && /^[\w-]{1,40}$/.test(challenge.status) ? `, ${challenge.status}` : ''
  const details = {
    cause: new Error(`The provider said: ${wordsOf(reply)}`),
    fix:
      warning ??
      `Check that the account that consented may send as ${mailbox} and that the consent included sending mail; then consent again. If the mail server knows whoever signs in by another name, set that with --sasl-user.`,
  }
  const what = `${statusOf(reply)}${status}`
  const failure = sameAddress(user, mailbox)
    ? new Failure('provider-setup', `${host} refused the access token for ${mailbox} (${what})`, details)
    : new Failure(
        'provider-setup',
        `${host} refused the access token for ${mailbox}, signed in as ${printable(user)} (${what})`,
        details,
      )
  // What the token itself says is closer to the cause.
  return warning === undefined ? explained(failure, seenReply(reply, provider, 'auth'), { mailbox }) : failure
}
