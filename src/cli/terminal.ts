import { readFile } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { asFailure, Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { doubtOfFile } from '../store/file-trust.ts'
import { MistakenSettings } from './mistaken-settings.ts'

/** Where a command reads and writes. */
export interface Terminal {
  stdin: Readable
  stdout: Writable
  stderr: Writable
}

/** Writes rows as aligned columns under a heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const written = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return written.map((line) => `${line.trimEnd()}\n`).join('')
}

/** A failure as a person or a program reads it: what is wrong, and what to do. */
export function describeFailure(error: unknown, json: boolean): string {
  const { code, message, fix, retryAfterSeconds } = asFailure(error)
  if (!json) return `postern: ${message}\n${fix === undefined ? '' : `  Fix: ${fix}\n`}`
  const described = {
    code,
    message,
    ...(fix !== undefined && { fix }),
    ...(error instanceof MistakenSettings && { mistakes: error.mistakes }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
  return `${JSON.stringify({ error: described })}\n`
}

/**
 * A secret from a file, or from standard input for `-`; one newline at its end does not belong to it. Never from an argument, which every
 * user of the machine can see.
 * @throws Failure `invalid`
 */
export async function readSecret(from: string, { stdin, stderr }: Terminal): Promise<Secret> {
  const doubt = from === '-' ? undefined : doubtOfFile(from, { isPublic: false, isForeign: false })
  // What they have read cannot be taken back, and a new secret in a file that is as open would not be one either.
  if (doubt !== undefined) stderr.write(`postern: ${from} ${doubt.problem}. ${doubt.fix}.\n`)
  const text = await (from === '-' ? readAll(stdin) : readSecretFile(from))
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw new Failure('invalid', `${from === '-' ? 'Standard input' : from} is empty`)
  return new Secret(secret)
}

async function readSecretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new Failure('invalid', `${path} cannot be read (${reason})`, { cause: error })
  }
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
