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

/** Writes rows as aligned columns under a heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const written = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return written.map((line) => `${line.trimEnd()}\n`).join('')
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
