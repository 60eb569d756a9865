import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FailureCode } from '../../src/base/failure.ts'
import type { MessageOctets, Relay, RelayCapabilities, Transaction } from '../../src/upstream/relay.ts'
import type { Parameter, RecipientCommand } from '../../src/wire/envelope.ts'
import { isPositive, type Reply, say } from '../../src/wire/reply.ts'
import { failureAs } from './made-failure.ts'

/** A provider's side that answers as it was told to and writes down what it was asked. */
export interface RecordingRelay extends Relay {
  /** What was asked, in order: `VERIFY`, `MAIL`, `RCPT`, `MESSAGE`, `RESET`. */
  asked: string[]
  /** The whole messages that arrived. */
  messages: Buffer[]
  /** Answers for what will be asked, in order; with none left, everything is accepted. `MAIL` before a reply refuses the sender. */
  answers: ScriptedAnswer[]
  offer: RelayCapabilities
}

export type ScriptedAnswer =
  | Reply
  | { fails: FailureCode }
  | { refusesMail: Reply }
  | { refusesUnread: Reply }

/** As the relay does it: what a large message goes on with is handed over, and is ours during the call only. */
async function collect(message: MessageOctets, pieces: Buffer[]): Promise<void> {
  const source = message[Symbol.asyncIterator]()
  let octets = 0
  for (let next = await source.next(); !next.done; next = await source.next()) {
    pieces.push(next.value)
    octets += next.value.length
    if (octets > 65_536 && source.handOver !== undefined)
      await source.handOver((piece) => {
        pieces.push(Buffer.from(piece))
        // Sometimes there is no room at once.
        return piece.length % 3 === 0 ? nextTurn() : undefined
      })
  }
}

export function createRecordingRelay(): RecordingRelay {
  const asked: string[] = []
  const messages: Buffer[] = []
  const answers: ScriptedAnswer[] = []
  const offer: RelayCapabilities = {
    size: 1000,
    eightBitMime: true,
    smtpUtf8: true,
    dsn: true,
    enhancedStatusCodes: true,
  }

  const transaction: Transaction = {
    async recipients(commands) {
      failIfTold()
      return answerRecipients(commands)
    },

    promise() {},

    async send(message) {
      failIfTold()
      const [first] = answers
      if (first !== undefined && 'refusesUnread' in first) {
        answers.shift()
        asked.push('DATA')
        return first.refusesUnread
      }
      const pieces: Buffer[] = []
      try {
        await collect(message, pieces)
      } catch (error) {
        asked.push('CUT')
        throw error
      }
      const whole = Buffer.concat(pieces)
      asked.push(`MESSAGE ${JSON.stringify(whole.toString('latin1'))}`)
      const reply = nextReply(say(250, '2.0.0 Message accepted'))
      if (isPositive(reply)) messages.push(whole)
      return reply
    },

    async reset() {
      asked.push('RESET')
    },
  }

  return {
    asked,
    messages,
    answers,
    offer,
    refreshCapabilities: async () => {},
    capabilities: () => offer,
    tryNow: async () => {},
    drain: () => {},
    close: async () => {},
    pauses: async () => [],
    state: async () => ({
      connections: { open: 0, inUse: 0, allowed: 1, limit: 1 },
      waiting: 0,
      messagesLastMinute: 0,
      recipientsLastDay: 0,
      pauses: [],
    }),

    async verify(mailbox) {
      asked.push(`VERIFY ${mailbox.address}`)
      failIfTold()
    },

    states: () => [],

    async begin(mailbox, mail, recipients) {
      asked.push(`MAIL ${mailbox.address} <${mail.sender}>${written(mail.parameters)}`)
      failIfTold()
      const [first] = answers
      if (first !== undefined && 'refusesMail' in first) {
        answers.shift()
        return { replies: recipients.map(() => first.refusesMail) }
      }
      return { replies: answerRecipients(recipients), transaction }
    },
  }

  function failIfTold(): void {
    const [first] = answers
    if (first === undefined || !('fails' in first)) return
    answers.shift()
    throw failureAs(first.fails, 'told to fail')
  }

  function answerRecipients(recipients: readonly RecipientCommand[]): Reply[] {
    // One line for one call, so that a transcript shows what left together.
    asked.push(
      recipients.map((command) => `RCPT <${command.recipient}>${written(command.parameters)}`).join(' '),
    )
    return recipients.map(() => nextReply(say(250, '2.1.5 Recipient ok')))
  }

  function nextReply(otherwise: Reply): Reply {
    const answer = answers.shift()
    return answer !== undefined && 'code' in answer ? answer : otherwise
  }
}

function written(parameters: readonly Parameter[]): string {
  return parameters
    .map(({ keyword, value }) => ` ${keyword}${value === undefined ? '' : `=${value}`}`)
    .join('')
}
