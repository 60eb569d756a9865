import type { Command } from 'commander'
import { describeConfig } from '../config/describe-config.ts'
import type { Context } from './context.ts'
import { table } from './terminal.ts'

/** `postern serve` and `postern config` */
export function addConfigVerbs(program: Command, context: Context): void {
  program
    .command('serve')
    .description('run postern until a signal ends it')
    .addHelpText('after', '\nExample:\n  POSTERN_DATA_DIR=/var/lib/postern postern serve')
    .action(async () => {
      context.exitCode = await context.serve(context.config().config)
    })

  program
    .command('config')
    .description('print the settings in effect, secrets hidden')
    .addHelpText('after', '\nExample:\n  postern config --json')
    .action((_options: object, command: Command) => {
      const described = describeConfig(context.config())
      const rows = described.map(({ name, value, source }) => [name, String(value ?? ''), source])
      context.tell(command, { settings: described }, table(['SETTING', 'VALUE', 'FROM'], rows))
    })
}
