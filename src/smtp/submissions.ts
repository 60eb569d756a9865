import { randomBytes } from 'node:crypto'
import { GoneController } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { asFailure, Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { printable } from '../base/text.ts'
import type { PrincipalSubmitters, SignIns } from '../credentials/sign-ins.ts'
import type { Governors } from '../governor/governor.ts'
import {
  mailboxForSender,
  mayReceive,
  refusalWithAdvice,
  type Submitter,
} from '../mailboxes/sender-policy.ts'
import { keyed } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { Relay } from '../upstream/relay.ts'
import {
  type Hold,
  RecipientsRefused,
  type Rehearsal,
  type Rehearse,
  type SendApproved,
  type Submission,
  type Submit,
  type Submitted,
} from '../upstream/submission.ts'
import { isMailbox, type MailCommand, withLeastQuoting } from '../wire/envelope.ts'
import { createInputBuffer } from '../wire/input-buffer.ts'
import { isPositive } from '../wire/reply.ts'
import type { ClientSocket, Read } from './client-socket.ts'
import { isAscii } from './command-arguments.ts'
import { relayMessage } from './incoming-message.ts'
import { createWork, limitedProgram, type Work } from './provider-side.ts'
import { createRefusalLog, type Refusal, recipientsRefused, senderRefused } from './refusal-log.ts'
import { relayedReply, replies } from './replies.ts'
import { messageLimit } from './session-envelope.ts'
import type { MessageCut, Next, SessionEvent } from './session-events.ts'
import type { ClientState } from './transaction-log.ts'

interface SubmissionDeps {
  relay: Relay
  hold: Hold
  programs: Pick<Governors, 'program'>
  signIns: SignIns & PrincipalSubmitters
  limits: Limits
  log: Log
  clock: Clock
}

/** What comes by HTTP. */
export interface Submissions {
  submit: Submit
  rehearse: Rehearse
}

/**
 * Sends messages that come by HTTP, each as the one transaction of a session: its octets go through
 * the same scanner, which knows a single end of data and refuses a bare CR or LF.
 */
export function createSubmissions(deps: SubmissionDeps): Submissions {
  const { relay, hold, signIns, limits, log, clock, programs } = deps
  const refusals = createRefusalLog(log, clock)

  return { submit, rehearse }

  async function submit(submission: Submission): Promise<Submitted> {
    const { by, source: address, gone } = submission
    const submitter = await signIns.submitterOf(by, submission.sender)
    const session = `http-${randomBytes(5).toString('hex')}`
    const client: ClientState = { address, session, transactions: 0, submitter, warned: true }
    const begin = beginOf(submission, submitter, (refusal, noted) => {
      if (noted) refusals.note(noted)
      throw refusal
    })
    const { work, accepted } = await begun(begin)
    if (accepted.every(({ reply }) => !isPositive(reply))) {
      await work.providerSide.giveUp()
      return { mailbox: begin.mailbox.address, recipients: accepted }
    }
    const outcome = await sentBy(work, begin)
    const { held } = outcome
    const mailbox = begin.mailbox.address
    return {
      mailbox,
      recipients: accepted,
      reply: relayedReply(outcome),
      ...(held !== undefined && { held }),
    }

    async function begun(
      next: Next & { do: 'begin' },
    ): Promise<{ work: Work; accepted: Submitted['recipients'] }> {
      const nothing = () => {}
      const work = createWork({ relay, hold, signIns, limits, log, clock, refusals }, client, {
        authenticated: nothing,
        signedIn: nothing,
      })
      const answered = await work.providerSide.begin(next, { gone, inGroups: false })
      const { replies } = wanted(answered, 'recipients-answered')
      const accepted = next.recipients.flatMap(({ recipient }, index) => {
        const reply = replies[index]
        return reply === undefined ? [] : [{ recipient, reply: relayedReply(reply) }]
      })
      return { work, accepted }
    }

    /** The provider's reply to the message. */
    async function sentBy(work: Work, { mailbox }: Next & { do: 'begin' }) {
      try {
        await submission.leaving?.()
      } catch (error) {
        await work.providerSide.giveUp()
        throw error
      }
      wanted(work.providerSide.promise(), 'promised')
      const limit = messageLimit(limits, relay.capabilities(mailbox.key), signIns.limitsOf(submitter))
      const over = await relayMessage({
        client: clientOf(submission),
        input: createInputBuffer(),
        work,
        limits,
        limit,
        mendLineEnds: false,
        clock,
        watch: (leaving) => watched(gone, leaving),
      })
      if (over === undefined) throw failure('sending.broken-off')
      const { outcome } = wanted(over, 'message-over')
      if (outcome.kind === 'answered') return outcome.reply
      throw outcome.kind === 'failed' ? outcome.failure : cutFailure(outcome.cut, limit)
    }
  }

  async function rehearse(submission: Parameters<Rehearse>[0]): Promise<Rehearsal> {
    const { by, source, sender, octets } = submission
    const submitter = await signIns.submitterOf(by, sender)
    const problems: Failure[] = []
    const bounds = signIns.limitsOf(submitter)
    const begin = whole(() => beginOf(submission, submitter, (refusal) => void problems.push(refusal)))
    const limit = begin && messageLimit(limits, relay.capabilities(begin.mailbox.key), bounds)
    const { size, isTorn } = await measured(octets, limit ?? mostMeasured)
    if (isTorn) problems.push(failure('sending.bare-line-end'))
    const program = bounds && limitedProgram(submitter, bounds)
    const counted = program && (await programs.program(program))
    const known = {
      size,
      needsApproval: bounds?.needsApproval === true,
      ...(counted && { use: counted.use() }),
      problems,
    }
    if (begin === undefined) {
      const recipients = submission.recipients.map((recipient) => ({ recipient }))
      return { ...known, recipients }
    }
    const { mailbox, mail, givenSender } = begin
    const isKnown = submission.size !== undefined && submission.size > (limit ?? 0)
    if (limit !== undefined && size > limit && !isKnown)
      problems.push(failure('sending.too-large', { limit }))
    try {
      await signIns.revalidate(submitter, { mailbox, sender: mail.sender, givenSender }, source)
    } catch (refusal) {
      problems.push(asFailure(refusal))
    }
    const usedUp = await counted?.wouldRefuse(begin.recipients.length)
    if (usedUp) problems.push(usedUp)
    return {
      ...known,
      mailbox: mailbox.address,
      sender: mail.sender,
      ...(givenSender !== undefined && { givenSender }),
      recipients: begin.recipients.map(({ recipient }) => ({
        recipient,
        ...(bounds && !mayReceive(bounds, recipient) && { refusal: foreign(submitter, [recipient]) }),
      })),
      ...(limit !== undefined && { sizeLimit: limit }),
    }
  }

  /**
   * The envelope as it leaves.
   * @param refuse is given what is wrong with it: throws, or lets the next be looked at
   */
  function beginOf(
    submission: Parameters<Rehearse>[0],
    submitter: Submitter,
    refuse: (refusal: Failure, noted?: Refusal) => void,
  ): Next & { do: 'begin' } {
    const { source: address, recipients: given, size } = submission
    const sender = withLeastQuoting(submission.sender)
    const verdict = mailboxForSender(submitter, sender)
    if (!verdict.allowed) {
      const refusal = new Failure(refusalWithAdvice(verdict.refusal, submitter, sender))
      refuse(refusal, senderRefused(address, submitter, { sender, reason: refusal.message }))
      throw refusal
    }
    const noAddress = (one: string) => {
      if (!isMailbox(one)) refuse(failure('sending.no-address', { address: printable(one, 254) }))
    }
    if (verdict.sender !== '') noAddress(verdict.sender)
    const its = relay.capabilities(verdict.mailbox.key)
    const recipients = [...new Set(given.map(withLeastQuoting))]
    for (const recipient of recipients) noAddress(recipient)
    const bounds = signIns.limitsOf(submitter)
    const strange = bounds ? recipients.filter((recipient) => !mayReceive(bounds, recipient)) : []
    if (strange.length > 0) {
      const asked = strange.map((recipient) => ({ recipient, parameters: [] }))
      const about = { mailbox: verdict.mailbox.address, sender: verdict.sender, recipients: asked }
      refuse(foreign(submitter, strange), recipientsRefused(address, submitter, about))
    }
    const most = limits.recipientsPerMessage
    if (recipients.length > most) refuse(failure('sending.too-many-recipients', { most }))
    const utf8 = submission.utf8 || ![verdict.sender, ...recipients].every(isAscii)
    if (utf8 && !its.smtpUtf8) refuse(failure('sending.utf8-not-offered'))
    const limit = messageLimit(limits, its, bounds)
    if (limit !== undefined && size !== undefined && size > limit)
      refuse(failure('sending.too-large', { limit }))
    const mail: MailCommand = {
      sender: verdict.sender,
      parameters: [
        ...(size === undefined ? [] : [{ keyword: 'SIZE', value: String(size) }]),
        { keyword: 'BODY', value: '8BITMIME' },
        ...(utf8 ? [{ keyword: 'SMTPUTF8' }] : []),
      ],
    }
    return {
      do: 'begin',
      mailbox: verdict.mailbox,
      mail,
      givenSender: verdict.sender === sender ? undefined : sender,
      recipients: recipients.map((recipient) => ({ recipient, parameters: [] })),
    }
  }
}

function foreign({ userName }: Submitter, recipients: readonly string[]): RecipientsRefused {
  return new RecipientsRefused(userName, recipients)
}

/** Undefined where a sender that may not be used left nothing to look at. */
function whole<Value>(make: () => Value): Value | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}

/** Where no limit is known. */
const mostMeasured = 256 * 1024 * 1024

/** How large it is, as far as it may be, and whether a CR or an LF stands alone in it. */
async function measured(
  octets: AsyncIterable<Buffer>,
  most: number,
): Promise<{ size: number; isTorn: boolean }> {
  let size = 0
  let isTorn = false
  let wasReturn = false
  for await (const piece of octets) {
    size += piece.length
    if (size > most) return { size, isTorn }
    if (isTorn || piece.length === 0) continue
    const text = piece.toString('latin1')
    isTorn = wasReturn !== text.startsWith('\n') || /\r(?!\n|$)|(?<!\r|^)\n/.test(text)
    wasReturn = text.endsWith('\r')
  }
  return { size, isTorn: isTorn || wasReturn }
}

/** Sends messages that were held until somebody approved them, as they were held. */
export function createApprovedSubmissions(deps: Omit<SubmissionDeps, 'hold' | 'programs'>): SendApproved {
  const { signIns, log, clock } = deps
  const refusals = createRefusalLog(log, clock)
  // Whoever approved it may have gone: that takes nothing back.
  const gone = new GoneController()

  return async ({ message, octets, leaving }) => {
    const { id, owner, envelope } = message
    const { mailbox: address, mail, givenSender, recipients, source } = envelope
    const submitter = await signIns.submitterNow(credentialOf(owner), source)
    const bounds = signIns.limitsOf(submitter)
    const foreign = bounds ? recipients.filter(({ recipient }) => !mayReceive(bounds, recipient)) : []
    if (foreign.length > 0)
      throw new RecipientsRefused(
        submitter.userName,
        foreign.map(({ recipient }) => recipient),
      )
    const client = { address: source, session: `held-${id}`, transactions: 0, submitter, warned: true }
    const { record, providerSide } = createWork({ ...deps, hold: 'approved', refusals }, client, {
      authenticated() {},
      signedIn() {},
    })
    const next = { do: 'begin', mailbox: keyed(address), mail, givenSender, recipients } as const
    const begun = wanted(await providerSide.begin(next, { gone, inGroups: false }), 'recipients-answered')
    const answered = recipients.map(({ recipient }, index) => {
      const reply = begun.replies[index] ?? replies.messageLost
      return { recipient, reply: relayedReply(reply) }
    })
    const isWanted = answered.some(({ reply }) => isPositive(reply))
    try {
      if (isWanted) await leaving()
    } catch (error) {
      await providerSide.giveUp()
      throw error
    }
    if (!isWanted) {
      await providerSide.giveUp()
      return { mailbox: address, recipients: answered }
    }
    wanted(providerSide.promise(), 'promised')
    const outcome = await providerSide.send(octets, gone)
    record.message(outcome, undefined, message.octets)
    if (outcome.kind !== 'answered')
      throw outcome.kind === 'failed' ? outcome.failure : failure('sending.broken-off')
    return { mailbox: address, recipients: answered, reply: relayedReply(outcome.reply) }
  }
}

function credentialOf(owner: string): { login: string } | { apiKey: string } {
  const [kind, id = ''] = owner.split(' ')
  return kind === 'login' ? { login: id } : { apiKey: id }
}

function wanted<Kind extends SessionEvent['kind']>(
  event: SessionEvent,
  kind: Kind,
): SessionEvent & { kind: Kind } {
  if (event.kind === 'failed') throw event.failure
  if (event.kind !== kind) throw failure('sending.no-transaction')
  return event as SessionEvent & { kind: Kind }
}

function cutFailure(cut: MessageCut, limit: number | undefined): Failure {
  if (cut === 'bare-newline') return failure('sending.bare-line-end')
  return cut === 'too-large'
    ? failure('sending.too-large', { limit: limit ?? 0 })
    : failure('sending.broken-off')
}

/** Ends the wait for the provider as a client that disconnects does. */
function watched(gone: Submission['gone'], leaving: GoneController): () => void {
  const leave = () => leaving.abort()
  if (gone.aborted) leave()
  gone.addEventListener('abort', leave)
  return () => gone.removeEventListener('abort', leave)
}

/** What reads a message from the octets as from a client that sends it behind DATA. */
function clientOf({
  octets,
}: Submission): Pick<ClientSocket, 'read' | 'receive' | 'setDeadline' | 'liftDeadline'> {
  const pieces = asData(octets)
  async function read(): Promise<Read> {
    try {
      const next = await pieces.next()
      return next.done ? { kind: 'ended' } : { kind: 'octets', octets: next.value }
    } catch {
      return { kind: 'ended' }
    }
  }
  return {
    read,
    async receive(take) {
      for (;;) {
        const next = await read()
        if (next.kind !== 'octets') return next
        const goesOn = take(next.octets)
        if (goesOn === false) return undefined
        await goesOn
      }
    },
    setDeadline() {},
    liftDeadline() {},
  }
}

const [lf, dot] = [0x0a, 0x2e]

/** With dots stuffed (RFC 5321, section 4.5.2), and the end of data behind the last octet. */
async function* asData(octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  let before = lf
  for await (const piece of octets) {
    if (piece.length === 0) continue
    const parts: Buffer[] = []
    let from = 0
    for (let at = piece.indexOf(dot); at !== -1; at = piece.indexOf(dot, at + 1)) {
      if ((at === 0 ? before : piece[at - 1]) !== lf) continue
      parts.push(piece.subarray(from, at), oneDot)
      from = at
    }
    before = piece[piece.length - 1] as number
    yield parts.length === 0 ? piece : Buffer.concat([...parts, piece.subarray(from)])
  }
  yield Buffer.from(before === lf ? '.\r\n' : '\r\n.\r\n')
  return undefined
}

const oneDot = Buffer.from('.')
