import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { Answers } from '../api/answers.ts'
import { operations } from '../api/operations.ts'
import { asFailure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { Context } from './context.ts'
import { type AskedBy, askApi } from './send.ts'

const help = `
Speaks the Model Context Protocol on standard input and output, for a program that starts it: an agent gets three tools, and no more. It sends as the
API key allows, is told what is refused and why, and can approve nothing. Give it a key of its own, with limits:

  postern api-key add --scope send:billing@example.com --recipient "*@example.com" --rate 20/hour --approve

Example:
  POSTERN_API_KEY=… postern mcp`

/** `postern mcp` */
export function addMcpVerb(program: Command, context: Context): void {
  program
    .command('mcp')
    .description('lets an agent send messages, by the Model Context Protocol')
    .option('--key-file <path>', 'a file with an API key (scope send:ADDRESS), instead of POSTERN_API_KEY')
    .option('--url <url>', 'where postern answers to API keys')
    .addHelpText('after', help)
    .action(async (by: AskedBy, command: Command) => {
      if (!hasKey(context, by))
        command.error('error: postern mcp needs an API key, by POSTERN_API_KEY or by --key-file with a file')
      await serve(context, by, command.parent?.version() ?? '')
    })
}

/** Without a key other verbs ask as the owner of the data directory, who may send whatever there is to send. */
function hasKey({ environment }: Context, { keyFile = environment.apiKey ?? '' }: AskedBy): boolean {
  // Standard input is the agent's.
  return keyFile !== '' && keyFile !== '-'
}

/** A message with its attachments may be as large as the API takes one. */
const longestLine = 64 * 1024 * 1024

/** Until standard input ends. */
async function serve(context: Context, by: AskedBy, version: string): Promise<void> {
  const [{ McpServer }, { serveStdio, StdioServerTransport }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('@modelcontextprotocol/server/stdio'),
  ])
  const { stdin, stdout, stderr } = context.terminal
  // The library hangs up when its input ends. What was asked before that is answered first.
  const [input, output] = [new PassThrough(), new PassThrough()]
  const unanswered = new Unanswered()
  const message = operations['POST /messages'].body

  const told = (work: () => Promise<ToolAnswer>): Promise<ToolAnswer> => work().catch(refused)
  const toldOfSending = (work: () => Promise<ToolAnswer>): Promise<ToolAnswer> => work().catch(notSent)

  function post(asked: object, query: string): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const body = Buffer.from(JSON.stringify(asked))
    return askApi(context, by, { method: 'POST', path: `/messages${query}`, headers, body })
  }

  const handle = serveStdio(
    () => {
      const server = new McpServer({ name: 'postern', version }, { instructions })
      server.registerTool(
        'send',
        {
          title: 'Send a message',
          description:
            'Sends an e-mail message now. The answer says what the mail provider said, or that the message is held until a person has approved it. Call what_may_i_do first: it names the senders and recipients that are allowed.',
          inputSchema: message,
          annotations: { destructiveHint: true, idempotentHint: false, openWorldHint: true },
        },
        (asked) =>
          toldOfSending(async () => sentWords((await post(asText(asked), '')) as Answers['HandedInMessage'])),
      )
      server.registerTool(
        'dry_run',
        {
          title: 'Try a message without sending it',
          description:
            'Checks a message as send would, sends nothing, and says what would happen: whether its sender and recipients are allowed, whether it would be held for approval, and what is left of the limits.',
          inputSchema: message,
          annotations: { readOnlyHint: true },
        },
        (asked) => told(async () => json(await post(asText(asked), '?dryRun=true'))),
      )
      server.registerTool(
        'what_may_i_do',
        {
          title: 'List what this key may do',
          description:
            'Lists the mailboxes that this key may send from, the recipients it may send to, its limits and what is left of them, and whether a person has to approve its messages.',
          annotations: { readOnlyHint: true },
        },
        () => told(async () => json(await askApi(context, by, { method: 'GET', path: '/self' }))),
      )
      return server
    },
    {
      transport: new StdioServerTransport(input, output, { maxBufferSize: longestLine }),
      // What cannot be read is of no call, so nobody could be answered.
      onerror: (error) => stderr.write(`postern: ${printable(error.message, 300)}\n`),
    },
  )
  const written = pipeline(output, (lines) => unanswered.answered(lines), stdout, { end: false })
  await pipeline(stdin, (lines) => unanswered.asked(lines), input, { end: false }).catch(() => {})
  await Promise.race([unanswered.none(), written.catch(() => {})])
  await handle.close()
  output.end()
  await written.catch(() => {})
}

/** Requests (JSON-RPC 2.0) that have come and have no answer yet. */
class Unanswered {
  readonly #ids = new Set<unknown>()
  #whenNone = () => {}

  async *asked(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const line of wholeLines(lines)) {
      const { id, method } = objectIn(line)
      if (id !== undefined && method !== undefined) this.#ids.add(id)
      yield line
    }
  }

  async *answered(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const line of wholeLines(lines)) {
      yield line
      const { id, method } = objectIn(line)
      if (method === undefined) this.#ids.delete(id)
      if (this.#ids.size === 0) this.#whenNone()
    }
  }

  async none(): Promise<void> {
    if (this.#ids.size > 0) await new Promise<void>((resolve) => (this.#whenNone = resolve))
  }
}

/** Each with its line end; what is behind the last one comes as it is. */
async function* wholeLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  for await (const piece of pieces) {
    let from = 0
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, from)) {
      yield Buffer.concat([...parts, piece.subarray(from, end + 1)])
      parts = []
      from = end + 1
    }
    if (from < piece.length) parts.push(piece.subarray(from))
    if (parts.reduce((sum, part) => sum + part.length, 0) > longestLine) return
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}

function objectIn(line: Buffer): { id?: unknown; method?: unknown } {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

const instructions =
  'Sends e-mail through postern, with the rights of one API key. Ask what_may_i_do before the first message. A message may be held until a person has approved it: then say so, with its id, and do not send it again. Nothing here can approve a message or widen what the key may do: only the people who run postern can.'

interface ToolAnswer {
  [member: string]: unknown
  content: { type: 'text'; text: string }[]
  isError?: boolean
}

function text(words: string): ToolAnswer {
  return { content: [{ type: 'text', text: words }] }
}

function json(answer: unknown): ToolAnswer {
  return text(JSON.stringify(answer, undefined, 2))
}

/** What is wrong, and what to do about it. */
function refused(error: unknown): ToolAnswer {
  const { id, message, fix, retryAfterSeconds } = asFailure(error)
  const later =
    retryAfterSeconds === undefined ? '' : ` Try again in ${retryAfterSeconds} seconds at the earliest.`
  const what = fix === undefined ? '' : ` What to do: ${fix}`
  return { ...text(`${message}.${what}${later} (${id})`), isError: true }
}

function notSent(error: unknown): ToolAnswer {
  const { id, code, message, cause } = asFailure(error)
  const isSilent = id === 'command.broker-silent' && !isUnreached(cause)
  if (code === 'outcome-unknown' || code === 'internal' || isSilent) {
    const doubt = `It is not known whether the message was sent: ${message}. Do not send it again before somebody has looked`
    return { ...text(`${doubt}. (${id})`), isError: true }
  }
  const { content, ...rest } = refused(error)
  return { ...rest, content: content.map((one) => ({ ...one, text: `Not sent: ${one.text}` })) }
}

/** Nobody was there to take anything. */
function isUnreached(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)
}

function sentWords(answer: Answers['HandedInMessage']): ToolAnswer {
  if ('state' in answer) {
    const { id, endsAt } = answer
    return text(
      `Not sent yet: held for approval as ${id}. It leaves when a person has approved it, until ${endsAt}; they have been told where notices are set up, and see it on postern's pages. Tell your user its id. Do not send it again.`,
    )
  }
  const { accepted, refused: not, reply, queueId, mailbox } = answer
  const names = accepted.map(({ recipient }) => recipient).join(', ')
  const queued = queueId === undefined ? '' : `, queue id ${queueId}`
  const others = not.map(
    (one) => `\nRefused for ${one.recipient}: ${one.reply.code} ${printable(one.reply.text, 300)}`,
  )
  return text(
    `Sent from ${mailbox} to ${names}. The provider said: ${reply.code} ${printable(reply.text, 300)}${queued}.${others.join('')}`,
  )
}

/** As it is sent: attachments are base64 again. */
function asText({ attachments, ...rest }: ReadMessage): object {
  return {
    ...rest,
    ...(attachments && {
      attachments: attachments.map(({ content, ...one }) => ({
        ...one,
        content: content.toString('base64'),
      })),
    }),
  }
}

type ReadMessage = ReturnType<(typeof operations)['POST /messages']['body']['parse']>
