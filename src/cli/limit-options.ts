import { type Command, InvalidArgumentError } from 'commander'
import type { LimitOptions } from '../credentials/sending-limits.ts'
import { describeLimits, type SendingLimits } from '../model/sending-limits.ts'
import { collect } from './terminal.ts'

/** False: with `--no-` before the option. */
export interface LimitChoices {
  recipient?: string[] | false
  rate?: number | false
  recipientsPerDay?: number | false
  approve?: boolean
}

/** The options of a command that makes a login or an API key. */
export function withLimits(command: Command): Command {
  return command
    .option(
      '--recipient <pattern>',
      'send to this address or *@example.com alone; several may be named (repeatable)',
      collect,
    )
    .option('--rate <number/hour>', 'send so many messages an hour at most, as 20/hour', rate)
    .option(
      '--recipients-per-day <number>',
      'send to so many recipients in any 24 hours at most',
      wholeNumber,
    )
    .option('--approve', 'hold each message until a person has approved it')
}

/** The same for one that changes them. */
export function withLimitsAndNone(command: Command): Command {
  return withLimits(command)
    .option('--no-recipient', 'send to anybody')
    .option('--no-rate', 'send as many messages as its mailbox may')
    .option('--no-recipients-per-day', 'send to as many recipients as its mailbox may')
    .option('--no-approve', 'send at once')
}

/** Undefined where no such option was given. */
export function limitsOf(options: LimitChoices): LimitOptions | undefined {
  const { recipient, rate, recipientsPerDay, approve } = options
  const limits = {
    ...(recipient !== undefined && { recipients: recipient || [] }),
    ...(rate !== undefined && { messagesPerHour: rate || null }),
    ...(recipientsPerDay !== undefined && { recipientsPerDay: recipientsPerDay || null }),
    ...(approve !== undefined && { needsApproval: approve }),
  }
  return Object.keys(limits).length === 0 ? undefined : limits
}

/** On one line, for people. Empty without any. */
export function limitsLine(limits: SendingLimits = {}): string {
  return describeLimits(limits).join(', ')
}

function rate(text: string): number {
  const [, count] = /^([1-9]\d{0,8})(?:\/h(?:our)?)?$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('Give it as 20/hour.')
  return Number(count)
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number, 1 at least.')
  return Number(text)
}
