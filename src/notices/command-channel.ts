import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { NotifyCommand } from '../config/config.ts'
import { type Channel, noticeAsJson } from './notice.ts'

export interface CommandChannelNeeds {
  command: NotifyCommand
  clock: Pick<Clock, 'now'>
  timeoutSeconds: number
}

/**
 * Runs the administrator's command with the notice as JSON on its standard input: arguments and environment are for everybody on the machine to see.
 * What it prints is not looked at, because it may repeat the link.
 */
export function createCommandChannel({ command, clock, timeoutSeconds }: CommandChannelNeeds): Channel {
  return {
    name: 'command',
    async deliver(notice, id) {
      const child = spawn(command.line.reveal(), {
        shell: true,
        env: { ...command.environment },
        stdio: ['pipe', 'ignore', 'ignore'],
        timeout: timeoutSeconds * 1000,
        killSignal: 'SIGKILL',
      })
      // A command that does not read has closed its end.
      child.stdin.on('error', () => {})
      child.stdin.end(noticeAsJson(notice, id, clock.now()))
      const [code, signal] = await ended(child)
      if (code !== 0) throw failed(code, signal, timeoutSeconds)
    },
  }
}

async function ended(child: ReturnType<typeof spawn>): Promise<[number | null, string | null]> {
  try {
    return (await once(child, 'close')) as [number | null, string | null]
  } catch (cause) {
    throw new Failure('configuration', 'POSTERN_NOTIFY_COMMAND cannot be started', {
      cause,
      fix: 'Check that a shell is installed and that postern may run programs.',
    })
  }
}

function failed(code: number | null, signal: string | null, timeoutSeconds: number): Failure {
  const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`
  return new Failure('provider-unavailable', `POSTERN_NOTIFY_COMMAND ${how}`, {
    fix: `Run it by hand with a JSON text on its standard input; it has ${timeoutSeconds} seconds and must end with 0.`,
  })
}
