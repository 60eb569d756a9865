import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure, type Sentence } from '../base/failure.ts'
import type { AccessToken, TokenBroker } from '../grants/token-broker.ts'
import { namesThatSignIn, namesWithToken } from '../mailboxes/sender-policy.ts'
import { type Address, keyed } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { explained, seenReply } from '../providers/errors/explained.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../providers/provider.ts'
import type { MailboxStore } from '../store/ports.ts'
import { isPositive, type Reply, wordsOf } from '../wire/reply.ts'
import { lossAsFailure, quit } from './connection.ts'
import { createTimeLimit, type Dialled } from './dial.ts'
import { tokenAt } from './open-signed-in.ts'
import type { Relay } from './relay.ts'
import type { ReachServer, ServerLookStep } from './server-look.ts'
import { signIn, tokenRefused } from './sign-in.ts'

/** What a message goes through at the provider's side, in order. */
export type TestMessageStep = 'token' | ServerLookStep | 'sign-in' | 'sender' | 'recipient' | 'message'

/** How one step went. */
export interface StepOutcome {
  step: TestMessageStep
  /** Absent: the step succeeded. */
  failure?: Failure
  /** What was seen of the mail server. */
  seen?: Sentence
  /** What the provider said, if anything: cut, on one line. */
  said?: string
  /** How long it took, where that is not the time since the step before. */
  milliseconds?: number
}

/**
 * Sends one message and reports how each step went, until one fails. The steps before the message
 * use a connection of their own, so that no warm connection hides a fault; the message itself goes
 * through the relay like any other, under the same limits.
 * @param recipient absent: nothing is sent. It ends when the sender was accepted, on that connection.
 */
export type SendTestMessage = (mailbox: Address, recipient?: Address) => AsyncIterable<StepOutcome>

export interface TestMessageDeps {
  mailboxes: Pick<MailboxStore, 'covering'>
  catalogue: Pick<Catalogue, 'registered'>
  tokens: Pick<TokenBroker, 'accessTokenFor'>
  relay: Pick<Relay, 'begin'>
  reachServer: ReachServer
  limits: Pick<Limits, 'upstreamReplySeconds' | 'wholeLoginSeconds'>
  clock: Pick<Clock, 'now'>
}

export function createTestMessage(deps: TestMessageDeps): SendTestMessage {
  const { mailboxes, catalogue, tokens, limits } = deps

  return async function* sendTestMessage(mailbox, recipient) {
    let step: TestMessageStep = 'token'
    try {
      const found = await mailboxes.covering(mailbox)
      if (!found) throw failure('mailbox.unknown', { mailbox })
      const provider = catalogue.registered(found.providerId)
      const token = tokenAt(provider, mailbox, await tokens.accessTokenFor(mailbox))
      yield { step }
      const asked = {
        found: { ...found, address: mailbox },
        provider,
        token,
        andSender: recipient === undefined,
      }
      for await (const outcome of signInOn(asked)) {
        step = outcome.step
        yield outcome
        if (outcome.failure) return
      }
      step = 'sender'
      if (recipient !== undefined) yield* send(mailbox, recipient, provider)
    } catch (error) {
      yield failed(step, error)
    }
  }

  /** Signs in on a connection of its own. */
  async function* signInOn(signing: Signing): AsyncGenerator<StepOutcome> {
    const { found, provider, token } = signing
    const limit = createTimeLimit(limits.wholeLoginSeconds, new AbortController().signal)
    try {
      const [first, second] = namesWithToken(namesThatSignIn(found), token)
      const dialled = yield* deps.reachServer(provider, limit.signal)
      if (!dialled) return
      let outcomes = await signInAs(dialled, first.name, signing)
      // Tries the second name, as `createOpener` does.
      if (outcomes[0].failure && second) {
        const again = yield* failuresOf(deps.reachServer(provider, limit.signal))
        if (!again) return
        outcomes = await signInAs(again, second.name, signing)
      }
      yield* outcomes
    } finally {
      limit.clear()
    }
  }

  /** Ends the connection. */
  async function signInAs(
    dialled: Dialled,
    user: string,
    { found: { address: mailbox }, provider, token, andSender }: Signing,
  ): Promise<[StepOutcome, ...StepOutcome[]]> {
    const replySeconds = limits.upstreamReplySeconds
    try {
      const outcome = await signIn(dialled, { provider, mailbox, user, token: token.secret, replySeconds })
      if (outcome.kind === 'accepted') {
        const accepted: StepOutcome = { step: 'sign-in', said: outcome.mechanism }
        // Others need SMTPUTF8, which says nothing about the sender.
        const isAscii = /^[\x21-\x7e]+$/.test(mailbox)
        return andSender && isAscii ? [accepted, await senderOn(dialled, mailbox, provider)] : [accepted]
      }
      const failure = await tokenRefused(outcome, { provider, mailbox, user }, token.warning)
      return [{ ...failed('sign-in', failure), said: wordsOf(outcome.reply) }]
    } catch (error) {
      return [failed('sign-in', lossAsFailure(error, provider.submission.host))]
    } finally {
      await quit(dialled.connection)
    }
  }

  /** Whether the sender is accepted, of a message that is not sent. */
  async function senderOn(
    { connection }: Dialled,
    mailbox: Address,
    provider: RegisteredProvider,
  ): Promise<StepOutcome> {
    const replySeconds = limits.upstreamReplySeconds
    try {
      const reply = await connection.command(`MAIL FROM:<${mailbox}>\r\n`, replySeconds)
      if (!isPositive(reply))
        return await refused('sender', failure('upstream.test-sender-refused', { mailbox }), reply, {
          mailbox,
          provider,
        })
      await connection.command('RSET\r\n', replySeconds)
      return { step: 'sender', said: wordsOf(reply) }
    } catch (error) {
      return failed('sender', lossAsFailure(error, provider.submission.host))
    }
  }

  async function* send(
    mailbox: Address,
    recipient: Address,
    provider: RegisteredProvider,
  ): AsyncGenerator<StepOutcome> {
    const from = { mailbox, provider }
    const begun = await deps.relay.begin(
      keyed(mailbox),
      { sender: mailbox, parameters: [] },
      [{ recipient, parameters: [] }],
      'test message',
    )
    const [answer] = begun.replies
    // When MAIL was refused, its reply stands for every recipient, and there is no transaction.
    if (!begun.transaction)
      return yield await refused('sender', failure('upstream.test-sender-refused', { mailbox }), answer, from)
    yield { step: 'sender' }
    if (!answer || !isPositive(answer)) {
      await begun.transaction.reset()
      return yield await refused(
        'recipient',
        failure('upstream.test-recipient-refused', { recipient }),
        answer,
        from,
      )
    }
    yield { step: 'recipient', said: wordsOf(answer) }
    try {
      const final = await begun.transaction.send(messageText(mailbox, recipient, deps.clock.now()))
      yield isPositive(final)
        ? { step: 'message', said: wordsOf(final) }
        : await refused('message', failure('upstream.test-message-refused'), final, from)
    } catch (error) {
      yield failed('message', error)
    }
  }
}

interface Signing {
  found: Mailbox
  provider: RegisteredProvider
  token: AccessToken
  /** The sender is tried on the same connection. */
  andSender: boolean
}

/** Steps that were told already: only what fails in them now is told. */
async function* failuresOf<Result>(
  steps: AsyncGenerator<StepOutcome, Result>,
): AsyncGenerator<StepOutcome, Result> {
  for (;;) {
    const next = await steps.next()
    if (next.done) return next.value
    if (next.value.failure) yield next.value
  }
}

function failed(step: TestMessageStep, error: unknown): StepOutcome {
  const failure = asFailure(error)
  const { said } = failure
  return { step, failure, ...(said !== undefined && { said }) }
}

async function refused(
  step: 'sender' | 'recipient' | 'message',
  general: Failure,
  reply: Reply | undefined,
  { mailbox, provider }: { mailbox: Address; provider: Provider },
): Promise<StepOutcome> {
  const phase = ({ sender: 'mail', recipient: 'rcpt', message: 'data' } as const)[step]
  const failure = reply ? await explained(general, seenReply(reply, provider, phase), { mailbox }) : general
  return { step, failure, ...(reply && { said: wordsOf(reply) }) }
}

/** RFC 5322. */
async function* messageText(from: Address, to: Address, now: number): AsyncGenerator<Buffer> {
  const lines = [
    `From: <${from}>`,
    `To: <${to}>`,
    'Subject: Test message of postern',
    `Date: ${new Date(now).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <postern-test-${now}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // RFC 3834, section 5: no vacation notice answers it.
    'Auto-Submitted: auto-generated',
    '',
    `This came from ${from} by postern. Everything works.`,
    '',
  ]
  yield Buffer.from(lines.join('\r\n'))
}
