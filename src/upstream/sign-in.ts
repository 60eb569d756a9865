import { asFailure, type Failure, failure, type Sentence } from '../base/failure.ts'
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
import type { Capabilities } from '../wire/envelope.ts'
import { enhancedStatuses, isTransient, type Reply, statusOf, wordsOf } from '../wire/reply.ts'
import type { Dialled } from './dial.ts'
import { passes, waitAfter } from './refusal.ts'

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
  const mechanism = await commonMechanism(request.provider, capabilities)

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

/**
 * The mechanism that is used: the server offers it, and we prefer it.
 * @throws Failure `provider-setup`
 */
export async function commonMechanism(
  provider: SignInRequest['provider'],
  { mechanisms }: Pick<Capabilities, 'mechanisms'>,
): Promise<UpstreamMechanism> {
  const mechanism = provider.mechanisms.find((name) => mechanisms.includes(name))
  if (mechanism) return mechanism
  const none = noCommonMechanism(provider, mechanisms)
  throw await explained(none, { layer: 'heard', family: 'any', text: none.message })
}

function noCommonMechanism(provider: SignInRequest['provider'], offered: readonly string[]): Failure {
  const { host } = provider.submission
  const wanted = provider.mechanisms.join(' or ')
  const found = offered.filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).slice(0, 10)
  if (found.length === 0) return failure('upstream.no-mechanism', { host, wanted })
  return failure('upstream.no-common-mechanism', { host, wanted, offered: found.join(', ') })
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
  const known = { host, mailbox, status: statusOf(reply), said: wordsOf(reply), ...waitAfter(reply) }
  // Yahoo answers #AUTH005 after too many bad sign-ins, whichever sign-in gets it: each further
  // token would be one more.
  if (passes(reply) || reply.lines.some((line) => line.includes('#AUTH005')))
    throw failure('upstream.sign-in-refused-for-now', known)
  if (isTransient(reply)) throw failure('upstream.sign-in-refused-from-here', known)
  if (reply.code < 500) throw meaningless(reply, host)
  // Exchange answers 5.7.139 when a policy forbids the sign-in: a new token would not help.
  if (notTheToken.has(reply.code) || enhancedStatuses(reply).includes('5.7.139'))
    throw failure('upstream.sign-in-refused', known)
  return { kind: 'token-refused', reply, ...(challenge ? { challenge } : {}) }
}

/** A reply that has no meaning in a sign-in, such as 250, or 235 to a sign-in that was given up. */
function meaningless(reply: Reply, host: string): Failure {
  return failure('upstream.sign-in-answer-strange', { host, status: reply.code, said: wordsOf(reply) })
}

/** The provider refused a token and the fresh one after it, or no fresher one could be had. */
export async function tokenRefused(
  outcome: Extract<SignInOutcome, { kind: 'token-refused' }>,
  { provider, mailbox, user }: Pick<SignInRequest, 'provider' | 'mailbox' | 'user'>,
  warning?: Sentence,
): Promise<Failure> {
  const { reply, challenge } = outcome
  const { host } = provider.submission
  const more = challenge && /^[\w-]{1,40}$/.test(challenge.status) ? `, ${challenge.status}` : ''
  const known = { host, mailbox, status: `${statusOf(reply)}${more}`, said: wordsOf(reply) }
  const of = { ...known, user: printable(user) }
  const isOwn = sameAddress(user, mailbox)
  // What the token itself says is closer to the cause.
  if (warning)
    return isOwn
      ? failure('upstream.token-lacks-right', { ...known, warning })
      : failure('upstream.token-of-user-lacks-right', { ...of, warning })
  const general = isOwn
    ? failure('upstream.token-refused', known)
    : failure('upstream.token-refused-of-user', of)
  const seen = seenReply(reply, provider, 'auth')
  const told = await explained(general, seen, { mailbox })
  // Some servers say why in the challenge alone.
  if (told !== general || challenge === undefined) return told
  return explained(general, { ...seen, challenge: challenge.status }, { mailbox })
}
