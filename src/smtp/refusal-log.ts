import { printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import { sourceOf } from '../net/ip.ts'
import type { Reply } from '../wire/reply.ts'
import { isProxyHeader, proxyAdvice } from './proxy-header.ts'
import type { OwnRefusal, RefusedSender } from './session-events.ts'

/**
 * What postern refuses itself: one line each, so that whoever looks after a device that goes unheard finds out why. Those that are alike are said a few
 * times in a minute, and then how many more they were: nobody fills a log by being refused.
 */
export interface RefusalLog {
  note(refusal: Refusal): void
  /** Says what is still to be said. */
  close(): void
}

interface Refusal {
  /** The same in those of one source that are alike. */
  why: string
  /** `client`: its address. */
  fields: { event: string; client: string }
  message: string
}

const windowMilliseconds = 60_000
/** Of one source, for one reason. */
const mostAlike = 5
const mostInAll = 120

interface Alike {
  said: number
  more: number
  last: Refusal
}

export function createRefusalLog(log: Log, clock: Pick<Clock, 'monotonic'>): RefusalLog {
  const alike = new Map<string, Alike>()
  /** Of those that there was no room for, by event. */
  const others = new Map<string, number>()
  let since = 0
  let said = 0
  let timer: NodeJS.Timeout | undefined

  function say({ fields, message }: Refusal, more?: number): void {
    log.warn(more === undefined ? fields : { ...fields, more }, message)
  }

  /** What is kept of a minute is bounded by what was said in it. */
  function sumUp(): void {
    clearTimeout(timer)
    timer = undefined
    for (const { last, more } of alike.values()) if (more > 0) say(last, more)
    for (const [event, more] of others) log.warn({ event, more }, 'refused')
    alike.clear()
    others.clear()
    said = 0
  }

  function begin(): void {
    if (alike.size > 0 && clock.monotonic() - since >= windowMilliseconds) sumUp()
    if (alike.size === 0) since = clock.monotonic()
  }

  return {
    note(refusal) {
      begin()
      const { event, client } = refusal.fields
      const key = [event, sourceOf(client).key, refusal.why].join('\n')
      const known = alike.get(key)
      if (said < mostInAll && (known === undefined || known.said < mostAlike)) {
        said += 1
        alike.set(key, { said: (known?.said ?? 0) + 1, more: 0, last: refusal })
        return say(refusal)
      }
      timer ??= setTimeout(sumUp, windowMilliseconds).unref()
      if (known === undefined) others.set(event, (others.get(event) ?? 0) + 1)
      else alike.set(key, { ...known, more: known.more + 1, last: refusal })
    },
    close: sumUp,
  }
}

/** Before there was anything to refuse. */
export function connectionRefused(client: string, reply: Reply, about: object = {}): Refusal {
  const fields = { event: 'connection.refused', client, ...said(reply), ...about }
  return { why: fields.reply, fields, message: 'connection refused' }
}

/** RFC 3207, section 4.2: nothing can be said to it any more. */
export function injected(client: string): Refusal {
  const message = 'commands came behind STARTTLS without waiting for TLS'
  return { why: message, fields: { event: 'connection.refused', client }, message }
}

export function commandRefused(
  client: string,
  submitter: Submitter | undefined,
  { reply, command }: OwnRefusal,
): Refusal {
  const about = { event: 'command.refused', client, ...whose(submitter), ...said(reply) }
  const fields = { ...about, ...(command !== undefined && { command, ...adviceFor(command) }) }
  return { why: `${about.login ?? ''}\n${about.reply}`, fields, message: 'command refused' }
}

export function senderRefused(
  client: string,
  submitter: Submitter | undefined,
  { sender, reason: detail }: RefusedSender,
): Refusal {
  const about = { event: 'sender.refused', client, ...whose(submitter) }
  const fields = { ...about, sender: printable(sender, 254), detail }
  return { why: `${about.login ?? ''}\n${detail}`, fields, message: 'sender refused' }
}

function whose(submitter: Submitter | undefined): { login?: string; mailbox?: string } {
  if (submitter === undefined) return {}
  const { userName: login, mailboxes } = submitter
  const [mailbox, ...others] = mailboxes
  // With several, nobody knows through which one it should have left.
  return mailbox === undefined || others.length > 0 ? { login } : { login, mailbox: mailbox.address }
}

function said({ code, lines }: Reply): { code: number; reply: string } {
  return { code, reply: printable(lines[0], 200) }
}

function adviceFor(command: string): { fix?: string } {
  return isProxyHeader(Buffer.from(command)) ? { fix: proxyAdvice } : {}
}

/** The parameters of MAIL and RCPT that nobody here knows: whoever misses what one asks for finds out that it goes no further. */
export interface DroppedParameters {
  /** A line for each keyword that was not there before, until there are too many. */
  note(client: string, keywords: readonly string[]): void
}

/** Programs know a few; a hundred is somebody's game. */
const mostKeywords = 100
const mostLetters = 40

export function createDroppedParameters(log: Log): DroppedParameters {
  const told = new Set<string>()
  return {
    note(client, keywords) {
      for (const keyword of keywords) {
        const parameter = keyword.slice(0, mostLetters)
        if (told.size >= mostKeywords || told.has(parameter)) continue
        told.add(parameter)
        log.debug({ client, parameter }, 'a parameter of a client is not passed on')
      }
    },
  }
}
