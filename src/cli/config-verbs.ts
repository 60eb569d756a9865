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
      const { config, warnings } = context.config()
      context.warn(warnings)
      context.exitCode = await context.serve(config)
    })

  program
    .command('config')
    .description('print the settings in effect, secrets hidden')
    .addHelpText('after', '\nExample:\n  postern config --json')
    .action((_options: object, command: Command) => {
      const effective = context.config()
      const described = describeConfig(effective)
      const rows = described.map(({ name, value, source }) => [name, String(value ?? ''), source])
      const { warnings } = effective
      context.tell(command, { settings: described, warnings }, table(['SETTING', 'VALUE', 'FROM'], rows))
      if (command.opts().json !== true) context.warn(warnings)
    })
}
