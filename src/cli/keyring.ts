import type { Command } from 'commander'
import type { RotationStep } from '../store/keyring.ts'
import type { Context } from './context.ts'
import { table } from './terminal.ts'

/** `postern keyring list | rotate` */
export function addKeyringVerbs(program: Command, context: Context): void {
  const keyring = program.command('keyring').description('the keys that seal what the store keeps')

  keyring
    .command('list')
    .description('show which keys there are, and how much is sealed with each')
    .addHelpText('after', '\nExample:\n  postern keyring list')
    .action(async (_options: object, command: Command) => {
      const keys = await context.withBroker(async (broker) => (await broker.keyring()).list())
      const rows = keys.map(({ kid, writes, held, values }) => [
        kid,
        writes ? 'seals' : held ? 'opens' : 'missing',
        String(values),
      ])
      context.tell(command, { keys }, table(['KEY', 'STATE', 'VALUES'], rows))
    })

  keyring
    .command('rotate')
    .description('seal everything with a new key, also while postern runs')
    .addHelpText('after', rotateHelp)
    .action(async (options: { json?: boolean }, command: Command) => {
      const last = await context.withBroker(async (broker) => {
        let step: RotationStep | undefined
        for await (step of (await broker.keyring()).rotate())
          if (!options.json) context.terminal.stderr.write(`${step.sealed} of ${step.values} values\n`)
        return step
      })
      if (last) context.tell(command, last, describeRotation(last))
      if (last && last.broken.length > 0) context.exitCode = 1
    })
}

const rotateHelp = `
The new key is the first line of the key file before anything is sealed with it; the old one leaves the file when
nothing is sealed with it any more. It may be stopped at any point: the next call or start goes on with it. Backups that
were made before need the old key: keep your copy of it with them, and copy the new key file to where you keep keys.

Example:
  postern keyring rotate`

function describeRotation({ kid, removed = [], kept = [], broken }: RotationStep): string {
  const lines = [
    `Everything that opens is sealed with the key ${kid}. Copy the new key file to where you keep keys.`,
    ...removed.map((one) => `The key ${one} has left the ring; backups that were made before need it.`),
    ...kept.map(
      (one) => `The key ${one} stays: it is in the settings, or something is still sealed with it.`,
    ),
    ...broken.map((one) => `What ${one} holds does not open: it was changed by something else than postern.`),
  ]
  return `${lines.join('\n')}\n`
}
