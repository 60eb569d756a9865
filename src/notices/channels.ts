import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { type Address, keyed } from '../model/address.ts'
import type { HttpFetch } from '../net/http-fetch.ts'
import { NetworkFailure } from '../net/network-failure.ts'
import { endProgram } from '../system/end-program.ts'
import type { Relay } from '../upstream/relay.ts'
import { isPositive, statusOf } from '../wire/reply.ts'
import { type Channel, type Notice, type NotifyCommand, noticeAsJson } from './notices.ts'

/*
 * The channels by which notices reach people: a signed webhook, a mail through a mailbox of
 * postern, a command of the administrator.
 */

interface WebhookChannelDeps {
  url: URL
  secret: Secret
  fetch: HttpFetch
  clock: Pick<Clock, 'now'>
}

/**
 * A signed POST, as Standard Webhooks (standardwebhooks.com) has it: the receiver takes
 * `webhook-id`, `webhook-timestamp` and the body, each followed by a dot but the last, and compares
 * the HMAC-SHA256 of that with `webhook-signature`.
 */
export function createWebhookChannel({ url, secret, fetch, clock }: WebhookChannelDeps): Channel {
  const key = signingKey(secret)
  return {
    name: 'webhook',
    async deliver(notice, id) {
      const now = clock.now()
      const body = noticeAsJson(notice, id, now)
      const timestamp = String(Math.floor(now / 1000))
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      }
      const status = await postTo(url, fetch, headers, body)
      if (status < 200 || status > 299) throw webhookRefused(url, status)
    },
  }
}

async function postTo(
  url: URL,
  fetch: HttpFetch,
  headers: Record<string, string>,
  body: string,
): Promise<number> {
  try {
    return (await fetch(url.href, { method: 'POST', headers, body })).status
  } catch (error) {
    throw webhookUnreached(url, error)
  }
}

/**
 * Shows the message of a network failure only: other texts may name the whole address, in which
 * webhooks often carry a secret.
 */
function webhookUnreached({ host }: URL, error: unknown): Failure {
  if (!(error instanceof NetworkFailure)) return failure('notice.webhook-unreached', { host })
  const isSetUp = error.code === 'provider-setup'
  const id = isSetUp ? 'notice.webhook-set-up-wrong' : 'notice.webhook-unreachable'
  return failure(id, { host, reason: error })
}

function webhookRefused({ host }: URL, status: number): Failure {
  return failure('notice.webhook-refused', { host, status })
}

/** As the scheme writes its keys, `whsec_` and base64; any other text counts as it is. */
function signingKey(secret: Secret): Buffer {
  const text = secret.reveal()
  return text.startsWith('whsec_') ? Buffer.from(text.slice(6), 'base64') : Buffer.from(text)
}

interface MailChannelDeps {
  /** A mailbox of postern. */
  from: Address
  to: readonly Address[]
  relay: Pick<Relay, 'begin'>
}

/** A mail through a mailbox of postern, under the same limits as everybody's. */
export function createMailChannel({ from, to, relay }: MailChannelDeps): Channel {
  return {
    name: 'mail',
    async deliver(notice, id) {
      const message = await compose(notice, { from, to, id })
      const mail = { sender: from, parameters: [] }
      const recipients = to.map((recipient) => ({ recipient, parameters: [] }))
      const { replies, transaction } = await relay.begin(keyed(from), mail, recipients, 'postern')
      const refused = replies.find((reply) => !isPositive(reply))
      if (!transaction || replies.every((reply) => !isPositive(reply))) {
        await transaction?.reset()
        throw mailNotTaken(from, refused ? statusOf(refused) : 'no reply')
      }
      const final = await transaction.send(onePart(message))
      if (!isPositive(final)) throw mailNotTaken(from, statusOf(final))
    },
  }
}

/** The message as a client of SMTP would send it, its dots stuffed (RFC 5321, section 4.5.2). */
async function compose(
  { title, text, consentLink, approvalLink }: Notice,
  { from, to, id }: { from: Address; to: readonly Address[]; id: string },
): Promise<Buffer> {
  // A mail library is needed for this alone.
  const { createTransport } = await import('nodemailer')
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const once = consentLink ?? approvalLink
  const link = once && `${once.url.reveal()}\n\nThe link works once, until ${once.expiresAt}.`
  const { message } = await composer.sendMail({
    from: { name: 'postern', address: from },
    to: [...to],
    subject: `postern: ${title}`,
    text: [text, link].filter((part) => part !== undefined).join('\n\n'),
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // RFC 3834, section 5: no vacation responder answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
  const whole = Buffer.from(message as Buffer).toString('latin1')
  const ended = whole.endsWith('\r\n') ? whole : `${whole}\r\n`
  return Buffer.from(ended.replace(/^\./gm, '..'), 'latin1')
}

async function* onePart(message: Buffer): AsyncIterable<Buffer> {
  yield message
}

function mailNotTaken(from: Address, status: string): Failure {
  return failure('notice.mail-not-taken', { mailbox: from, status })
}

interface CommandChannelDeps {
  command: NotifyCommand
  clock: Pick<Clock, 'now'>
  timeoutSeconds: number
  /** Where it is; the system's own by default. */
  shell?: string | true
}

/**
 * Runs the administrator's command with the notice as JSON on its standard input: arguments and
 * environment are for everybody on the machine to see. What it prints is not looked at, because it
 * may repeat the link.
 */
export function createCommandChannel({
  command,
  clock,
  timeoutSeconds,
  shell = true,
}: CommandChannelDeps): Channel {
  return {
    name: 'command',
    async deliver(notice, id) {
      const child = spawn(command.line.reveal(), {
        shell,
        env: { ...command.environment },
        stdio: ['pipe', 'ignore', 'ignore'],
        windowsHide: true,
      })
      // Not spawn's own limit: its timer outlives a command that could not be started, and holds up the end of the process.
      const impatience = setTimeout(() => endProgram(child), timeoutSeconds * 1000)
      // A command that does not read has closed its end.
      child.stdin.on('error', () => {})
      child.stdin.end(noticeAsJson(notice, id, clock.now()))
      const [code, signal] = await ended(child).finally(() => clearTimeout(impatience))
      if (code !== 0) throw commandFailed(code, signal, timeoutSeconds)
    },
  }
}

async function ended(child: ReturnType<typeof spawn>): Promise<[number | null, string | null]> {
  try {
    return (await once(child, 'close')) as [number | null, string | null]
  } catch (cause) {
    throw failure('notice.command-not-started', { cause })
  }
}

function commandFailed(code: number | null, signal: string | null, timeoutSeconds: number): Failure {
  if (code === null) return failure('notice.command-ended', { signal: `${signal}`, seconds: timeoutSeconds })
  return failure('notice.command-failed', { status: code, seconds: timeoutSeconds })
}
