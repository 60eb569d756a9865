import { type Command, InvalidArgumentError, Option } from 'commander'
import { localTimestamp } from '../base/local-time.ts'
import type { Context, TokenFormat } from './context.ts'
import { collect, table } from './terminal.ts'

/** `postern api-key add | list | revoke` */
export function addApiKeyVerbs(program: Command, context: Context): void {
  const apiKey = program.command('api-key').description('scoped bearer secrets for scripts')

  apiKey
    .command('add')
    .description('make an API key; it is shown once')
    .requiredOption(
      '--scope <scope>',
      'token:ADDRESS, send:ADDRESS, read or admin (repeatable); of a whole domain "token:*@example.com", with the mailboxes that a person has consented for "token:*@example.com+personal"',
      collect,
    )
    .option('--name <text>', 'what people call it')
    .option('--expires <date>', 'when it ends: 2027-12-31, or a date and time')
    .addHelpText('after', '\nExample:\n  postern api-key add --scope token:billing@example.com')
    .action(async (options: { scope: string[]; name?: string; expires?: string }, command: Command) => {
      const { scope, name, expires } = options
      const { apiKey: status, key } = await context.withNewBroker(({ apiKeys }) =>
        apiKeys.add({
          scopes: scope,
          ...(name !== undefined && { name }),
          ...(expires !== undefined && { expires }),
        }),
      )
      const words = `${key.reveal()}\n\nThe key is shown this once. Its id is ${status.id}.\n`
      context.tell(command, { apiKey: status, key: key.reveal() }, words)
    })

  apiKey
    .command('list')
    .description('list API keys')
    .addHelpText('after', '\nExample:\n  postern api-key list')
    .action(async (_options: object, command: Command) => {
      const list = await context.withBroker(({ apiKeys }) => apiKeys.list())
      const rows = list.map((one) => [
        one.id,
        one.name,
        one.scopes.join(' '),
        one.state,
        one.lastUsedAt === undefined ? 'never' : localTimestamp(one.lastUsedAt),
      ])
      const words =
        rows.length > 0
          ? table(['ID', 'NAME', 'SCOPES', 'STATE', 'LAST USED'], rows)
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

/** `postern token ADDRESS` */
export function addTokenVerb(program: Command, context: Context): void {
  program
    .command('token')
    .argument('<address>', 'the mailbox')
    .description('print an access token that is valid for long enough')
    .option('--min-life <seconds>', 'seconds of life that it must still have', wholeSeconds)
    .addOption(
      new Option(
        '--format <format>',
        'the bare token, the answer of RFC 6749 as JSON, or the SASL string',
      ).choices(['token', 'json', 'xoauth2']),
    )
    .addHelpText('after', '\nExample:\n  postern token billing@example.com --min-life 600 --format xoauth2')
    .action(
      async (address: string, options: { minLife?: number; format?: TokenFormat }, command: Command) => {
        const json = command.optsWithGlobals().json === true
        const format = options.format ?? (json ? 'json' : 'token')
        const { minLife } = options
        const token = await context.withRunningBroker((broker) =>
          broker.token(address, { format, ...(minLife !== undefined && { minimumLifeSeconds: minLife }) }),
        )
        const text = token.reveal()
        context.tell(command, format === 'json' ? JSON.parse(text) : { [format]: text }, `${text}\n`)
      },
    )
}

function wholeSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number of seconds.')
  return Number(text)
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
