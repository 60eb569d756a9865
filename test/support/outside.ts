import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { searchPath } from './peer.ts'

export interface Outside {
  /** Whoever has the network of this process meets it all on loopback. */
  pid: number
  /** A mailbox with a login, whose owner consents; `command` is the `postern` that is asked. */
  consent(address: string, command: readonly string[]): Promise<string>
  /** By the login of that mailbox. Gives what the provider got. */
  send(port: number, subject: string): Promise<{ account: string; raw: string }[]>
  close(): Promise<void>
}

const program = resolve(import.meta.dirname, 'outside.js')

/**
 * The provider, whoever consents and legacy software, on a loopback where nothing of this machine's network is seen.
 * @param network that of another process, by its id; or a new one
 * @param folder where `providers.json` and `ca.pem` are written
 */
export async function openOutside(
  network: number | 'new',
  folder: string,
  webPort: number,
): Promise<Outside> {
  const words = [process.execPath, program, folder, `${webPort}`]
  const inside =
    network === 'new'
      ? ['unshare', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...words]
      : ['nsenter', '--target', `${network}`, '--net', '--', ...words]
  const [name = '', ...rest] = inside
  const child = spawn(name, rest, {
    env: { ...process.env, PATH: searchPath },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await answerOf(child)
  async function ask<T>(name: string, question: object): Promise<T> {
    child.send({ ask: name, question })
    return answerOf(child)
  }
  return {
    pid: child.pid ?? 0,
    consent: (address, command) => ask('consent', { address, command }),
    send: (port, subject) => ask('send', { port, subject }),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  try {
    const [said] = await Promise.race([
      once(child, 'message', { signal: ended.signal }),
      once(child, 'close', { signal: ended.signal }).then(([code]) => [{ failed: `it ended with ${code}` }]),
    ])
    if ('failed' in said) throw new Error(said.failed)
    return said.answer
  } finally {
    ended.abort()
  }
}
