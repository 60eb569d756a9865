import { printable } from '../base/address.ts'
import type { Submitter } from '../mailboxes/services.ts'
import type { Reply } from '../wire/reply.ts'
import { isProxyHeader, proxyAdvice } from './proxy-header.ts'
import type { Refusal } from './refusal-log.ts'
import type { OwnRefusal, RefusedSender } from './session-events.ts'

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
