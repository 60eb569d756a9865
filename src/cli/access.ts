import type { Command } from 'commander'
import { localTimestamp } from '../base/local-time.ts'
import type { ApiKeyStatus } from '../credentials/api-keys.ts'
import type { Context } from './context.ts'
import { type LimitChoices, limitsLine, limitsOf, withLimits, withLimitsAndNone } from './limit-options.ts'
import { collect, table } from './terminal.ts'

interface AddKeyOptions extends LimitChoices {
  scope: string[]
  name?: string
  network?: string[]
  expires?: string
}

/** `postern api-key add | set | list | revoke` */
export function addApiKeyVerbs(program: Command, context: Context): void {
  const apiKey = program.command('api-key').description('scoped bearer secrets for scripts')

  withLimits(apiKey.command('add'))
    .description('make an API key; it is shown once')
    .requiredOption(
      '--scope <scope>',
      'token:ADDRESS, send:ADDRESS, read or admin (repeatable); of a whole domain "token:*@example.com", with the mailboxes that a person has consented for "token:*@example.com+personal"',
      collect,
    )
    .option('--name <text>', 'what people call it')
    .option('--network <cidr>', 'take it from this network only (repeatable)', collect)
    .option('--expires <date>', 'when it ends: 2027-12-31, or a date and time')
    .addHelpText(
      'after',
      `
Examples:
  postern api-key add --scope token:billing@example.com
  postern api-key add --scope send:bot@example.com --recipient "*@example.com" --rate 20/hour --approve`,
    )
    .action(async (options: AddKeyOptions, command: Command) => {
      const { scope, name, network, expires } = options
      const limits = limitsOf(options)
      const { apiKey: status, key } = await context.withNewBroker(({ apiKeys }) =>
        apiKeys.add({
          scopes: scope,
          ...(name !== undefined && { name }),
          ...(network !== undefined && { networks: network }),
          ...(limits && { limits }),
          ...(expires !== undefined && { expires }),
        }),
      )
      const words = `${key.reveal()}\n\nThe key is shown this once. Its id is ${status.id}.\n`
      context.tell(command, { apiKey: status, key: key.reveal() }, words)
    })

  withLimitsAndNone(apiKey.command('set'))
    .argument('<id>')
    .description('set what an API key may send, from its next message on; the key stays')
    .addHelpText('after', '\nExample:\n  postern api-key set 3f2a9c0d1b4e5f60 --rate 20/hour --no-approve')
    .action(async (id: string, options: LimitChoices, command: Command) => {
      const wanted = limitsOf(options)
      if (wanted === undefined) return command.error('error: name at least one option to set')
      const key = await context.withBroker(({ apiKeys }) => apiKeys.limit(id, wanted))
      const words = key.limits ? `has these limits: ${limitsLine(key.limits)}` : 'has no limits of its own'
      context.tell(command, key, `From its next message on, the API key ${key.name} ${words}.\n`)
    })

  apiKey
    .command('list')
    .description('list API keys')
    .addHelpText('after', '\nExample:\n  postern api-key list')
    .action(async (_options: object, command: Command) => {
      const list = await context.withBroker(({ apiKeys }) => apiKeys.list())
      const isAnyBound = list.some(({ limits, networks }) => limits || networks.length > 0)
      const rows = list.map((one) => [
        one.id,
        one.name,
        one.scopes.join(' '),
        one.state,
        one.lastUsedAt === undefined ? 'never' : localTimestamp(one.lastUsedAt),
        ...(isAnyBound ? [boundsOf(one)] : []),
      ])
      const words =
        rows.length > 0
          ? table(
              ['ID', 'NAME', 'SCOPES', 'STATE', 'LAST USED', ...(isAnyBound ? ['LIMITS'] : [])],
              rows,
              context.terminal.stdout,
            )
          : 'No API key yet. Make one: postern api-key add --scope token:ADDRESS\n'
      context.tell(command, { apiKeys: list }, words)
    })

  apiKey
    .command('revoke')
    .argument('<id>')
    .description('end an API key at once')
    .addHelpText('after', '\nExample:\n  postern api-key revoke 3f2a9c0d1b4e5f60')
    .action(async (id: string, _options: object, command: Command) => {
      await context.withBroker(({ apiKeys }) => apiKeys.revoke(id))
      context.tell(command, { revoked: id }, `Revoked the API key ${id}.\n`)
    })
}

/** In the words of the options. */
function boundsOf({ networks, limits }: ApiKeyStatus): string {
  const from = networks.map((network) => `network ${network}`)
  return [...from, ...(limits ? [limitsLine(limits)] : [])].join(', ')
}

/** `postern sign-in` */
export function addSignInVerb(program: Command, context: Context): void {
  program
    .command('sign-in')
    .description('print a one-time link that signs a browser in to the pages')
    .option('--viewer', 'as somebody who sees the pages and changes nothing')
    .addHelpText('after', '\nExample:\n  postern sign-in --viewer')
    .action(async ({ viewer }: { viewer?: boolean }, command: Command) => {
      const role = viewer ? 'viewer' : 'administrator'
      const link = await context.withRunningBroker((broker) => broker.createSignInLink(role))
      context.tell(
        command,
        link,
        `${link.url}\n\nIt signs one browser in as ${role}, until ${localTimestamp(link.expiresAt)}.\n`,
      )
    })
}
