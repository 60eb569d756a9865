import type { Command } from 'commander'
import type { Endpoint } from '../config/config.ts'
import { formatEndpoint, isLoopback, isWildcard } from '../config/endpoint.ts'
import type { Context } from './context.ts'
import { table } from './terminal.ts'

interface AddOptions {
  user?: string
  name?: string
  passwordFile?: string
  sender: string[]
  network: string[]
  expires?: string
}

/** `postern login add | list | revoke` */
export function addLoginVerbs(program: Command, context: Context): void {
  const login = program.command('login').description('local credentials, one for each application')

  login
    .command('add')
    .argument('<address>', 'the mailbox')
    .description('make a login; its generated password is shown once')
    .option('--user <name>', 'user name (default: the address)')
    .option('--name <text>', 'what people call it')
    .option(
      '--password-file <file>',
      'a chosen password, for a device that cannot take ours (- for standard input)',
    )
    .option('--sender <pattern>', 'a further sender: an address or *@example.com (repeatable)', collect, [])
    .option('--network <cidr>', 'sign in from this network only (repeatable)', collect, [])
    .option('--expires <date>', 'when it ends: 2027-12-31, or a date and time')
    .addHelpText('after', '\nExample:\n  postern login add billing@example.com --name "Ticket system"')
    .action(async (address: string, options: AddOptions, command: Command) => {
      const { user, name, passwordFile, sender, network, expires } = options
      const chosen = passwordFile === undefined ? undefined : await context.secret(passwordFile)
      const { added, smtp } = await context.withBroker(async ({ logins }, smtp) => ({
        smtp,
        added: await logins.add({
          mailboxes: [address],
          senders: sender,
          networks: network,
          ...(user !== undefined && { userName: user }),
          ...(name !== undefined && { name }),
          ...(chosen && { password: chosen }),
          ...(expires !== undefined && { expires }),
        }),
      }))
      const password = added.password?.reveal()
      const result = { login: added.login, ...(password !== undefined && { password }) }
      context.tell(command, result, settings(added.login.userName, password, smtp))
    })

  login
    .command('list')
    .argument('[address]', 'of one mailbox only')
    .description('list logins')
    .addHelpText('after', '\nExample:\n  postern login list billing@example.com')
    .action(async (address: string | undefined, _options: object, command: Command) => {
      const list = await context.withBroker(({ logins }) => logins.list(address))
      const rows = list.map((one) => [
        one.id,
        one.userName,
        one.name,
        one.mailboxes.join(' '),
        one.state,
        one.lastUsedAt ?? 'never',
      ])
      const words =
        rows.length > 0
          ? table(['ID', 'USER NAME', 'NAME', 'MAILBOX', 'STATE', 'LAST USED'], rows)
          : 'No login yet. Make one: postern login add ADDRESS\n'
      context.tell(command, { logins: list }, words)
    })

  login
    .command('revoke')
    .argument('<id>')
    .description('end a login at once')
    .addHelpText('after', '\nExample:\n  postern login revoke 3f2a9c0d1b4e5f60')
    .action(async (id: string, _options: object, command: Command) => {
      await context.withBroker(({ logins }) => logins.revoke(id))
      context.tell(command, { revoked: id }, `Revoked the login ${id}.\n`)
    })
}

/** What to enter in the application. */
function settings(userName: string, password: string | undefined, smtp: readonly Endpoint[]): string {
  const [{ host, port } = { host: '127.0.0.1', port: 0 }, ...others] = smtp
  return [
    `server        ${isWildcard(host) ? 'the name or address of this machine' : host}`,
    `port          ${port === 0 ? 'the one that postern prints when it starts' : port}`,
    ...(others.length > 0 ? [`or            ${others.map(formatEndpoint).join(', ')}`] : []),
    `encryption    none${isLoopback(host) ? ' (it is the same machine)' : ''}`,
    `user name     ${userName}`,
    `password      ${password ?? 'the one that you chose'}`,
    ...(password === undefined
      ? []
      : ['', 'The password is shown this once. Make another login if it gets lost.']),
    '',
  ].join('\n')
}

/** Gathers the values of an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
