import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Answers } from '../../api/answers.ts'
import type { HeldStatus } from '../../approvals/approvals.ts'
import { asFailure, Failure, failure, filled } from '../../base/failure.ts'
import { printable } from '../../base/text.ts'
import { type Principal, permits, sendRights } from '../../credentials/scopes.ts'
import type { Mailboxes } from '../../mailboxes/mailboxes.ts'
import {
  RecipientsRefused,
  type Rehearse,
  type Submission,
  type Submit,
  type Submitted,
} from '../../upstream/submission.ts'
import { addressList } from '../../wire/header-addresses.ts'
import { enhancedStatuses, isPositive, isTransient, type Reply } from '../../wire/reply.ts'
import type { WithConsentLink } from '../consent-wanted.ts'
import { HttpRefusal } from '../http-errors.ts'
import type { WebServices } from '../web-services.ts'
import { type ApiRoute, type CallOf, InvalidInput, route } from './api-route.ts'
import { handedIn, type SendOnce } from './send-once.ts'

type Call = CallOf<'POST /messages'>

/** A message as it was handed in, ready to leave. */
type Draft = Pick<Submission, 'sender' | 'recipients' | 'utf8' | 'size' | 'octets'> & {
  messageId: string | undefined
}

type SentMessage = Answers['SentMessage']
type SaidReply = SentMessage['reply']

interface MessageRoutesDeps {
  approvals: WebServices['approvals']
  submit: Submit
  withConsentLink: WithConsentLink
  rehearse: Rehearse
  mailboxes: Pick<Mailboxes, 'show'>
  sendOnce: SendOnce
}

/** `POST /messages`: as JSON, or as it is (`message/rfc822`). */
export function messageRoutes(deps: MessageRoutesDeps): ApiRoute[] {
  const { approvals, submit, rehearse, mailboxes, withConsentLink, sendOnce } = deps
  return [
    route('POST /messages', async (call) => {
      const { incoming, principal } = call
      // Before anything of a message is read for a key that may not.
      requireSender(principal)
      const fingerprint = createHash('sha256').update(JSON.stringify(call.query))
      if (call.query.dryRun === 'true') return { body: await dryRun(call, fingerprint) }
      return sendOnce(
        {
          principal,
          key: incoming.headers['idempotency-key'],
          async restOfFingerprint() {
            for await (const octets of bodyOf(incoming, fingerprint)) void octets
            return fingerprint.digest('hex')
          },
        },
        async (leaving) => {
          const draft = await draftOf(call, fingerprint)
          try {
            return await sent(call, draft, leaving)
          } finally {
            draft.done?.()
          }
        },
        () => fingerprint.digest('hex'),
      )
    }),
    // As to one that is not there: whose messages are held is nobody else's matter.
    route('GET /messages/:id', async ({ param, principal }) => {
      requireSender(principal)
      const held = await (await approvals.opened()).show(param('id'))
      const isOwn = held.apiKey !== undefined && held.apiKey === principal.apiKey
      if (!isOwn && !permits(principal, 'admin'))
        throw failure('approval.unknown', { id: printable(param('id')) })
      return { body: heldMessage(held) }
    }),
    route('GET /approvals', async () => ({
      list: { rows: (await (await approvals.opened()).list()).map(heldMessage) },
    })),
    route('GET /approvals/:id', async ({ param }) => ({
      body: heldMessage(await (await approvals.opened()).show(param('id'))),
    })),
    route('POST /approvals/:id/decisions', async ({ param, body: { decision }, by }) => {
      const open = await approvals.opened()
      const decided = await (decision === 'approve'
        ? open.approve(param('id'), by)
        : open.refuse(param('id'), by))
      return { body: heldMessage(decided) }
    }),
  ]

  /** Neither is an Idempotency-Key looked at, nor one used up. */
  async function dryRun(call: Call, fingerprint: Hash): Promise<Answers['DryRun']> {
    const { principal: by, address: source } = call
    const { messageId: _, done, ...draft } = await draftOf(call, fingerprint)
    try {
      if (draft.recipients.length === 0) throw failure('sending.no-recipients')
      const { dryRunOf } = await import('./dry-run.ts')
      return await dryRunOf(await rehearse({ by, source, ...draft }), mailboxes)
    } finally {
      done?.()
    }
  }

  async function sent(
    { principal, by, address, gone }: Call,
    { messageId, ...draft }: Draft,
    leaving: () => Promise<void>,
  ): Promise<Awaited<ReturnType<SendOnce>>> {
    if (draft.recipients.length === 0) throw failure('sending.no-recipients')
    const submitted = await submit({
      ...{ by: principal, source: address, ...draft },
      ...{ gone: gone(), leaving },
    }).catch(async (error: unknown) => {
      throw refusalOf(error) ?? (await withConsentLink(error, { principal, by }))
    })
    const { held } = submitted
    return handedIn(
      held === undefined
        ? answerOf(submitted, messageId)
        : heldMessage(await (await approvals.opened()).show(held)),
    )
  }
}

function refusalOf(error: unknown): HttpRefusal | undefined {
  if (error instanceof RecipientsRefused)
    return new HttpRefusal(403, error, {}, { accepted: [], refused: error.recipients.map(notAllowed) })
  const isTooLarge = error instanceof Failure && error.id === 'sending.too-large'
  return isTooLarge ? new HttpRefusal(413, error) : undefined
}

/** As an SMTP client is told. */
function notAllowed(recipient: string) {
  const text = 'This login may not send to this recipient'
  return { recipient, reply: { code: 550, enhancedCode: '5.7.1', text } }
}

function heldMessage(held: HeldStatus): Answers['HeldMessage'] {
  return { ...held, url: `/api/v1/messages/${held.id}` }
}

function requireSender({ apiKey, scopes }: Principal): void {
  if (sendRights(scopes).length > 0 || (apiKey === undefined && scopes.includes('admin'))) return
  throw new HttpRefusal(403, filled('sending.no-right'), {
    'WWW-Authenticate': 'Bearer realm="postern", error="insufficient_scope", scope="send:ADDRESS"',
  })
}

/** @throws HttpRefusal with what the provider said, where it took nothing */
function answerOf({ mailbox, recipients, reply }: Submitted, messageId: string | undefined): SentMessage {
  const said = recipients.map((one) => ({ recipient: one.recipient, reply: saidOf(one.reply) }))
  const accepted = said.filter((_, index) => isPositive(recipients[index]?.reply as Reply))
  const refused = said.filter((one) => !accepted.includes(one))
  if (reply !== undefined && isPositive(reply)) {
    const queueId = queueIdOf(textOf(reply))
    return {
      ...(messageId !== undefined && { messageId }),
      mailbox,
      reply: saidOf(reply),
      ...(queueId !== undefined && { queueId }),
      ...{ accepted, refused },
    }
  }
  const replies = reply === undefined ? recipients.map((one) => one.reply) : [reply]
  const words = printable(textOf(replies[0] as Reply), 300)
  const isLater = replies.some(isTransient)
  throw new HttpRefusal(
    isLater ? 503 : 422,
    isLater
      ? filled('sending.provider-later', { reply: words })
      : filled('sending.provider-refused', { reply: words }),
    {},
    { ...(reply !== undefined && { reply: saidOf(reply) }), accepted, refused },
  )
}

function saidOf(reply: Reply): SaidReply {
  const [enhancedCode] = enhancedStatuses(reply)
  return {
    code: reply.code,
    ...(enhancedCode !== undefined && { enhancedCode }),
    text: printable(textOf(reply), 1000),
  }
}

/** Without the enhanced status, which stands in each line. */
function textOf({ lines }: Reply): string {
  const words = lines.map((line) => line.replace(/^[245]\.\d{1,3}\.\d{1,3}(?![\d.]) ?/, ''))
  return Buffer.from(words.join(' '), 'latin1').toString('utf8')
}

/** As Postfix, Exim, Exchange, Gmail, sendmail and others name it. */
function queueIdOf(text: string): string | undefined {
  const forms = [
    /\bqueued as ([\w.-]+)/i,
    /\bid=([\w.-]+)/i,
    /\bInternalId=(\d+)/,
    /(\S+) - gsmtp\b/,
    /(\w{6,}) Message accepted for delivery/i,
  ]
  for (const form of forms) {
    const found = form.exec(text)?.[1]
    if (found !== undefined) return found
  }
  return undefined
}

/* The two forms of a message. */

/** Of what is composed here, each message whole in memory. */
const mostComposed = 48 * 1024 * 1024
const mostComposedAtOnce = 128 * 1024 * 1024
let composedNow = 0

/** `done` is called when it is not needed any more. */
async function draftOf(call: Call, fingerprint: Hash): Promise<Draft & { done?: () => void }> {
  const { incoming } = call
  const { 'content-type': given = '', 'content-encoding': encoding = 'identity' } = incoming.headers
  const type = given.split(';', 1)[0]?.trim().toLowerCase()
  if (encoding !== 'identity') throw new HttpRefusal(415, filled('web.body-encoding'))
  if (type === 'message/rfc822' || type === 'message/global')
    return draftAsIs(call, bodyOf(incoming, fingerprint))
  if (type !== 'application/json') throw new HttpRefusal(415, filled('web.body-no-message'))
  const announced = Number(incoming.headers['content-length'] ?? mostComposed)
  if (announced > mostComposed) throw new HttpRefusal(413, filled('web.body-too-large'))
  if (composedNow + announced > mostComposedAtOnce) throw failure('sending.much-at-once')
  composedNow += announced
  const done = () => {
    composedNow -= announced
  }
  try {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of bodyOf(incoming, fingerprint)) {
      size += chunk.length
      if (size > mostComposed) throw new HttpRefusal(413, filled('web.body-too-large'))
      chunks.push(chunk)
    }
    const { composeMessage } = await import('./composed-message.ts')
    const { octets, ...draft } = await composeMessage(parsed(Buffer.concat(chunks)))
    return { ...draft, size: octets.length, utf8: false, octets: onePart(octets), done }
  } catch (error) {
    done()
    throw error
  }
}

function parsed(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString('utf8'))
  } catch {
    throw new HttpRefusal(400, filled('web.request-unreadable'))
  }
}

async function* onePart(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}

/** The octets of a body. @throws Failure where it breaks off */
async function* bodyOf(incoming: IncomingMessage, fingerprint: Hash): AsyncGenerator<Buffer> {
  try {
    for await (const octets of incoming) {
      fingerprint.update(octets)
      yield octets
    }
  } catch (error) {
    throw error instanceof Failure ? error : failure('sending.broken-off', { cause: asFailure(error) })
  }
  if (!incoming.complete) throw failure('sending.broken-off')
}

const mostHeader = 256 * 1024

/** The message as it is; without its `Bcc:` where the recipients are read from it. */
async function draftAsIs({ query, incoming }: Call, body: AsyncGenerator<Buffer>): Promise<Draft> {
  const { head, rest } = await headOf(body)
  const fields = fieldsOf(head)
  const valuesOf = (name: string) =>
    fields.filter((field) => field.name === name).map(({ line }) => line.slice(line.indexOf(':') + 1))
  const [sender] = valuesOf('from').flatMap(addressesIn)
  const from = query.from ?? sender ?? ''
  const recipients =
    (query.to === undefined ? undefined : [query.to].flat()) ??
    ['to', 'cc', 'bcc'].flatMap((name) => valuesOf(name).flatMap(addressesIn))
  const isHidden = (name: string) => query.to === undefined && name === 'bcc'
  const kept = fields.filter(({ name }) => !isHidden(name)).map(({ line }) => line)
  const sentHead = Buffer.from(kept.join(''), 'latin1')
  const { 'content-length': length } = incoming.headers
  return {
    messageId: valuesOf('message-id')[0]?.trim(),
    sender: from,
    recipients,
    utf8: /[\x80-\xff]/.test(kept.join('')),
    size: length === undefined ? undefined : Number(length) - head.length + sentHead.length,
    octets: joined([sentHead, ...rest], body),
  }
}

async function* joined(first: readonly Buffer[], then: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first
  yield* then
}

/** Up to the empty line, which is left to the rest. */
async function headOf(body: AsyncGenerator<Buffer>): Promise<{ head: Buffer; rest: Buffer[] }> {
  let known = Buffer.alloc(0)
  for (;;) {
    const next = await body.next()
    if (!next.done) known = Buffer.concat([known, next.value])
    const lineEnd = known.indexOf('\n')
    if (lineEnd === 0 || (lineEnd > 0 && known[lineEnd - 1] !== 0x0d)) throw failure('sending.bare-line-end')
    const end = known.indexOf('\r\n') === 0 ? 0 : known.indexOf('\r\n\r\n')
    if (end === 0) return { head: Buffer.alloc(0), rest: [known] }
    if (end > 0) return { head: known.subarray(0, end + 2), rest: [known.subarray(end + 2)] }
    if (next.done) return { head: known, rest: [] }
    if (known.length > mostHeader) throw failure('sending.header-too-long', { most: mostHeader })
  }
}

/** Each field with its line ends, as latin1. */
function fieldsOf(head: Buffer): { name: string; line: string }[] {
  const lines = head.toString('latin1').split(/(?<=\r\n)(?![ \t])/)
  return lines
    .filter((line) => line !== '')
    .map((line) => ({
      line,
      name: line
        .slice(0, Math.max(0, line.indexOf(':')))
        .trim()
        .toLowerCase(),
    }))
}

/** Groups without members hold none. */
function addressesIn(value: string): string[] {
  const text = Buffer.from(value, 'latin1').toString('utf8').replaceAll('\r\n', '')
  return addressList(text).flatMap(({ name, address: one }) => {
    if (one !== '') return [one]
    if (/:$/.test(name.trim())) return []
    throw new InvalidInput([{ member: 'to', message: `${printable(name, 100)} is no address` }])
  })
}
