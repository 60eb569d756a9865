import type { Command } from 'commander'
import type { Answers } from '../api/answers.ts'
import { localTimestamp } from '../base/local-time.ts'
import { printable } from '../base/text.ts'
import type { Context } from './context.ts'
import { table } from './terminal.ts'

type Held = Answers['HeldMessage']

/** `postern approvals list | show | approve | refuse` */
export function addApprovalVerbs(program: Command, context: Context): void {
  const approvals = program
    .command('approvals')
    .description('messages of logins and API keys that need the approval of a person')

  approvals
    .command('list')
    .description('list those that wait, and what became of those of the last day')
    .addHelpText('after', '\nExample:\n  postern approvals list')
    .action(async (_options: object, command: Command) => {
      const messages = await context.withRunningBroker((broker) => broker.heldMessages())
      const rows = messages.map((one) => [
        one.id,
        one.state,
        printable(one.userName, 40),
        printable(one.sender, 60),
        recipientsOf(one),
        printable(one.subject ?? '', 60),
        localTimestamp(one.state === 'waiting' ? one.endsAt : one.changedAt),
      ])
      const heading = ['ID', 'STATE', 'BY', 'FROM', 'TO', 'SUBJECT', 'ENDS OR CHANGED']
      const words =
        rows.length > 0 ? table(heading, rows, context.terminal.stdout) : 'No message waits for approval.\n'
      context.tell(command, { messages }, words)
    })

  approvals
    .command('show')
    .argument('<id>')
    .description('show one of them')
    .addHelpText('after', '\nExample:\n  postern approvals show 3f2a9c0d1b4e5f60')
    .action(async (id: string, _options: object, command: Command) => {
      const held = await context.withRunningBroker((broker) => broker.heldMessage(id))
      context.tell(command, held, inWords(held))
    })

  for (const decision of ['approve', 'refuse'] as const)
    approvals
      .command(decision)
      .argument('<id>')
      .description(decision === 'approve' ? 'send one of them now' : 'delete one of them unsent')
      .addHelpText('after', `\nExample:\n  postern approvals ${decision} 3f2a9c0d1b4e5f60`)
      .action(async (id: string, _options: object, command: Command) => {
        const held = await context.withRunningBroker((broker) => broker.decide(id, decision))
        if (held.state === 'failed' || held.state === 'unknown') context.exitCode = 1
        context.tell(command, held, decided(held))
      })
}

function recipientsOf({ recipients }: Held): string {
  const [first = '', ...others] = recipients
  return `${printable(first, 60)}${others.length > 0 ? ` and ${others.length} more` : ''}`
}

function inWords(held: Held): string {
  const facts: [string, string | undefined][] = [
    ['state', held.state],
    ['by', held.userName],
    ['from', held.sender],
    ['From of its header', held.from],
    ['to', held.recipients.join(', ')],
    ['subject', held.subject],
    ['size', `${held.octets} octets`],
    ['came', localTimestamp(held.createdAt)],
    ['waits until', held.state === 'waiting' ? localTimestamp(held.endsAt) : undefined],
    ['decided by', held.decidedBy],
    ['provider', held.reply && `${held.reply.code} ${held.reply.text}`],
    ['not sent because', held.failure?.message],
  ]
  return facts
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${printable(value, 2000)}\n`]))
    .join('')
}

function decided({ id, state, reply, recipients, accepted = [], refused = [], failure }: Held): string {
  const said = reply === undefined ? '' : ` (${reply.code} ${printable(reply.text, 300)})`
  if (state === 'refused') return `Refused ${id}. It is deleted, and was not sent.\n`
  if (state === 'sent') {
    const names = accepted.map(({ recipient }) => printable(recipient, 254)).join(', ')
    const others = refused.map(
      (one) =>
        `Refused for ${printable(one.recipient, 254)}: ${one.reply.code} ${printable(one.reply.text, 300)}.\n`,
    )
    return `Sent ${id} to ${names}${said}.\n${others.join('')}`
  }
  const words = failure?.message ?? refused[0]?.reply.text ?? `none of ${recipients.length} was accepted`
  const why = printable(words, 300)
  return state === 'unknown'
    ? `It is not known whether ${id} was sent: ${why}.\n`
    : `Not sent, and deleted: ${id}${said}. ${why}.\n`
}
