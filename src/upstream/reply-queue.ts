import type { Reply } from '../wire/reply.ts'
import { createReplyParser, type ParsedReply, type ReplyLimits } from '../wire/reply-parser.ts'
import type { ConnectionLost, Ending } from './connection-lost.ts'

/** The replies that a provider owes us, first asked, first answered. */
export interface ReplyQueue {
  /** So many more replies are owed. Each may take `seconds` from the moment that the one before it came. */
  expect(seconds: number, replies: number): Promise<Reply>[]
  /** What came from the provider. */
  take(octets: Buffer): void
  /** Nothing more will come: rejects all that is awaited. */
  fail(lost: ConnectionLost): void
  /** Whether a reply has begun that nobody asked for. */
  unread(): boolean
  /** The provider has said 421: it will close. */
  readonly leaving: boolean
}

export interface QueueTrouble {
  broken(ending: Ending, message: string): void
  /** Nobody had asked for this reply. */
  unasked(reply: Reply): void
}

interface Awaited {
  seconds: number
  resolve(reply: Reply): void
  reject(lost: ConnectionLost): void
}

export function createReplyQueue(limits: ReplyLimits, trouble: QueueTrouble): ReplyQueue {
  const parser = createReplyParser(limits)
  const awaited: Awaited[] = []
  let leaving = false
  const timers = new Map<number, NodeJS.Timeout>()

  /** For the reply that is awaited first. A timer for each length that is in use, set anew each time: a new one for each reply would cost ten times as much. */
  function startTimer(): void {
    const seconds = awaited[0]?.seconds
    if (seconds === undefined) return
    const known = timers.get(seconds)
    if (known) known.refresh()
    else timers.set(seconds, setTimeout(late, seconds * 1000, seconds).unref())
  }

  /** One that nobody set anew may end while another reply is awaited, or none. */
  function late(seconds: number): void {
    if (awaited[0]?.seconds === seconds) trouble.broken('timed-out', `no reply within ${seconds} seconds`)
  }

  /** False when nothing behind it may be read any more. */
  function deliver(item: ParsedReply, behind: ParsedReply | undefined): boolean {
    if (item.kind === 'protocol-error') {
      trouble.broken('protocol', item.reason)
      return false
    }
    // One that says yes and is followed at once by another is not to be trusted: which of the two is the answer?
    if (awaited.length === 1 && item.reply.code < 400 && isMoreThanGoodbye(behind)) {
      trouble.broken('protocol', 'more replies came than were asked for')
      return false
    }
    if (item.reply.code === 421) leaving = true
    const next = awaited.shift()
    if (next) next.resolve(item.reply)
    else trouble.unasked(item.reply)
    startTimer()
    return next !== undefined
  }

  return {
    expect(seconds, replies) {
      const owed = Array.from({ length: replies }, () => {
        const reply = new Promise<Reply>((resolve, reject) => awaited.push({ seconds, resolve, reject }))
        // Whoever asked for several may stop listening at the first that fails.
        reply.catch(() => {})
        return reply
      })
      if (awaited.length === replies) startTimer()
      return owed
    },
    take(octets) {
      const parsed = parser.push(octets)
      parsed.every((item, index) => deliver(item, parsed[index + 1]))
    },
    fail(lost) {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
      for (const { reject } of awaited.splice(0)) reject(lost)
    },
    unread: () => awaited.length === 0 && parser.pending(),
    get leaving() {
      return leaving
    },
  }
}

function isMoreThanGoodbye(behind: ParsedReply | undefined): boolean {
  return behind !== undefined && (behind.kind === 'protocol-error' || behind.reply.code !== 421)
}
