import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Failure, failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { endProgram } from '../system/end-program.ts'

/** A command that prints keys as a key file has them. */
export interface KeyCommand {
  line: Secret
  /** All that it gets. */
  environment: Readonly<Record<string, string>>
}

/** A vault is asked over a network, and may have to wake up. */
const mostSeconds = 30
/** Some hundred keys. */
const mostOctets = 65_536

/**
 * Runs the administrator's command once, by the shell, with nothing on its standard input, and takes
 * the keys that it prints. They are kept nowhere else. What it says on standard error is shown where
 * it fails, and not otherwise.
 * @throws Failure `configuration`
 */
export async function keysFromCommand(
  { line, environment }: KeyCommand,
  areKeys: (text: string) => boolean,
  seconds = mostSeconds,
): Promise<Secret> {
  // A group of its own: what the shell has started ends with it.
  const child = spawn(line.reveal(), {
    shell: true,
    detached: process.platform !== 'win32',
    windowsHide: true,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = collect(child.stdout)
  const complaints = collect(child.stderr)
  const end = () => endProgram(child, { group: true })
  const impatience = setTimeout(end, seconds * 1000)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    if (printed.isTooLong()) throw failure('key.command-no-key', { complaint: '' })
    if (code !== 0) throw failed(code, signal, { seconds, complaint: lastLine(complaints.text()) })
    const keys = printed.text()
    if (!areKeys(keys)) throw failure('key.command-no-key', { complaint: lastLine(complaints.text()) })
    return new Secret(keys)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw failure('key.command-not-started', { cause: error })
    throw error
  } finally {
    clearTimeout(impatience)
  }

  function collect(stream: NodeJS.ReadableStream) {
    const chunks: Buffer[] = []
    let octets = 0
    stream.on('data', (chunk: Buffer) => {
      octets += chunk.length
      if (octets <= mostOctets) chunks.push(chunk)
      else end()
    })
    return { text: () => Buffer.concat(chunks).toString('utf8'), isTooLong: () => octets > mostOctets }
  }
}

function failed(
  code: number | null,
  signal: string | null,
  { seconds, complaint }: { seconds: number; complaint: string },
): Failure {
  if (code === null) return failure('key.command-ended', { signal: `${signal}`, seconds, complaint })
  return failure('key.command-failed', { status: code, complaint })
}

/** In words that follow a sentence. A word that could be a key is left out. */
function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1)?.trim() ?? ''
  const shown = line
    .split(/\s+/)
    .map((word) => (/[\w+/-]{32,}/.test(word) ? '[left out]' : word))
    .join(' ')
  return shown === '' ? '' : `: ${printable(shown, 200)}`
}
