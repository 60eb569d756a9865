import {
  completeAddress,
  mailboxForSender,
  mayReceive,
  refusalWithAdvice,
  type Submitter,
} from '../mailboxes/sender-policy.ts'
import type { AddressKey, KeyedAddress } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { isSentTo, type MailCommand, type RecipientCommand } from '../wire/envelope.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { type GivenMail, type GivenRecipient, needsUtf8 } from './command.ts'
import { isAscii, type ParameterFlaw } from './command-arguments.ts'
import { inGroup, relayedReply, replies, senderRefused } from './replies.ts'
import { type Answer, answer, bad, pass, refusalsIn } from './session-events.ts'

/** MAIL, RCPT and DATA of one session: the transaction before its message. */
export class Envelope {
  readonly #limits: EnvelopeLimits
  readonly #capabilities: (mailbox: AddressKey) => RelayCapabilities
  readonly #limitsOf: (by: Submitter) => SendingLimits | undefined
  #open: OpenEnvelope | undefined
  /** Recipients for the provider, and between them our own replies. */
  #run: (readonly RecipientCommand[] | Reply)[] = []
  /** How many recipients are in it. */
  #gathered = 0

  constructor(
    limits: EnvelopeLimits,
    capabilities: (mailbox: AddressKey) => RelayCapabilities,
    limitsOf: (by: Submitter) => SendingLimits | undefined,
  ) {
    this.#limits = limits
    this.#capabilities = capabilities
    this.#limitsOf = limitsOf
  }

  isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Recipients of a pipelined run are gathered, to be sent together. */
  isGathering(): boolean {
    return this.#run.length > 0
  }

  mail(by: Submitter, { mail, senderFlaw, parameterFlaws, dropped }: GivenMail): Answer {
    if (this.#open !== undefined) return bad(replies.mailAlready)
    const sender = completeAddress(by.mending, mail.sender)
    const flaw = sender === mail.sender ? senderFlaw?.reply : undefined
    if (flaw !== undefined && !by.rewriteSender) return answer(flaw)
    const verdict = mailboxForSender(by, mail.sender)
    if (!verdict.allowed) {
      const { message, fix } = refusalWithAdvice(verdict.refusal, by, sender)
      return { ...answer(senderRefused(message, fix)), refused: { sender, reason: message } }
    }
    if (flaw !== undefined && verdict.sender === mail.sender && !isAscii(mail.sender)) return answer(flaw)
    const its = this.#capabilities(verdict.mailbox.key)
    const refused = refusalOf(parameterFlaws, its)
    if (refused !== undefined) return answer(refused)
    if (wantsUtf8(mail) && !its.smtpUtf8) return answer(replies.utf8NotHere)
    const size = mail.parameters.find(({ keyword }) => keyword === 'SIZE')?.value
    const limit = messageLimit(this.#limits, its, this.#limitsOf(by))
    if (limit !== undefined && Number(size ?? 0) > limit) return answer(replies.tooLarge)
    this.#open = {
      mailbox: verdict.mailbox,
      mail: sentAs(verdict.sender, changesSize(by) ? withoutSize(mail) : mail),
      givenSender: verdict.sender === mail.sender ? undefined : mail.sender,
      limit,
      begun: false,
      asked: false,
      accepted: 0,
    }
    return { replies: [replies.senderAccepted], dropped }
  }

  recipient(by: Submitter, { recipient, further = [], parameterFlaws, dropped }: GivenRecipient): Answer {
    const commands = [recipient, ...further]
    if (this.#open === undefined) return bad(replies.mailFirst)
    this.#open.asked = true
    if (this.#open.over !== undefined) return pass(this.#open.over)
    if (!wantsUtf8(this.#open.mail) && !commands.every((command) => isAscii(command.recipient))) {
      return this.refuseRecipient(needsUtf8)
    }
    const refused = refusalOf(parameterFlaws, this.#capabilities(this.#open.mailbox.key))
    if (refused !== undefined) return this.refuseRecipient(refused)
    const bounds = this.#limitsOf(by)
    if (bounds !== undefined && !commands.every((one) => mayReceive(bounds, one.recipient))) {
      return this.#refuseForeign(commands)
    }
    if (this.#open.accepted + this.#gathered + commands.length > this.#limits.recipientsPerMessage) {
      return this.refuseRecipient(replies.tooManyRecipients)
    }
    this.#run.push(commands)
    this.#gathered += commands.length
    return { replies: [], dropped }
  }

  /** Refuses a recipient that the login may not send to. */
  #refuseForeign(commands: readonly RecipientCommand[]): Answer {
    const { replies: said } = this.refuseRecipient(replies.recipientRefused)
    const { mailbox, mail } = this.#open as OpenEnvelope
    const about = { mailbox: mailbox.address, sender: mail.sender, recipients: commands }
    return { replies: said, refusedRecipients: about }
  }

  /** Refuses a recipient, in its place in the run. */
  refuseRecipient(reply: Reply): Answer {
    if (this.#run.length === 0) return answer(reply)
    this.#run.push(reply)
    return { replies: [], ...refusalsIn(reply) }
  }

  /** Ends the run: gives what is to be sent to the provider. */
  endRun(): Answer {
    const recipients = this.#run.filter(isCommand).flat()
    if (this.#open === undefined || recipients.length === 0) return { replies: [] }
    if (this.#open.begun) return { replies: [], next: { do: 'add-recipients', recipients } }
    const { mailbox, mail, givenSender } = this.#open
    return { replies: [], next: { do: 'begin', mailbox, mail, givenSender, recipients } }
  }

  recipientsAnswered(answers: readonly Reply[], stillOpen: boolean): Answer {
    const relayed = answers.map(relayedReply)
    const last = relayed.at(-1)
    if (this.#open !== undefined) {
      this.#open.begun = stillOpen
      this.#open.accepted += answers.filter(isPositive).length
      if (!stillOpen && last !== undefined) this.#open.over = last
    }
    const torn = this.#tornCommand(answers)
    const answered = this.#emptyRun((index) => relayed[index] ?? replies.messageLost)
    // Recipients that were accepted cannot be withdrawn, so the message is sent to none.
    if (this.#open !== undefined && torn !== undefined)
      this.#open.over ??= answered[torn] ?? replies.messageLost
    return { replies: answered }
  }

  /** The provider's side failed, for the run or for DATA. */
  failed(reply: Reply): Answer {
    if (this.#open !== undefined) {
      this.#open.begun = false
      this.#open.over = reply
    }
    return { replies: this.#run.length === 0 ? [reply] : this.#emptyRun(() => reply) }
  }

  data(): Answer {
    if (this.#open === undefined) return bad(replies.mailFirst)
    if (!this.#open.asked) return bad(replies.recipientFirst)
    if (this.#open.accepted === 0) return pass(replies.noRecipients)
    if (this.#open.over !== undefined) return pass(this.#open.over)
    return { replies: [], next: { do: 'promise' } }
  }

  /** Answers DATA with 354, once the provider's connection is kept for the client. */
  promised(): Answer {
    return { replies: [replies.sendMessage], next: { do: 'message', limit: this.#open?.limit } }
  }

  /** The index in the run of a command whose recipients were accepted only in part. */
  #tornCommand(answers: readonly Reply[]): number | undefined {
    let recipients = 0
    const torn = this.#run.findIndex((entry) => {
      if (!isCommand(entry)) return false
      const its = answers.slice(recipients, recipients + entry.length)
      recipients += entry.length
      return its.some(isPositive) && !its.every(isPositive)
    })
    return torn === -1 ? undefined : torn
  }

  /** One reply for each entry of the run, in order; `answerTo` gives those of the provider. */
  #emptyRun(answerTo: (index: number) => Reply): Reply[] {
    let recipients = 0
    const answers = this.#run.map((entry) =>
      isCommand(entry)
        ? replyTogether(
            entry,
            entry.map(() => answerTo(recipients++)),
          )
        : entry,
    )
    this.#run = []
    this.#gathered = 0
    return answers
  }
}

interface OpenEnvelope {
  mailbox: KeyedAddress
  mail: MailCommand
  givenSender: string | undefined
  /** Of its message, in octets. */
  limit: number | undefined
  begun: boolean
  asked: boolean
  accepted: number
  /** The transaction has ended at the provider: this is the reply to the commands that follow. */
  over?: Reply
}

type EnvelopeLimits = Pick<Limits, 'messageOctets' | 'heldOctets' | 'recipientsPerMessage'>

/**
 * One reply for the recipients of one command: if one is refused, all are, because a client takes a
 * positive reply for all of them.
 */
function replyTogether(commands: readonly RecipientCommand[], answers: readonly Reply[]): Reply {
  const [first = replies.messageLost] = answers
  const refusal = answers.findIndex((reply) => !isPositive(reply))
  const reply = answers[refusal]
  if (reply === undefined || commands.length === 1) return reply ?? first
  return inGroup(reply, commands[refusal]?.recipient ?? '')
}

/**
 * The first flaw that matters. A parameter that is not sent to this provider need not be valid,
 * except those about the message itself.
 */
function refusalOf(flaws: readonly ParameterFlaw[], its: RelayCapabilities): Reply | undefined {
  return flaws.find(({ keyword }) => aboutMessage.has(keyword) || isSentTo(its, keyword))?.reply
}

/** RFC 6152 and RFC 6531. */
const aboutMessage: ReadonlySet<string> = new Set(['BODY', 'SMTPUTF8'])

/**
 * The smaller of our own limit and the provider's, in octets (RFC 1870); undefined without either.
 */
export function messageLimit(
  limits: Pick<Limits, 'messageOctets' | 'heldOctets'>,
  capabilities: Pick<RelayCapabilities, 'size'>,
  bounds: SendingLimits | undefined,
): number | undefined {
  const held = bounds?.needsApproval ? limits.heldOctets : 0
  const known = [limits.messageOctets, capabilities.size ?? 0, held].filter((octets) => octets > 0)
  return known.length === 0 ? undefined : Math.min(...known)
}

/**
 * The MAIL command with the sender that policy decided. SMTPUTF8 stays, because it speaks for the
 * header too, where the client's own sender may still stand (RFC 6531, section 3.4); a new sender
 * may need it where the old one did not.
 */
function sentAs(sender: string, mail: MailCommand): MailCommand {
  if (sender === mail.sender) return mail
  const { parameters } = mail
  const needed = isAscii(sender) || wantsUtf8(mail) ? [] : [{ keyword: 'SMTPUTF8' }]
  return { sender, parameters: [...parameters, ...needed] }
}

function changesSize({ mending }: Submitter): boolean {
  return mending?.rewriteFrom === true || mending?.mendLineEnds === true
}

/**
 * Mending changes the size of a message, and a provider may enforce the announced size (RFC 1870,
 * section 6.3).
 */
function withoutSize({ sender, parameters }: MailCommand): MailCommand {
  return { sender, parameters: parameters.filter(({ keyword }) => keyword !== 'SIZE') }
}

function wantsUtf8(mail: MailCommand): boolean {
  return mail.parameters.some(({ keyword }) => keyword === 'SMTPUTF8')
}

function isCommand(entry: readonly RecipientCommand[] | Reply): entry is readonly RecipientCommand[] {
  return Array.isArray(entry)
}
