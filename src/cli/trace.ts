import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { Failure, failure } from '../base/failure.ts'
import { localTimestamp } from '../base/local-time.ts'
import type { TraceLine, TraceRequest, TraceStatus } from '../traces/traces.ts'
import type { Context, RunningBroker } from './context.ts'

interface TraceOptions {
  login?: string
  source?: string
  minutes: string
  mask?: boolean
  json?: boolean
}

const help = `
C: is what the client says, S: what postern answers, P> what postern says to the provider, P< what that answers. Passwords, tokens and messages are
left out, so what is printed may be pasted in public; --mask replaces addresses and names as well. It ends by itself, or with Ctrl-C.

Examples:
  postern trace --login scanner
  postern trace --source 192.0.2.7 --minutes 30 --mask > trace.txt`

/** `postern trace` */
export function addTraceVerb(program: Command, context: Context): void {
  program
    .command('trace')
    .description('what one client and postern say to each other, and postern and the provider, from now on')
    .option('--login <user>', 'of the login with this user name, also when its password is wrong')
    .option('--source <address>', 'of what connects from this IP address')
    .option('--minutes <number>', 'for how long (at most 60)', '10')
    .option('--mask', 'replaces addresses and names')
    .addHelpText('after', help)
    .action(async ({ minutes, json: asJson = false, ...asked }: TraceOptions) => {
      const request: TraceRequest = { ...asked, minutes: wholeNumber(minutes) }
      await context.withRunningBroker(async (broker) => {
        const trace = await broker.beginTrace(request)
        if (!asJson) context.terminal.stderr.write(heading(trace))
        const ended = await follow(broker, trace, (lines) => {
          context.terminal.stdout.write(lines.map(asJson ? asJsonLine : inWords).join(''))
        })
        if (!asJson) context.terminal.stderr.write(endings[ended])
      })
    })
}

function wholeNumber(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw failure('trace.minutes', { most: 60 })
}

function heading({ login, source, endsAt }: TraceStatus): string {
  return `Following ${login === undefined ? source : `the login ${login}`} until ${localTimestamp(endsAt)}. Ctrl-C ends it.\n`
}

const endings = {
  time: 'The time of the trace is over.\n',
  full: 'The trace is full: there was more than it may hold.\n',
  stopped: 'The trace was stopped.\n',
  gone: 'The trace has ended.\n',
}

/** Resolves with why it has ended. */
async function follow(
  broker: RunningBroker,
  { id }: TraceStatus,
  print: (lines: readonly TraceLine[]) => void,
): Promise<keyof typeof endings> {
  let after = 0
  try {
    for (;;) {
      const page = await broker.readTrace(id, after)
      print(page.lines)
      after = page.next
      if (page.ended !== undefined) return page.ended
      await wait(1000)
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return 'gone'
    throw error
  } finally {
    await broker.endTrace(id).catch(() => {})
  }
}

function asJsonLine(line: TraceLine): string {
  return `${JSON.stringify(line)}\n`
}

function inWords({ at, session, direction, text, milliseconds }: TraceLine): string {
  const took = milliseconds === undefined ? '' : `  (${milliseconds} ms)`
  return `${at} ${session} ${direction} ${text}${took}\n`
}
