import type { Command } from 'commander'
import { shellWord } from '../base/text.ts'
import {
  isFailing,
  type MailboxCondition,
  type MailboxStatus,
  mailboxConditions,
} from '../mailboxes/mailboxes.ts'
import { formatEndpoint } from '../net/endpoint.ts'
import type { SmtpListener } from '../net/listen.ts'
import type { Context, Health, RunningBroker, ToldStep } from './context.ts'
import { conditionWords } from './mailbox.ts'

/** `postern status` and `postern test` */
export function addStatusVerbs(program: Command, context: Context): void {
  program
    .command('status')
    .description('how everything is, on one screen')
    .addHelpText('after', '\nExits with 1 when somebody has to do something.\n\nExample:\n  postern status')
    .action(async (_options: object, command: Command) => {
      const status = await context.withRunningBroker(statusOf)
      if (status.toDo.length > 0) context.exitCode = 1
      context.tell(command, status, inWords(status))
    })

  program
    .command('test')
    .argument('<address>', 'the mailbox, or an address of a domain mailbox')
    .description('send a test message, and tell each step')
    .option('--to <address>', 'who gets it (default: the mailbox itself)')
    .option('--as <login>', 'as this login, by its id or user name: also whether it may use the sender')
    .addHelpText('after', testHelp)
    .action(async (address: string, { to, as, json }: TestOptions, command: Command) => {
      const steps = await context.withRunningBroker(async (broker) => {
        const told: ToldStep[] = []
        for await (const step of broker.sendTest(address, { ...(to && { to }), ...(as && { login: as }) })) {
          told.push(step)
          if (!json) context.terminal.stderr.write(line(step))
        }
        return told
      })
      const last = steps.at(-1)
      const sent = last?.step === 'message' && last.outcome === 'good'
      if (!sent) context.exitCode = 1
      const words = sent
        ? `A test message from ${address} was sent to ${to ?? address}.\n`
        : 'It was not sent.\n'
      context.tell(command, { sent, steps }, words)
    })
}

interface TestOptions {
  to?: string
  as?: string
  json?: boolean
}

const testHelp = `
Signs in on a connection of its own, so that no warm connection hides a fault, then sends one message like any other.
Exits with 1 when a step fails.

Examples:
  postern test billing@example.com
  postern test billing@example.com --to me@example.net --as scanner`

interface Status {
  ready: boolean
  /** Why it is not. */
  reason?: string
  workers?: Health['workers']
  /** Where applications hand in mail. */
  smtp: readonly SmtpListener[]
  /** How many mailboxes there are, by their condition. */
  mailboxes: Partial<Record<MailboxCondition, number>>
  /** Messages of the last hour; of more than 500, the last 500. */
  lastHour: { sent: number; notSent: number }
  toDo: readonly ToDo[]
}

interface ToDo {
  what: string
  /** A command, mostly. */
  fix: string
}

async function statusOf(broker: RunningBroker, smtp: readonly SmtpListener[]): Promise<Status> {
  const since = new Date(Date.now() - 3_600_000).toISOString()
  const [health, mailboxes, sends] = await Promise.all([
    broker.health(),
    broker.mailboxes.list(),
    broker.journal({ kind: 'send', since, limit: 500 }),
  ])
  const counts: Status['mailboxes'] = {}
  for (const { condition } of mailboxes) counts[condition] = (counts[condition] ?? 0) + 1
  const sent = sends.entries.filter(({ outcome }) => outcome === 'done').length
  return {
    ready: health.ready,
    ...(!health.ready && { reason: health.reason }),
    ...(health.workers && { workers: health.workers }),
    smtp,
    mailboxes: counts,
    lastHour: { sent, notSent: sends.entries.length - sent },
    toDo: [
      ...(health.ready ? [] : [{ what: health.reason, fix: health.fix ?? 'postern doctor' }]),
      ...(health.workers ?? []).flatMap(({ number, ready }) =>
        ready
          ? []
          : [{ what: `Worker ${number} is not ready`, fix: 'The log says why it ends (worker.ended).' }],
      ),
      ...(mailboxes.length === 0
        ? [{ what: 'There is no mailbox yet', fix: 'postern mailbox add ADDRESS --provider ID' }]
        : []),
      ...mailboxes.sort(byUrgency).flatMap(toDoOf),
    ],
  }
}

function byUrgency(one: MailboxStatus, other: MailboxStatus): number {
  return mailboxConditions.indexOf(one.condition) - mailboxConditions.indexOf(other.condition)
}

function toDoOf({ address, condition, lastOutcome: last, flow }: MailboxStatus): ToDo[] {
  const word = shellWord(address)
  switch (condition) {
    case 'failing': {
      const why = last && isFailing(last) && last.message !== undefined ? `: ${last.message}` : ''
      return [{ what: `${address} cannot send${why}`, fix: `postern doctor ${word}` }]
    }
    case 'needs-consent':
    case 'not-connected':
      return [
        {
          what: `${address}: ${conditionWords[condition]}`,
          fix: flow === 'client-credentials' ? `postern doctor ${word}` : `postern consent ${word}`,
        },
      ]
    case 'ends-soon':
      return [{ what: `${address}: something that it needs ends soon`, fix: `postern mailbox show ${word}` }]
    default:
      return []
  }
}

/** What needs somebody, so many at most: it is one screen. */
const mostToDo = 10

function inWords({ ready, workers = [], smtp, mailboxes, lastHour, toDo }: Status): string {
  const counted = mailboxConditions.flatMap((condition) =>
    mailboxes[condition] === undefined ? [] : [`${mailboxes[condition]} ${conditionWords[condition]}`],
  )
  const shown = toDo.slice(0, mostToDo).map(({ what, fix }) => `  ${what}\n    Fix: ${fix}\n`)
  return [
    `postern       ${ready ? 'runs' : 'cannot do its work'}\n`,
    ...workers.map(
      ({ number, pid, ready: isReady, ended }, at) =>
        `${(at === 0 ? 'workers' : '').padEnd(14)}${number}: ${isReady ? `ready, process ${pid}` : 'not ready'}${ended > 0 ? `, begun anew ${ended} times` : ''}\n`,
    ),
    ...smtp.map(
      (one, at) => `${(at === 0 ? 'SMTP' : '').padEnd(14)}${formatEndpoint(one)} ${encryption(one)}\n`,
    ),
    `mailboxes     ${counted.length === 0 ? 'none' : counted.join(', ')}\n`,
    `last hour     ${lastHour.sent} sent, ${lastHour.notSent} not sent\n`,
    toDo.length === 0 ? 'to do         nothing\n' : 'to do\n',
    ...shown,
    ...(toDo.length > mostToDo ? [`  and ${toDo.length - mostToDo} more: postern mailbox list\n`] : []),
  ].join('')
}

const encryptions: Record<SmtpListener['tls'], string> = {
  none: 'without TLS',
  starttls: 'STARTTLS',
  implicit: 'SSL/TLS',
}

function encryption({ tls }: SmtpListener): string {
  return encryptions[tls]
}

function line({ step, outcome, what, said, fix }: ToldStep): string {
  const mark = outcome === 'good' ? '✓' : '✗'
  const words = what ?? said
  const more = what !== undefined && said !== undefined ? `  It said: ${said}\n` : ''
  return `${mark} ${step}${words === undefined ? '' : `: ${words}`}\n${more}${fix === undefined ? '' : `  Fix: ${fix}\n`}`
}
