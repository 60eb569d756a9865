import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { asFailure, Failure, type FailureCode, type FailureId, failure, filled } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { doubtOfFile } from '../store/file-trust.ts'

/** Where a command reads and writes. */
export interface Terminal {
  /** A person who types, where it can be told to show nothing of that. */
  stdin: Readable & { isTTY?: boolean; setRawMode?(on: boolean): unknown }
  /** `columns`: how wide it is, where it is a terminal. */
  stdout: Writable & { columns?: number }
  stderr: Writable & { columns?: number }
}

/** Whether whoever sits at the terminal says yes. A program, which cannot be asked, has decided already. */
export async function confirmed(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  if (!('isTTY' in stdin && stdin.isTTY)) return true
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    const asked = new Promise<string>((resolve) => {
      lines.once('close', () => resolve(''))
      lines.question(`${question} [y/N] `, resolve)
    })
    return /^y(es)?$/i.test((await asked).trim())
  } finally {
    lines.close()
  }
}

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, before: string[] | false = []): string[] {
  // commander gives false when the negation of the option came first.
  return [...(before || []), value]
}

/**
 * Writes rows as aligned columns under a heading. Where they are for a terminal that is too narrow, the wide columns are
 * broken into lines; the first, which is what is typed again, only where nothing else helps.
 */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { columns = Number.POSITIVE_INFINITY }: Pick<Terminal['stdout'], 'columns'>,
): string {
  const all = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  narrow(widths, heading, columns)
  const lines = all.flatMap((row) => {
    const cells = row.map((cell, column) => broken(cell, widths[column] ?? 0))
    const height = Math.max(...cells.map((cell) => cell.length))
    return Array.from({ length: height }, (_, line) =>
      cells.map((cell, column) => (cell[line] ?? '').padEnd(widths[column] ?? 0)).join(gap),
    )
  })
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

const gap = '  '
/** No column is narrower for want of room, nor than a word of its heading. */
const leastWidth = 4

function narrow(widths: number[], heading: readonly string[], columns: number): void {
  const least = heading.map((words) => Math.max(leastWidth, ...words.split(' ').map(({ length }) => length)))
  let tooMuch = widths.reduce((sum, width) => sum + width) + gap.length * (widths.length - 1) - columns
  for (; tooMuch > 0; tooMuch--) {
    const room = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0))
    const others = Math.max(...room.slice(1))
    const widest = others === 0 ? (room[0] ?? 0) : others
    if (widest === 0) return
    widths[others === 0 ? 0 : room.lastIndexOf(widest)] = widest - 1
  }
}

/** Into lines that are so wide at most, at a blank where there is one. */
function broken(cell: string, width: number): string[] {
  const lines: string[] = []
  let rest = cell
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width)
    const end = blank > width / 2 ? blank : width
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}

/** One line that changes while something goes on, for whoever sits there; nothing where nobody does. */
export interface Progress {
  show(words: string): void
  /** The line goes. */
  end(): void
}

export function progressOn({ stderr }: Pick<Terminal, 'stderr'>): Progress {
  if (stderr.columns === undefined) return { show() {}, end() {} }
  const most = stderr.columns - 1
  return {
    show: (words) => void stderr.write(`\r${words.slice(0, most)}\x1b[K`),
    end: () => void stderr.write('\r\x1b[K'),
  }
}

/** How much of a file there is so far. */
export function inMebibytes(octets: number): string {
  return `${(octets / 1_048_576).toFixed(1)} MiB`
}

/**
 * A failure as a person or a program reads it: what is wrong, and what to do.
 * @param withStack for whoever looks for a fault of postern
 */
export function describeFailure(error: unknown, json: boolean, withStack = false): string {
  const described = asFailure(error)
  const { id, code, message, fix, retryAfterSeconds } = described
  const cause = code === 'internal' || id === 'data.unusable' ? causeIn(described) : undefined
  const stack = withStack ? stackOf(described) : undefined
  if (!json) {
    const lines = [
      `postern: ${message}${cause === undefined ? '' : ` (${cause})`}`,
      ...(fix === undefined ? [] : [`  Fix: ${fix}`]),
      ...(code === 'internal' && !withStack ? ['  The same with --debug shows where.'] : []),
      ...(stack === undefined ? [] : [stack]),
    ]
    return `${lines.join('\n')}\n`
  }
  const inJson = {
    failure: id,
    code,
    message,
    ...(fix !== undefined && { fix }),
    ...(error instanceof MistakenSettings && { mistakes: error.mistakes }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(cause !== undefined && { cause }),
    ...(stack !== undefined && { stack }),
  }
  return `${JSON.stringify({ error: inJson })}\n`
}

/** What the system, or Node, calls it. Never its text, which may hold anything. */
function causeIn({ cause }: Failure): string | undefined {
  if (!(cause instanceof Error)) return undefined
  if (cause instanceof Failure) return causeIn(cause)
  const { code, syscall } = cause as NodeJS.ErrnoException
  if (typeof code !== 'string') return cause.name
  return syscall === undefined ? code : `${code}, ${syscall}`
}

function stackOf(failed: Failure): string | undefined {
  const stacks: string[] = []
  for (let error: unknown = failed; error instanceof Error; error = error.cause)
    stacks.push(error.stack ?? error.message)
  return stacks.join('\nbecause of: ')
}

/**
 * A secret from a file, or from standard input for `-`; one newline at its end does not belong to
 * it. Never from an argument, which every user of the machine can see.
 * @throws Failure `invalid`
 */
export async function readSecret(from: string, { stdin, stderr }: Terminal): Promise<Secret> {
  const doubt = from === '-' ? undefined : doubtOfFile(from, { isPublic: false, isForeign: false })
  // What they have read cannot be taken back, and a new secret in a file that is as open would not
  // be one either.
  if (doubt !== undefined)
    stderr.write(`postern: ${from} ${doubt.problem.message}. ${doubt.fix.message}.
`)
  const text = await (from === '-' ? readInput(stdin, stderr) : readTextFile(from))
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw failure('command.input-empty', { from: from === '-' ? 'Standard input' : from })
  return new Secret(secret)
}

/** @throws Failure `invalid` */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw failure('command.file-unreadable', { path, reason, cause: error })
  }
}

async function readInput(stdin: Terminal['stdin'], stderr: Writable): Promise<string> {
  if (!stdin.isTTY || !stdin.setRawMode) return readAll(stdin)
  stderr.write('Secret (nothing of it is shown): ')
  stdin.setRawMode(true)
  try {
    return await readTyped(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

/** One line, with what was typed wrong taken back. Ctrl-C and Ctrl-D give up. */
function readTyped(stdin: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    const done = (text: string) => {
      stdin.off('data', take)
      resolve(text)
    }
    const take = (octets: Buffer) => {
      for (const character of octets.toString('utf8')) {
        if (character === '\r' || character === '\n') return done(typed)
        if (character === '\u0003' || character === '\u0004') return done('')
        typed = character === '\u007f' || character === '\b' ? typed.slice(0, -1) : typed + character
      }
    }
    stdin.on('data', take)
    stdin.once('end', () => done(typed))
    stdin.once('error', reject)
    stdin.resume()
  })
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * After sysexits.h, so that cron and mail programs know what to do: 75 try again later, 78
 * configuration.
 */
export const exitCodes: Record<FailureCode, number> = {
  'wrong-credentials': 1,
  forbidden: 1,
  'sender-refused': 1,
  'consent-needed': 1,
  'provider-unavailable': 75,
  'provider-setup': 1,
  'limit-reached': 75,
  'outcome-unknown': 75,
  invalid: 1,
  'not-found': 1,
  'already-exists': 1,
  'store-unavailable': 75,
  configuration: 78,
  internal: 1,
}

export const usageError = 2

/** What another start may find otherwise, whatever kind of failure it is: nobody has to change a setting for it. */
const passing: readonly FailureId[] = [
  'listen.smtp-in-use',
  'listen.smtp-no-such-address',
  'listen.web-in-use',
  'listen.web-no-such-address',
  'data.in-use',
  // A vault that is away, or asked too early.
  'key.command-failed',
  'key.command-ended',
  'database.busy',
  'database.disk-full',
  'database.disk-fails',
  'database.read-only',
]
const passingCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']

export function exitCodeOf(error: unknown): number {
  const failed = asFailure(error)
  for (let cause: unknown = failed; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Failure && passing.includes(cause.id)) return exitCodes['store-unavailable']
    if (passingCodes.includes((cause as NodeJS.ErrnoException).code)) return exitCodes['store-unavailable']
  }
  return exitCodes[failed.code]
}

/** Settings that postern cannot start with. Each mistake is a sentence without a secret. */
export class MistakenSettings extends Failure {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    const list = mistakes.map((mistake) => `\n  - ${mistake}`).join('')
    const { length: count } = mistakes
    super(
      count === 1
        ? filled('command.mistaken-setting', { list })
        : filled('command.mistaken-settings', { count, list }),
    )
    this.name = 'MistakenSettings'
    this.mistakes = mistakes
  }
}
