import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { request as requestSealed } from 'node:https'
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { Answers } from '../api/answers.ts'
import { failure } from '../base/failure.ts'
import { localTimestamp } from '../base/local-time.ts'
import { printable } from '../base/text.ts'
import type { Context } from './context.ts'
import { findRunning } from './reach-broker.ts'
import { failureTold } from './remote-broker.ts'
import { collect, exitCodes } from './terminal.ts'

interface SendOptions {
  from?: string
  to?: string[]
  cc?: string[]
  bcc?: string[]
  subject?: string
  text?: string
  html?: string
  file?: string
  attach?: string[]
  header?: string[]
  idempotencyKey?: string
  dryRun?: boolean
  keyFile?: string
  url?: string
}

/** `postern send` */
export function addSendVerb(program: Command, context: Context): void {
  program
    .command('send')
    .description('send a message')
    .option('--from <address>', 'who sends it; with --file without it, as its From says')
    .option(
      '--to <address>',
      'who gets it (repeatable); with --file without it, who its header names',
      collect,
    )
    .option('--cc <address>', 'who gets a copy (repeatable)', collect)
    .option('--bcc <address>', 'who gets a copy that the others do not know of (repeatable)', collect)
    .option('--subject <text>', 'what it is about')
    .option('--text <text>', 'what it says; - reads standard input')
    .option('--html <html>', 'the same as HTML; - reads standard input')
    .option('--file <path>', 'a whole message instead, as .eml; - reads standard input')
    .option('--attach <path>', 'a file to go with it (repeatable)', collect)
    .option('--header <field>', 'a further field, as "Name: value" (repeatable)', collect)
    .option('--idempotency-key <key>', 'a repeat with the same key sends nothing a second time')
    .option('--dry-run', 'say what would come of it; nothing is sent or counted')
    .option('--key-file <path>', 'a file with an API key (scope send:ADDRESS), instead of the data directory')
    .option('--url <url>', 'where postern answers to API keys')
    .addHelpText('after', help)
    .action(async (options: SendOptions, command: Command) => {
      const message = await messageOf(options, context)
      if (options.dryRun) {
        const dryRun = await dryRunBy(context, options, message)
        const [problem] = dryRun.problems
        if (problem) context.exitCode = exitCodes[problem.code]
        return context.tell(command, dryRun, dryRunWords(dryRun))
      }
      const sent = await sendBy(context, options, message)
      if ('state' in sent) {
        const words = `Held for approval as ${sent.id}, until ${localTimestamp(sent.endsAt)}: it leaves when a person has approved it.\n`
        return context.tell(command, sent, words)
      }
      const { accepted, refused, reply } = sent
      const names = accepted.map(({ recipient }) => recipient).join(', ')
      const words = [
        `Sent to ${names} (${reply.code} ${printable(reply.text, 300)}).\n`,
        ...refused.map(
          (one) => `Refused for ${one.recipient}: ${one.reply.code} ${printable(one.reply.text, 300)}.\n`,
        ),
      ]
      if (refused.length > 0) context.exitCode = 1
      context.tell(command, sent, words.join(''))
    })
}

const help = `
Exits with 1 when a recipient is refused, and with 75 when it is to be tried again later; with --dry-run as it would without.

Examples:
  postern send --from billing@example.com --to you@example.net --subject Invoice --text "See the attachment." --attach invoice.pdf
  postern send --file message.eml
  postern send --file message.eml --dry-run`

/** @throws Failure `invalid` */
async function messageOf(options: SendOptions, context: Context): Promise<Outgoing> {
  const { file, idempotencyKey: key } = options
  const inputs = [options.text, options.html, file].filter((from) => from === '-')
  if (inputs.length > 1) throw failure('command.bad-usage', { what: 'standard input can be read once' })
  const input = inputs.length > 0 ? await readAll(context.terminal.stdin) : Buffer.alloc(0)
  if (file !== undefined) {
    const octets = file === '-' ? input : await readOctets(file)
    const query = new URLSearchParams()
    if (options.from !== undefined) query.set('from', options.from)
    for (const to of options.to ?? []) query.append('to', to)
    const body = Buffer.from(octets.toString('latin1').replace(/\r\n?|\n/g, '\r\n'), 'latin1')
    return { type: 'message/rfc822', query: `?${query}`, body, key }
  }
  const from = (text: string | undefined) => (text === '-' ? input.toString('utf8') : text)
  const { to, cc, bcc, subject, attach = [], header = [] } = options
  const message = {
    ...{ from: options.from ?? '', to, cc, bcc, subject },
    ...{ text: from(options.text), html: from(options.html) },
    headers: Object.fromEntries(header.map(fieldOf)),
    attachments: await Promise.all(
      attach.map(async (path) => ({
        name: basename(path),
        content: (await readOctets(path)).toString('base64'),
      })),
    ),
  }
  return { type: 'application/json', query: '', body: Buffer.from(JSON.stringify(message)), key }
}

function fieldOf(text: string): [name: string, value: string] {
  const at = text.indexOf(':')
  if (at <= 0) throw failure('command.bad-usage', { what: '--header is written as "Name: value"' })
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

async function readOctets(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw failure('command.file-unreadable', { path, reason, cause: error })
  }
}

export async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer))
  return Buffer.concat(chunks)
}

/** A request to `POST /messages`. */
interface Outgoing {
  type: string
  query: string
  body: Buffer
  /** Idempotency-Key. */
  key?: string | undefined
}

type Sent = Answers['HandedInMessage']

type DryRun = Answers['DryRun']

/** What would come of the message. @throws Failure */
export function dryRunBy(
  context: Context,
  options: { keyFile?: string; url?: string },
  outgoing: Outgoing,
): Promise<DryRun> {
  const query = new URLSearchParams(outgoing.query)
  query.set('dryRun', 'true')
  return sendBy<DryRun>(context, options, { ...outgoing, query: `?${query}` })
}

/** A dry run for people. */
export function dryRunWords(dryRun: DryRun): string {
  const { wouldSend, needsApproval, mailbox, provider, sender, givenSender, size, sizeLimit } = dryRun
  const { limits = {}, mailboxLimits: its } = dryRun
  const instead = givenSender === undefined ? '' : ` in place of ${printable(givenSender, 254)}`
  const approved = needsApproval ? ', when a person has approved it' : ''
  const rows = [
    ['would be sent', wouldSend ? `yes${approved}` : 'no'],
    ...(mailbox === undefined ? [] : [['mailbox', `${mailbox} at ${provider} (consent: ${dryRun.grant})`]]),
    ...(sender === undefined ? [] : [['sender', `${printable(sender, 254) || '<>'}${instead}`]]),
    ...dryRun.recipients.map(({ recipient, why }) => [
      'recipient',
      `${printable(recipient, 254)}: ${why === undefined ? 'allowed' : `refused: ${printable(why, 300)}`}`,
    ]),
    ['size', `${size}${sizeLimit === undefined ? '' : ` of ${sizeLimit}`} octets`],
    ...used('last hour', limits.messagesLastHour, limits.messagesPerHour, 'messages'),
    ...used('last day', limits.recipientsLastDay, limits.recipientsPerDay, 'recipients'),
    ...used('mailbox, last day', its?.recipientsLastDay, its?.recipientsPerDay, 'recipients'),
    ...dryRun.problems.flatMap(({ detail, fix }) => [
      ['problem', `${printable(detail, 300)}.`],
      ...(fix === undefined ? [] : [['fix', printable(fix, 300)]]),
    ]),
  ]
  return rows.map(([name = '', value]) => `${name.padEnd(19)}${value}\n`).join('')
}

function used(name: string, count: number | undefined, most: number | undefined, what: string): string[][] {
  return count === undefined || most === undefined ? [] : [[name, `${count} of ${most} ${what}`]]
}

/** Longer than anything that a provider is waited for, in milliseconds. */
const patience = 900_000

/** With an API key from a file, and where postern answers to it, where the environment says neither. */
export interface AskedBy {
  keyFile?: string
  url?: string
}

/** @throws Failure */
export async function sendBy<Answer = Sent>(
  context: Context,
  by: AskedBy,
  outgoing: Outgoing,
): Promise<Answer> {
  const { type, query, key, body } = outgoing
  const headers = { 'content-type': type, ...(key !== undefined && { 'idempotency-key': key }) }
  const path = `/messages${query}`
  const answer = await askApi(context, by, { method: 'POST', path, headers, body })
  // What comes is what the operation answers by its schema.
  return answer as Answer
}

interface AskedOfApi {
  method: 'GET' | 'POST'
  /** Below `/api/v1`. */
  path: string
  headers?: Readonly<Record<string, string>>
  body?: Buffer
}

/**
 * Asks a running postern by the socket in the data directory; with an API key, by HTTP, for whoever may
 * not read that.
 * @returns the JSON of its answer
 * @throws Failure
 */
export async function askApi(
  context: Context,
  { keyFile, url }: AskedBy,
  { method, path: below, headers: own = {}, body }: AskedOfApi,
): Promise<unknown> {
  const { apiKey, apiUrl = 'http://localhost:8587' } = context.environment
  const key = keyFile === undefined ? apiKey : (await context.secret(keyFile)).reveal()
  const path = `/api/v1${below}`
  const headers = { ...own, ...(body && { 'content-length': body.length }) }
  if (key === undefined) {
    const dataDir = await context.dataDir()
    const found = await findRunning(dataDir)
    if (found.state === 'none') throw failure('command.no-broker', { directory: dataDir })
    if (found.state === 'left-behind') throw failure('command.broker-left-behind', { found: found.found })
    const { address } = found
    const begin = 'socketPath' in address ? request : requestSealed
    const options = { ...address, rejectUnauthorized: true, agent: false as const }
    return answered(
      begin({ ...options, ...{ path, method, headers: { host: 'localhost', ...headers } } }),
      body,
    )
  }
  const target = readUrl(url ?? apiUrl)
  const begin = target.protocol === 'https:' ? requestSealed : request
  const options = {
    method,
    rejectUnauthorized: true,
    headers: { ...headers, authorization: `Bearer ${key}` },
  }
  return answered(begin(new URL(`${target.href.replace(/\/$/, '')}${path}`), options), body)
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw failure('command.bad-usage', { what: `${printable(text, 100)} is no URL of http or https` })
}

async function answered(asking: ReturnType<typeof request>, body: Buffer | undefined): Promise<unknown> {
  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      asking.once('response', resolve)
      asking.on('error', reject)
      asking.setTimeout(patience, () => asking.destroy(new Error('nothing came for fifteen minutes')))
      asking.end(body)
    })
    const text = (await readAll(incoming)).toString('utf8')
    const answer: unknown = JSON.parse(text)
    if (incoming.statusCode === 200 || incoming.statusCode === 202) return answer
    throw failureTold({ detail: `postern answered ${incoming.statusCode}`, ...(answer as object) })
  } catch (error) {
    if (error instanceof Error && 'id' in error) throw error
    throw failure('command.broker-silent', { cause: error })
  }
}
