import { Argument, type Command } from 'commander'
import { asFailure, failure } from '../base/failure.ts'
import { type LogLevel, logLevels } from '../base/log.ts'
import type { Config } from '../config/config.ts'
import { describeConfig } from '../config/read-config.ts'
import { createCatalogue } from '../providers/catalogue.ts'
import type { Provider } from '../providers/provider.ts'
import type { Context, Health } from './context.ts'
import { type Terminal, table } from './terminal.ts'

/** `postern serve`, `postern config`, `postern health` and `postern log-level` */
export function addConfigVerbs(program: Command, context: Context): void {
  program
    .command('serve')
    .description('run postern until a signal ends it')
    .option('--event-log', 'warnings and errors also to the event log of Windows')
    .addHelpText('after', '\nExample:\n  POSTERN_DATA_DIR=/var/lib/postern postern serve')
    .action(async ({ eventLog }: { eventLog?: boolean }) => {
      if (eventLog && context.host.platform !== 'win32')
        throw failure('command.bad-usage', { what: '--event-log is for Windows' })
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
      const words = `${table(['SETTING', 'VALUE', 'FROM'], rows, context.terminal.stdout)}\n${providerTable(providers, context.terminal.stdout)}`
      const { warnings } = effective
      context.tell(command, { settings: described, providers, warnings }, words)
      if (command.opts().json !== true) context.warn(warnings)
    })

  program
    .command('health')
    .description('whether the running postern can do its work: exit code 0 or 1, as a container asks for it')
    .addHelpText('after', '\nExample:\n  HEALTHCHECK CMD postern health')
    .action(async (_options: object, command: Command) => {
      const health = await healthOf(context)
      if (!health.ready) context.exitCode = 1
      context.tell(command, health, inWords(health))
    })

  program
    .command('log-level')
    .description('from which level on the running postern logs, until its next start')
    .addArgument(new Argument('<level>', 'of the log').choices(logLevels))
    .addHelpText('after', '\nExample:\n  postern log-level debug')
    .action(async (level: LogLevel, _options: object, command: Command) => {
      const set = await context.withRunningBroker((broker) => broker.setLogLevel(level))
      context.tell(command, set, `The log has lines from "${set.level}" on, until the next start.\n`)
    })
}

/** Whatever keeps it from an answer is the answer, too: there is no third exit code. */
async function healthOf(context: Context): Promise<Health> {
  try {
    return await context.withRunningBroker((broker) => broker.health())
  } catch (error) {
    const { message: reason, fix } = asFailure(error)
    return { ready: false, reason, ...(fix !== undefined && { fix }) }
  }
}

function inWords(health: Health): string {
  if (health.ready) return 'postern is ready.\n'
  const fix = health.fix === undefined ? '' : `  Fix: ${health.fix}\n`
  return `postern is not ready. ${health.reason}\n${fix}`
}

function providerTable(providers: readonly ProviderDescription[], to: Terminal['stdout']): string {
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
  return table(heading, rows, to)
}

/** One provider as `postern config` shows it, with what the providers file changes of it. */
interface ProviderDescription extends Pick<Provider, 'id' | 'name' | 'limits' | 'chunking'> {
  /** There is an app registration for it. */
  registered: boolean
}

/** Every provider that mailboxes can have, and what is kept to there. Holds no secret. */
function describeProviders(config: Config): ProviderDescription[] {
  return createCatalogue(config)
    .list()
    .map(({ provider: { id, name, limits, chunking }, registered }) => ({
      id,
      name,
      registered,
      limits,
      chunking,
    }))
}
