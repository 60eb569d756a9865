import type { Clock } from '../base/clock.ts'
import { type Log, recipientsBeside } from '../base/log.ts'
import { printable } from '../base/text.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import { sourceOf } from '../net/ip.ts'
import type { Reply } from '../wire/reply.ts'
import { isProxyHeader, proxyAdvice } from './proxy-header.ts'
import { replies } from './replies.ts'
import type { OwnRefusal, RefusedRecipients, RefusedSender } from './session-events.ts'

/**
 * Logs what postern refuses by itself, one line each, so that an operator finds out why a device is
 * not served. Refusals that are alike are logged a few times in a minute and then counted, so a
 * flood of them does not fill the log.
 */
export interface RefusalLog {
  note(refusal: Refusal): void
  /** Logs the counts that are still open. */
  close(): void
}

export interface Refusal {
  /** Refusals of one source with the same reason are alike. */
  why: string
  /** `source`: the address of the client. */
  fields: { event: string; source: string }
  message: string
}

const windowMilliseconds = 60_000
/** For one source and one reason. */
const mostAlike = 5
const mostInAll = 120

interface Alike {
  logged: number
  more: number
  last: Refusal
}

export function createRefusalLog(log: Log, clock: Pick<Clock, 'monotonic'>): RefusalLog {
  const alike = new Map<string, Alike>()
  /** Refusals beyond `mostInAll`, by event. */
  const others = new Map<string, number>()
  let since = 0
  let logged = 0
  let timer: NodeJS.Timeout | undefined

  function say({ fields, message }: Refusal, more?: number): void {
    log.warn(more === undefined ? fields : { ...fields, more }, message)
  }

  /** Logs the counts and forgets them: what is kept is bounded by what was logged in a minute. */
  function sumUp(): void {
    clearTimeout(timer)
    timer = undefined
    for (const { last, more } of alike.values()) if (more > 0) say(last, more)
    for (const [event, more] of others) log.warn({ event, more }, 'refused')
    alike.clear()
    others.clear()
    logged = 0
  }

  function begin(): void {
    if (alike.size > 0 && clock.monotonic() - since >= windowMilliseconds) sumUp()
    if (alike.size === 0) since = clock.monotonic()
  }

  return {
    note(refusal) {
      begin()
      const { event, source } = refusal.fields
      const key = [event, sourceOf(source).key, refusal.why].join('\n')
      const known = alike.get(key)
      if (logged < mostInAll && (known === undefined || known.logged < mostAlike)) {
        logged += 1
        alike.set(key, { logged: (known?.logged ?? 0) + 1, more: 0, last: refusal })
        return say(refusal)
      }
      timer ??= setTimeout(sumUp, windowMilliseconds).unref()
      if (known === undefined) others.set(event, (others.get(event) ?? 0) + 1)
      else alike.set(key, { ...known, more: known.more + 1, last: refusal })
    },
    close: sumUp,
  }
}

/** A connection that was refused before its first command. */
export function connectionRefused(client: string, reply: Reply, about: object = {}): Refusal {
  const fields = { event: 'connection.refused', source: client, ...replyFields(reply), ...about }
  return { why: fields.reply, fields, message: 'connection refused' }
}

/**
 * Input behind STARTTLS in the clear (RFC 3207, section 4.2). The connection is closed without a
 * reply.
 */
export function injected(client: string): Refusal {
  const message = 'commands came behind STARTTLS without waiting for TLS'
  return { why: message, fields: { event: 'connection.refused', source: client }, message }
}

export function commandRefused(
  client: string,
  submitter: Submitter | undefined,
  { reply, command }: OwnRefusal,
): Refusal {
  const about = { event: 'command.refused', source: client, ...whose(submitter), ...replyFields(reply) }
  const fields = { ...about, ...(command !== undefined && { command, ...adviceFor(command) }) }
  return { why: `${about.login ?? ''}\n${about.reply}`, fields, message: 'command refused' }
}

export function senderRefused(
  client: string,
  submitter: Submitter | undefined,
  { sender, reason: detail }: RefusedSender,
): Refusal {
  const about = { event: 'sender.refused', source: client, ...whose(submitter) }
  const fields = { ...about, sender: printable(sender, 254), detail }
  return { why: `${about.login ?? ''}\n${detail}`, fields, message: 'sender refused' }
}

/** Those recipients that the login may not send to; they stand beside the line. */
export function recipientsRefused(
  client: string,
  submitter: Submitter | undefined,
  { mailbox, sender, recipients: asked }: RefusedRecipients,
): Refusal {
  const login = submitter?.userName
  const about = { event: 'recipient.refused', source: client, ...(login !== undefined && { login }) }
  const fields = {
    ...about,
    ...{ mailbox, sender: printable(sender, 254) },
    [recipientsBeside]: { asked, replies: asked.map(() => replies.recipientRefused) },
  }
  return { why: login ?? '', fields, message: 'recipient refused' }
}

function whose(submitter: Submitter | undefined): {
  login?: string
  mailbox?: string
  mailboxes?: readonly string[]
} {
  if (submitter === undefined) return {}
  const login = submitter.userName
  const [mailbox, ...others] = submitter.mailboxes.map(({ address }) => address)
  if (mailbox === undefined) return { login }
  // With several mailboxes, it is not known which one would have sent.
  return others.length === 0 ? { login, mailbox } : { login, mailboxes: [mailbox, ...others] }
}

function replyFields({ code, lines }: Reply): { code: number; reply: string } {
  return { code, reply: printable(lines[0], 200) }
}

function adviceFor(command: string): { fix?: string } {
  return isProxyHeader(Buffer.from(command)) ? { fix: proxyAdvice } : {}
}

/**
 * Logs the parameters of MAIL and RCPT that are unknown here, and so not sent on to the provider.
 */
export interface DroppedParameters {
  /** Logs each keyword once, up to a limit. */
  note(client: string, keywords: readonly string[]): void
}

/** Clients use a few of them; a hundred is abuse. */
const mostKeywords = 100
const mostLetters = 40

export function createDroppedParameters(log: Log): DroppedParameters {
  const logged = new Set<string>()
  return {
    note(client, keywords) {
      for (const keyword of keywords) {
        const parameter = keyword.slice(0, mostLetters)
        if (logged.size >= mostKeywords || logged.has(parameter)) continue
        logged.add(parameter)
        log.debug({ source: client, parameter }, 'a parameter of a client is not passed on')
      }
    },
  }
}
