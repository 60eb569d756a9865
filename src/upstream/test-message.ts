import { PassThrough } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { asFailure, Failure, failure, type Sentence } from '../base/failure.ts'
import { type Actor, actorFields, causeBeside, type Log } from '../base/log.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import { namesThatSignIn } from '../mailboxes/sender-policy.ts'
import { type Address, keyed } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { explained, seenReply } from '../providers/errors/explained.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../providers/provider.ts'
import type { MailboxStore } from '../store/ports.ts'
import { isPositive, type Reply, wordsOf } from '../wire/reply.ts'
import { lossAsFailure, type ProviderConnection, quit } from './connection.ts'
import type { Dial } from './dial.ts'
import { createOpener, OpeningFailed } from './open-signed-in.ts'
import type { Relay } from './relay.ts'
import type { ReachServer, ServerLookStep } from './server-look.ts'

/** What a message goes through at the provider's side, in order. */
export type TestMessageStep = 'token' | ServerLookStep | 'sign-in' | 'sender' | 'recipient' | 'message'

const beforeSignIn = ['token', 'name', 'connect', 'tls', 'mechanism'] as const

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
 * through the relay like any other, under the same limits. What came of it is logged.
 * @param recipient absent: nothing is sent. It ends when the sender was accepted, on that connection.
 */
export type SendTestMessage = (
  mailbox: Address,
  recipient?: Address,
  asked?: AskedTest,
) => AsyncIterable<StepOutcome>

/** Who wanted it, and as which login. */
export interface AskedTest {
  by?: Actor | undefined
  /** Its user name. */
  login?: string | undefined
}

export interface TestMessageDeps {
  mailboxes: Pick<MailboxStore, 'covering'>
  catalogue: Pick<Catalogue, 'registered'>
  tokens: TokenBroker
  relay: Pick<Relay, 'begin'>
  reachServer: ReachServer
  limits: Pick<Limits, 'upstreamReplySeconds' | 'wholeLoginSeconds'>
  clock: Pick<Clock, 'now' | 'monotonic'>
  log: Log
}

export function createTestMessage(deps: TestMessageDeps): SendTestMessage {
  const { mailboxes, catalogue, limits, clock, log } = deps

  return async function* sendTestMessage(mailbox, recipient, { by, login } = {}) {
    const begun = clock.monotonic()
    let last: StepOutcome | undefined
    try {
      for await (last of stepsOf(mailbox, recipient)) yield last
    } finally {
      const failure = last?.failure
      const fields = {
        mailbox,
        ...(login !== undefined && { login }),
        sender: mailbox,
        recipients: recipient === undefined ? [] : [recipient],
        milliseconds: Math.round(clock.monotonic() - begun),
        ...actorFields(by),
      }
      if (last?.step === 'message' && !failure)
        log.info({ event: 'test-message.sent', ...fields }, 'a test message was sent')
      else if (recipient !== undefined || failure)
        log.warn(
          {
            event: 'test-message.failed',
            ...fields,
            ...(failure && { failure: failure.id, detail: failure.message, [causeBeside]: failure }),
          },
          'a test message was not sent',
        )
    }
  }

  async function* stepsOf(mailbox: Address, recipient: Address | undefined): AsyncGenerator<StepOutcome> {
    const found = await mailboxes.covering(mailbox).catch(asFailure)
    if (found === undefined || found instanceof Failure)
      return yield failed('token', found ?? failure('mailbox.unknown', { mailbox }))
    let step: TestMessageStep = 'token'
    try {
      const provider = catalogue.registered(found.providerId)
      for await (const outcome of signInOn({ ...found, address: mailbox }, provider, recipient)) {
        yield outcome
        if (outcome.failure) return
      }
      step = 'sender'
      if (recipient !== undefined) yield* send(mailbox, recipient, provider)
    } catch (error) {
      yield failed(step, error)
    }
  }

  /**
   * Signs in on a connection of its own, by the rule by which the relay does: what is shown is what
   * a message would have met, and a token that has been refused is replaced.
   */
  async function* signInOn(
    found: Mailbox,
    provider: RegisteredProvider,
    recipient: Address | undefined,
  ): AsyncGenerator<StepOutcome> {
    const steps = new PassThrough({ objectMode: true })
    const told = new Set<TestMessageStep>()
    const tell = (outcome: StepOutcome) => {
      if (!told.has(outcome.step)) steps.write(outcome)
      told.add(outcome.step)
    }
    /** Of the last connection. */
    let fault: StepOutcome | undefined
    const dial: Dial = async (_, signal) => {
      const reaching = deps.reachServer(provider, signal)
      for (;;) {
        const next = await reaching.next()
        if (!next.done && next.value.failure) fault = next.value
        else if (!next.done) tell(next.value)
        else if (next.value) return next.value
        else throw fault?.failure
      }
    }
    const names = namesThatSignIn(found)
    const reached = (stage: TestMessageStep) => stage === 'token' && tell({ step: stage })
    const asked = { mailbox: found.address, provider, names, secondTry: true, reached }
    const opening = createOpener({ ...deps, dial })(asked, new AbortController().signal).catch(
      (error: unknown) => error as OpeningFailed,
    )
    void opening.then(() => steps.end())
    yield* steps
    const opened = await opening
    if (opened instanceof OpeningFailed) {
      if (fault?.failure === opened.failure) return yield fault
      return yield failed(beforeSignIn.find((step) => !told.has(step)) ?? 'sign-in', opened.failure)
    }
    try {
      yield { step: 'sign-in', said: opened.mechanism }
      // Others need SMTPUTF8, which says nothing about the sender.
      if (recipient === undefined && /^[\x21-\x7e]+$/.test(found.address))
        yield await senderOn(opened.connection, found.address, provider)
    } finally {
      await quit(opened.connection)
    }
  }

  /** Whether the sender is accepted, of a message that is not sent. */
  async function senderOn(
    connection: ProviderConnection,
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
