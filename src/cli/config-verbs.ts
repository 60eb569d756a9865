import type { Command } from 'commander'
import { describeConfig } from '../config/describe-config.ts'
import { describeProviders, type ProviderDescription } from '../config/describe-providers.ts'
import type { Context } from './context.ts'
import { table } from './terminal.ts'

/** `postern serve` and `postern config` */
export function addConfigVerbs(program: Command, context: Context): void {
  program
    .command('serve')
    .description('run postern until a signal ends it')
    .addHelpText('after', '\nExample:\n  POSTERN_DATA_DIR=/var/lib/postern postern serve')
    .action(async () => {
      const { config, warnings } = await context.config()
      context.warn(warnings)
      context.exitCode = await context.serve(config)
    })

  program
    .command('config')
    .description('print the settings and the limits of providers in effect, secrets hidden')
    .addHelpText('after', '\nExample:\n  postern config --json')
    .action(async (_options: object, command: Command) => {
      const effective = await context.config()
      const described = describeConfig(effective)
      const rows = described.map(({ name, value, source }) => [name, String(value ?? ''), source])
      const providers = describeProviders(effective.config)
      const words = `${table(['SETTING', 'VALUE', 'FROM'], rows)}\n${providerTable(providers)}`
      const { warnings } = effective
      context.tell(command, { settings: described, providers, warnings }, words)
      if (command.opts().json !== true) context.warn(warnings)
    })
}

function providerTable(providers: readonly ProviderDescription[]): string {
  const heading = [
    'PROVIDER',
    'REGISTERED',
    'CONNECTIONS',
    'MESSAGES/MINUTE',
    'RECIPIENTS/DAY',
    'MESSAGES/CONNECTION',
    'CHUNKING',
  ]
  const rows = providers.map(({ id, registered, limits, chunking }) => [
    id,
    registered ? 'yes' : 'no',
    String(limits.connections),
    String(limits.messagesPerMinute ?? ''),
    String(limits.recipientsPerDay ?? ''),
    String(limits.messagesPerConnection ?? ''),
    chunking,
  ])
  return table(heading, rows)
}
