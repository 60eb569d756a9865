import type { Command } from 'commander'
import { failure } from '../base/failure.ts'
import { localTimestamp } from '../base/local-time.ts'
import { printable, userNameKey } from '../base/text.ts'
import type { LoginRequest, LoginStatus } from '../credentials/logins.ts'
import { describeMending, type MendingOptions, mapOfLines } from '../mailboxes/mending-options.ts'
import { isWildcard } from '../net/endpoint.ts'
import { isReachable, type SmtpListener } from '../net/listen.ts'
import type { Broker, Context } from './context.ts'
import { type LimitChoices, limitsLine, limitsOf, withLimits, withLimitsAndNone } from './limit-options.ts'
import { collect, table } from './terminal.ts'

/** False: with `--no-` before the option. */
interface MendingChoices {
  rewriteFrom?: boolean
  mendLineEnds?: boolean
  completeAddresses?: string | false
  map?: string[] | false
  splitRecipients?: boolean
}

interface AddOptions extends MendingChoices, LimitChoices {
  user?: string
  name?: string
  passwordFile?: string
  /** False with --no-password. */
  password: boolean
  cramMd5?: boolean
  rewriteSender?: boolean
  personal?: boolean
  sender: string[]
  network: string[]
  expires?: string
}

/** `postern login add | allow | set | list | revoke` */
export function addLoginVerbs(program: Command, context: Context): void {
  const login = program.command('login').description('local credentials, one for each application')

  withLimits(login.command('add'))
    .argument(
      '<address...>',
      'its mailbox, or several: the sender of each message says which one; "*@example.com" is a domain mailbox',
    )
    .description('make a login; its generated password is shown once')
    .option('--user <name>', 'user name (default: the address)')
    .option('--name <text>', 'what people call it')
    .option(
      '--password-file <file>',
      'a chosen password, for a device that cannot take ours (- for standard input)',
    )
    .option(
      '--no-password',
      'for a device that cannot sign in: whoever comes from its --network is this login',
    )
    .option('--cram-md5', 'for a device that knows only CRAM-MD5; see below what it costs')
    .option('--sender <pattern>', 'a further sender: an address or *@example.com (repeatable)', collect, [])
    .option('--rewrite-sender', 'replace a sender that it may not use by the mailbox, instead of refusing it')
    .option(
      '--rewrite-from',
      'put the mailbox into From: and Sender: of the header, too; see below what it costs',
    )
    .option('--mend-line-ends', 'take a bare CR or LF in a message for the end of a line')
    .option('--complete-addresses <domain>', 'the domain of senders and recipients that have none')
    .option(
      '--map <name=address>',
      'what stands for a sender or recipient: root=admin@example.com (repeatable)',
      collect,
    )
    .option('--split-recipients', 'take several addresses in one RCPT for several recipients')
    .option('--personal', 'of a whole domain, send also from mailboxes that a person has consented for')
    .option('--network <cidr>', 'sign in from this network only (repeatable)', collect, [])
    .option('--expires <date>', 'when it ends: 2027-12-31, or a date and time')
    .addHelpText('after', addLoginHelp)
    .action(async (addresses: string[], options: AddOptions, command: Command) => {
      const request = await requestOf(addresses, options, context)
      const { added, smtp } = await context.withNewBroker(async ({ logins }, smtp) => ({
        smtp,
        added: await logins.add(request),
      }))
      const password = added.password?.reveal()
      const result = { login: added.login, ...(password !== undefined && { password }) }
      context.tell(command, result, settings(added.login, password, smtp))
    })

  login
    .command('allow')
    .argument('<id>')
    .description('let a login use further senders; its password stays')
    .requiredOption('--sender <pattern>', 'an address or *@example.com (repeatable)', collect)
    .addHelpText('after', '\nExample:\n  postern login allow 3f2a9c0d1b4e5f60 --sender scanner@example.com')
    .action(async (id: string, { sender }: Pick<AddOptions, 'sender'>, command: Command) => {
      const allowed = await context.withBroker(({ logins }) => logins.allow(id, sender))
      const words = `From its next sign-in on, ${allowed.userName} may also send as ${allowed.senders.join(', ')}.\n`
      context.tell(command, allowed, words)
    })

  withLimitsAndNone(login.command('set'))
    .argument('<id>')
    .description(
      'set what is mended of the mail of a login, from its next sign-in on, and what it may send, from its next message on; its password stays',
    )
    .option('--rewrite-from', 'put the mailbox into From: and Sender: of the header')
    .option('--no-rewrite-from', 'leave them as they are')
    .option('--mend-line-ends', 'take a bare CR or LF in a message for the end of a line')
    .option('--no-mend-line-ends', 'refuse it')
    .option('--complete-addresses <domain>', 'the domain of senders and recipients that have none')
    .option('--no-complete-addresses', 'refuse them')
    .option(
      '--map <name=address>',
      'what stands for a sender or recipient, in place of all before (repeatable)',
      collect,
    )
    .option('--no-map', 'nothing does')
    .option('--split-recipients', 'take several addresses in one RCPT for several recipients')
    .option('--no-split-recipients', 'refuse them')
    .addHelpText('after', setLoginHelp)
    .action(async (id: string, options: MendingChoices & LimitChoices, command: Command) => {
      const [mending, limits] = [mendingOf(options), limitsOf(options)]
      const mends = Object.keys(mending).length > 0
      if (!mends && limits === undefined) command.error('error: name at least one option to set')
      const login = await context.withBroker(async ({ logins }) => {
        const mended = mends && (await logins.set(id, mending))
        return (limits && (await logins.limit(id, limits))) || mended || logins.show(id)
      })
      context.tell(
        command,
        login,
        [...(mends ? [mendingSaid(login)] : []), ...(limits ? [limitsSaid(login)] : [])].join(''),
      )
    })

  login
    .command('list')
    .argument('[address]', 'of one mailbox only')
    .description('list logins')
    .option(
      '--find <text>',
      'only those with this in the user name, the name, a mailbox or where it was used from',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  postern login list billing@example.com\n  postern login list --find scanner',
    )
    .action(async (address: string | undefined, { find }: { find?: string }, command: Command) => {
      if (address !== undefined && find !== undefined)
        command.error('error: name a mailbox or what to find, not both')
      const list = await context.withBroker(({ logins }) =>
        find === undefined ? logins.list(address) : foundLogins(logins, find),
      )
      const isAnyLimited = list.some(({ limits }) => limits)
      const rows = list.map((one) => [
        one.id,
        cut(one.userName, 20),
        cut(one.name, 16),
        mailboxesOf(one),
        one.state,
        one.lastUsedAt === undefined ? 'never' : localTimestamp(one.lastUsedAt).slice(0, 10),
        ...(isAnyLimited ? [limitsLine(one.limits)] : []),
      ])
      const words =
        rows.length > 0
          ? table(
              [
                'ID',
                'USER NAME',
                'NAME',
                'MAILBOX',
                'STATE',
                'LAST USED',
                ...(isAnyLimited ? ['LIMITS'] : []),
              ],
              rows,
              context.terminal.stdout,
            )
          : find === undefined
            ? 'No login yet. Make one: postern login add ADDRESS\n'
            : `No login has "${printable(find)}" in it.\n`
      context.tell(command, { logins: list }, words)
    })

  login
    .command('revoke')
    .argument('<login>', 'its id, its user name, or a name that no other login has')
    .description('end a login at once')
    .addHelpText('after', '\nExample:\n  postern login revoke 3f2a9c0d1b4e5f60')
    .action(async (named: string, _options: object, command: Command) => {
      const { id, userName } = await context.withBroker(async ({ logins }) => {
        const login = loginNamed(named, await logins.list())
        await logins.revoke(login.id)
        return login
      })
      context.tell(command, { revoked: id }, `Revoked the login ${userName} (${id}).\n`)
    })
}

const foundAtOnce = 500

/** All of them, so many at a time. */
async function foundLogins(logins: Broker['logins'], find: string): Promise<LoginStatus[]> {
  const all: LoginStatus[] = []
  for (let from = 0, found = 1; from < found; from += foundAtOnce) {
    const part = await logins.page({ find, order: 'added', from, most: foundAtOnce })
    all.push(...part.logins)
    found = part.found
  }
  return all
}

/** By its id, its user name or what people call it. @throws Failure `not-found`, `invalid` */
function loginNamed(named: string, all: readonly LoginStatus[]): LoginStatus {
  const living = all.filter(({ state }) => state !== 'revoked')
  const key = userNameKey(named)
  const found =
    living.find(({ id }) => id === named) ?? living.find(({ userName }) => userNameKey(userName) === key)
  if (found) return found
  const called = living.filter(({ name }) => userNameKey(name) === key)
  const [first] = called
  if (first === undefined) throw failure('login.none-named', { login: printable(named) })
  if (called.length > 1)
    throw failure('login.several-named', {
      login: printable(named),
      ids: called.map(({ id }) => id).join(', '),
    })
  return first
}

function mendingSaid(login: LoginStatus): string {
  const mends = describeMending(login)
  const words = mends.length === 0 ? 'nothing is mended' : `mended is: ${mends.join(', ')}`
  return `From the next sign-in of ${login.userName} on, ${words}.\n`
}

function limitsSaid({ userName, limits }: LoginStatus): string {
  const words = limits ? `has these limits: ${limitsLine(limits)}` : 'has no limits of its own'
  return `From its next message on, ${userName} ${words}.\n`
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

function mailboxesOf({ mailboxes, personal }: LoginStatus): string {
  const [first = '', ...others] = mailboxes
  const more = others.length > 0 ? ` +${others.length}` : ''
  return `${cut(first, 20 - more.length)}${more}${personal ? '*' : ''}`
}

async function requestOf(addresses: string[], options: AddOptions, context: Context): Promise<LoginRequest> {
  const { user, name, passwordFile, cramMd5, sender, rewriteSender, personal, network, expires } = options
  const limits = limitsOf(options)
  return {
    mailboxes: addresses,
    senders: sender,
    networks: network,
    ...(user !== undefined && { userName: user }),
    ...(name !== undefined && { name }),
    ...(passwordFile !== undefined && { password: await context.secret(passwordFile) }),
    ...(!options.password && { withoutPassword: true }),
    ...(cramMd5 && { cramMd5 }),
    ...(rewriteSender && { rewriteSender }),
    ...(personal && { personal }),
    ...(expires !== undefined && { expires }),
    ...(limits && { limits }),
    ...mendingOf(options),
  }
}

/** Of an option that was not given: nothing. @throws Failure `invalid` */
function mendingOf(options: MendingChoices): MendingOptions {
  const { rewriteFrom, mendLineEnds, completeAddresses, map, splitRecipients } = options
  return {
    ...(rewriteFrom !== undefined && { rewriteFrom }),
    ...(mendLineEnds !== undefined && { mendLineEnds }),
    ...(completeAddresses !== undefined && { completeAddresses: completeAddresses || '' }),
    ...(map !== undefined && { map: mapOfLines(map || []) }),
    ...(splitRecipients !== undefined && { splitRecipients }),
  }
}

/** What to enter in the application. */
function settings(login: LoginStatus, password: string | undefined, smtp: readonly SmtpListener[]): string {
  const limits = login.limits ? ['', `What it may send: ${limitsLine(login.limits)}`] : []
  return [...serverLines(smtp), ...proofLines(login, password), ...limits, ''].join('\n')
}

const cramMd5Cost = [
  'CRAM-MD5 needs the password itself, so it is kept sealed instead of hashed: whoever has both the',
  'database and its key can read it. And it rests on MD5. Make such a login only for a device that knows',
  'nothing else, and bind it to that device with --network: CRAM-MD5 is offered to everybody there, and many',
  'programs that see it offered choose it for logins that cannot use it.',
]

const mendingCost = `What mending costs (off unless asked for; without it a message leaves octet for octet):
  --rewrite-from    From: and Sender: in the header become the mailbox, as many providers demand; the name for people
                    stays, and the old address goes into Reply-To: where there is none. A signature (DKIM) that the
                    program itself made no longer fits.
  --mend-line-ends  a bare CR or LF in a message is the end of a line and becomes CRLF; without it such a message is
                    refused. Where nobody meant the end of a line, a line is cut. The end of the message stays
                    CRLF.CRLF: a program that ends it by LF.LF waits in vain.
  --complete-addresses, --map
                    a sender or recipient without a domain gets this one, or is what the map says. A name that was
                    mistyped is then somebody's address, and who it was meant for hears nothing.
  --split-recipients
                    several addresses in one RCPT get one answer: when one of them is refused, the message goes to
                    none of them.`

const setLoginHelp = `
${mendingCost}

Examples:
  postern login set 3f2a9c0d1b4e5f60 --rewrite-from --map root=admin@example.com
  postern login set 3f2a9c0d1b4e5f60 --rate 20/hour --no-recipients-per-day`

const addLoginHelp = `
What --cram-md5 costs:
${cramMd5Cost.map((line) => `  ${line}`).join('\n')}

${mendingCost}

Examples:
  postern login add billing@example.com --name "Ticket system"
  postern login add scans@example.com --no-password --network 192.0.2.7
  postern login add scans@example.com --cram-md5 --network 192.0.2.8
  postern login add scans@example.com --rewrite-sender --rewrite-from
  postern login add bot@example.com --recipient "*@example.com" --rate 20/hour`

/**
 * The lines that say how a login proves who it is, and what to know about that. `generated`: the
 * password that was made for it.
 */
function proofLines(login: LoginStatus, generated: string | undefined): string[] {
  if (login.password === 'none') {
    return [
      'sign-in       none: no user name, no password',
      '',
      `Whoever sends from ${login.networks.join(' or ')} is taken for this login. End it: postern login revoke ${login.id}`,
    ]
  }
  return [
    `user name     ${login.userName}`,
    `password      ${generated ?? 'the one that you chose'}`,
    ...(generated === undefined
      ? []
      : ['', 'The password is shown this once. Make another login if it gets lost.']),
    ...(login.cramMd5 ? ['', ...cramMd5Cost] : []),
  ]
}

/** The lines that say where an application hands in its mail, and how that is encrypted. */
function serverLines(listeners: readonly SmtpListener[]): string[] {
  return listeners
    .filter(isItsOwn)
    .flatMap((listener, at) => [
      ...(at > 0 ? ['or'] : []),
      `server        ${server(listener)}`,
      `port          ${port(listener)}`,
      `encryption    ${encryption(listener)}`,
    ])
}

/** `localhost` stands for both loopback addresses of a port; one of them is printed. */
function isItsOwn({ host, port, tls }: SmtpListener, _at: number, all: readonly SmtpListener[]): boolean {
  return (
    host !== '::1' || !all.some((one) => one.host === '127.0.0.1' && one.port === port && one.tls === tls)
  )
}

function server({ host, frontEnds }: SmtpListener): string {
  if (frontEnds) return 'the front end that passes connections on to this port'
  return isWildcard(host) ? 'the name or address of this machine' : host
}

function port({ port, frontEnds }: SmtpListener): string {
  if (frontEnds) return `the one of the front end (it passes them on to ${port})`
  return port === 0 ? 'the one that postern prints when it starts' : String(port)
}

function encryption(listener: SmtpListener): string {
  const isNear = !isReachable(listener)
  switch (listener.tls) {
    case 'implicit':
      return 'SSL/TLS'
    case 'starttls':
      if (isNear) return 'none, STARTTLS or SSL/TLS (this machine only)'
      return listener.plainAuth
        ? 'STARTTLS or SSL/TLS; none for a device that has neither'
        : 'STARTTLS or SSL/TLS'
    case 'none':
      return isNear
        ? 'none (this machine only; other devices: postern tls make)'
        : 'none: the network can read the password'
  }
}
