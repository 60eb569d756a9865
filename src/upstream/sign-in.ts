import type { Address } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import type { Provider, UpstreamMechanism } from '../providers/provider.ts'
import {
  type ErrorChallenge,
  oauthBearerErrorAnswer,
  oauthBearerResponse,
  readErrorChallenge,
  xoauth2ErrorAnswer,
  xoauth2Response,
} from '../sasl/bearer-mechanisms.ts'
import type { Reply } from '../wire/reply.ts'
import type { Dialled } from './dial.ts'
import { judgeSignIn, meaningless, type SignInOutcome } from './judge-sign-in.ts'

export interface SignInRequest {
  provider: Pick<Provider, 'name' | 'submission' | 'mechanisms'>
  mailbox: Address
  /** The name that signs in. */
  user: string
  token: Secret
  replySeconds: number
}

/** RFC 5321, section 4.5.3.1.4: a command line, its CRLF included. */
const commandLineOctets = 512

/**
 * Signs in with a bearer token (RFC 4954, section 4), by the mechanism that the provider offers and we prefer.
 * @throws Failure `provider-unavailable` or `provider-setup`; ConnectionLost
 */
export async function signIn(dialled: Dialled, request: SignInRequest): Promise<SignInOutcome> {
  const { connection, capabilities } = dialled
  const { submission } = request.provider
  const mechanism = request.provider.mechanisms.find((name) => capabilities.mechanisms.includes(name))
  if (!mechanism) throw noCommonMechanism(request.provider, capabilities.mechanisms)

  const send = (line: string) => connection.command(`${line}\r\n`, request.replySeconds)
  const judge = (reply: Reply, challenge?: ErrorChallenge) =>
    judgeSignIn(reply, { host: submission.host, mailbox: request.mailbox, mechanism }, challenge)

  const { response, errorAnswer } = speak(mechanism, request)
  const line = `AUTH ${mechanism} ${response.reveal()}`
  const short = line.length + 2 <= commandLineOctets
  const first = await send(short ? line : `AUTH ${mechanism}`)
  if (!short && first.code !== 334) return judge(first)

  const answered = short ? first : await send(response.reveal())
  if (answered.code !== 334) return judge(answered)

  // Nothing is left to say, so this is the error challenge; only the reply to our answer to it is final.
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
