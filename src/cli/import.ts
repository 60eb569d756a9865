import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { asFailure, failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { printable, shellWord, userNameKey } from '../base/text.ts'
import { parseAddress } from '../model/address.ts'
import type {
  Format,
  FoundLogin,
  FoundRegistration,
  Holdings,
  LeftOut,
  Place,
  SourceFile,
} from '../moving-in/moving-in.ts'
import type { RegistrationStatus } from '../providers/registrations.ts'
import { endProgram } from '../system/end-program.ts'
import type { Broker, Context } from './context.ts'
import { collect, type Progress, progressOn, type Terminal, table } from './terminal.ts'

interface ImportOptions {
  format?: Format
  passwordFile: string[]
  decryptCommand?: string
  address?: string
  provider?: string
  withoutTokens?: boolean
  dryRun?: boolean
}

/** What became of something that a file holds. `there`: it was there before, and stays as it is. */
interface Step {
  kind: 'registration' | 'mailbox' | 'login'
  name: string
  outcome: 'added' | 'would be added' | 'there' | 'failed'
  /** How, or why not. */
  detail: string
  fix?: string
  from: Place
}

/** `postern import FILE...` */
export function addImportVerb(program: Command, context: Context): void {
  program
    .command('import')
    .argument('<file...>', 'settings and token files of another program; several that belong together')
    .description('move in from another program: registrations, mailboxes, refresh tokens and logins')
    .addOption(
      new Option(
        '--format <program>',
        'the program that wrote the files, where that is not seen by itself',
      ).choices([
        'email-oauth2-proxy',
        'sasl-xoauth2',
        'mutt-oauth2',
        'oama',
        'smtp2graph',
        'docker-postfix',
        'smtprelay',
      ]),
    )
    .option(
      '--password-file <file>',
      'a password that opens tokens of email-oauth2-proxy (- for standard input; repeatable: each is tried)',
      collect,
      [],
    )
    .option(
      '--decrypt-command <command>',
      'what opens an encrypted file, from standard input to standard output: "gpg --decrypt"',
    )
    .option('--address <address>', 'the mailbox of a token file that does not name it')
    .option('--provider <id>', 'the registration of mailboxes whose files name no client')
    .option(
      '--without-tokens',
      'take the mailboxes without the tokens that no password opens: each needs a new consent',
    )
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText('after', importHelp)
    .action(async (paths: string[], options: ImportOptions, command: Command) => {
      const { readHoldings } = await import('../moving-in/moving-in.ts')
      const files: SourceFile[] = []
      for (const path of paths) files.push(await sourceOf(path, options.decryptCommand))
      const passwords: Secret[] = []
      for (const from of options.passwordFile) passwords.push(await context.secret(from))
      const holdings = await readHoldings(
        files,
        {
          passwords,
          withoutTokens: options.withoutTokens ?? false,
          ...(options.address !== undefined && { address: options.address }),
          read: async (path, beside) => (await boundedFile(resolve(dirname(beside), path))).toString('utf8'),
        },
        options.format,
      )
      const steps = await moveIn(holdings, options, context)
      if (steps.some(({ outcome }) => outcome === 'failed')) context.exitCode = 1
      const { leftOut } = holdings
      const result = { dryRun: options.dryRun ?? false, formats: holdings.formats, steps, leftOut }
      context.tell(command, result, describe(steps, leftOut, context.terminal.stdout))
    })
}

const importHelp = `
Recognised by themselves: the settings of email-oauth2-proxy (emailproxy.config, with the file of --cache-store), token
files of sasl-xoauth2 and /etc/sasl-xoauth2.conf, token files of mutt_oauth2.py, config.yaml and tokens of oama,
config.yml of SMTP2Graph, the environment of a Postfix image with XOAUTH2, smtprelay.ini.

Nothing that is there is changed: what has the same id, address or user name stays, and is told. What cannot come along
is listed with its reason. Stop the other program before postern takes over its refresh tokens: where the provider gives
a new one at each use, the copy that is not used ends.

Examples:
  postern import emailproxy.config --password-file - --dry-run
  postern import /etc/sasl-xoauth2.conf /etc/tokens/billing@example.com
  postern import ~/.local/share/mutt/billing.tokens --decrypt-command "gpg --decrypt"`

/** Far more than any of these files has. */
const mostKibibytes = 1_024
const decryptMilliseconds = 60_000

/** @throws Failure `invalid` */
async function boundedFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r')
    try {
      const octets = Buffer.alloc(mostKibibytes * 1024 + 1)
      let length = 0
      for (let read = -1; read !== 0 && length < octets.length; length += read)
        read = (await file.read(octets, length, octets.length - length)).bytesRead
      if (length < octets.length) return octets.subarray(0, length)
    } finally {
      await file.close()
    }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable'
    throw failure('command.file-unreadable', { path: printable(path), reason, cause })
  }
  throw failure('import.file-too-large', { path: printable(path), most: mostKibibytes })
}

async function sourceOf(path: string, decryptCommand: string | undefined): Promise<SourceFile> {
  const { isEncrypted, textOf } = await import('../moving-in/moving-in.ts')
  const octets = await boundedFile(path)
  const opened =
    decryptCommand !== undefined && isEncrypted(octets)
      ? await decrypted(path, octets, decryptCommand)
      : octets
  return { path, text: textOf(path, opened) }
}

/** What the administrator's command makes of the file. What it says beside goes to standard error, as it would by hand. */
async function decrypted(path: string, octets: Buffer, command: string): Promise<Buffer> {
  const child = spawn(command, { shell: true, stdio: ['pipe', 'pipe', 'inherit'], windowsHide: true })
  const failed = (status: string, cause?: unknown) =>
    failure('import.decrypt-failed', { path: printable(path), status, cause })
  const impatience = setTimeout(() => endProgram(child), decryptMilliseconds)
  try {
    // A command that does not read has closed its end.
    child.stdin.on('error', () => {})
    child.stdin.end(octets)
    const ended = once(child, 'close') as Promise<[number | null, string | null]>
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of child.stdout) {
      length += (piece as Buffer).length
      if (length > mostKibibytes * 1024) {
        endProgram(child)
        throw failure('import.file-too-large', { path: printable(path), most: mostKibibytes })
      }
      pieces.push(piece as Buffer)
    }
    const [code, signal] = await ended
    if (code !== 0) throw failed(`${code ?? signal}`)
    return Buffer.concat(pieces)
  } finally {
    clearTimeout(impatience)
  }
}

async function moveIn(holdings: Holdings, options: ImportOptions, context: Context): Promise<Step[]> {
  const progress = progressOn(context.terminal)
  try {
    if (!options.dryRun)
      return await context.withNewBroker((broker) => steps(broker, holdings, options, progress))
    return await context.withBroker((broker) => steps(broker, holdings, options, progress))
  } catch (error) {
    // Before the first start there is nothing that it could meet.
    const { id } = asFailure(error)
    if (!options.dryRun || (id !== 'data.directory-missing' && id !== 'data.store-missing')) throw error
    return await steps(undefined, holdings, options, progress)
  } finally {
    progress.end()
  }
}

/** @param broker absent: there is none yet, and nothing is done */
async function steps(
  broker: Broker | undefined,
  holdings: Holdings,
  options: ImportOptions,
  progress: Progress,
): Promise<Step[]> {
  const isDry = options.dryRun ?? false
  const { registrations, mailboxes, logins: foundLogins } = holdings
  const count = registrations.length + mailboxes.length + foundLogins.length
  const done: Step[] = []

  /**
   * Does it, unless this is a dry run; what is refused is told, and the rest goes on.
   * @param check throws what is wrong, also in a dry run
   */
  async function step(
    what: Omit<Step, 'outcome'>,
    work: (broker: Broker) => Promise<unknown>,
    check = () => {},
  ): Promise<boolean> {
    progress.show(`${done.length + 1} of ${count}: ${what.name}`)
    try {
      check()
      if (!isDry && broker) await work(broker)
      done.push({ ...what, outcome: isDry ? 'would be added' : 'added' })
      return true
    } catch (error) {
      const { message, fix, code } = asFailure(error)
      if (code === 'store-unavailable') throw error
      done.push({ ...what, outcome: 'failed', detail: message, ...(fix !== undefined && { fix }) })
      return false
    }
  }

  const registered = [...((await broker?.registrations.list()) ?? [])]
  const ids = new Map<FoundRegistration, string>()
  const taken = new Set(registered.map(({ id }) => id))
  for (const found of holdings.registrations) {
    const { request, from } = found
    const same = registered.find((one) => isSameClient(one, found))
    if (same) {
      ids.set(found, same.id)
      const detail = 'this client is registered already; its registration stays as it is'
      done.push({ kind: 'registration', name: same.id, outcome: 'there', detail, from })
      continue
    }
    const id = freeId(found.id, taken)
    const beside = id === found.id ? '' : `; ${found.id} has another client, and stays as it is`
    const detail = `${describeClient(found)}${beside}`
    const added = await step({ kind: 'registration', name: id, detail, from }, ({ registrations }) =>
      registrations.add({ ...request, id }),
    )
    if (!added) continue
    taken.add(id)
    ids.set(found, id)
  }

  const known = new Set(((await broker?.mailboxes.list()) ?? []).map(({ address }) => address.toLowerCase()))
  for (const { address, registration, smtpPreset, from, ...mailbox } of holdings.mailboxes) {
    const what = { kind: 'mailbox' as const, name: printable(address), from }
    if (known.has(address.toLowerCase())) {
      done.push({ ...what, outcome: 'there', detail: 'it stays as it is, with its own grant' })
      continue
    }
    const given = registration === undefined ? options.provider : undefined
    const provider =
      registration === undefined ? (given ?? registrationAt(registered, smtpPreset)) : ids.get(registration)
    const { refreshToken, appOnly, saslUser } = mailbox
    const grant = refreshToken
      ? 'with its refresh token'
      : appOnly
        ? 'the app itself sends'
        : `then it needs a consent: postern consent ${shellWord(address)}`
    const added = await step(
      { ...what, detail: `at ${provider ?? '?'}, ${grant}` },
      ({ mailboxes }) =>
        mailboxes.add({
          address,
          provider: provider ?? '',
          ...(saslUser !== undefined && { saslUser }),
          ...(refreshToken && { refreshToken }),
          ...(appOnly && { appOnly }),
        }),
      () => {
        parseAddress(address)
        // Before the first start nobody knows what the settings will have.
        if (provider !== undefined && (broker === undefined || taken.has(provider))) return
        if (registration !== undefined) throw failure('import.registration-failed')
        const named = provider ?? smtpPreset
        throw named === undefined
          ? failure('import.no-client')
          : failure('import.no-registration', { provider: printable(named) })
      },
    )
    if (added) known.add(address.toLowerCase())
  }

  const logins = (await broker?.logins.list()) ?? []
  for (const found of holdings.logins) {
    const { from, name, recipients, ...request } = found
    const shown = printable(found.userName ?? name)
    const what = { kind: 'login' as const, name: shown, from }
    if (logins.some((one) => one.state !== 'revoked' && isSameLogin(one, found))) {
      done.push({ ...what, outcome: 'there', detail: 'it stays as it is, with its own password' })
      continue
    }
    await step(
      { ...what, detail: describeLogin(found) },
      ({ logins: all }) =>
        all.add({
          ...request,
          name,
          ...(recipients && { limits: { recipients } }),
          ...(found.password === undefined && { withoutPassword: true }),
        }),
      () => {
        const strange = found.mailboxes.find((one) => !known.has(one.toLowerCase()))
        if (strange !== undefined) throw failure('mailbox.unknown', { mailbox: printable(strange) })
      },
    )
  }
  return done
}

function isSameClient(
  { id, fields, serviceAccount }: RegistrationStatus,
  { request }: FoundRegistration,
): boolean {
  if ((fields.preset ?? id) !== (request.preset ?? id)) return false
  if (request.preset === undefined && fields.tokenEndpoint !== request.tokenEndpoint) return false
  if (request.serviceAccount)
    return (
      serviceAccount !== undefined && request.serviceAccount.reveal().includes(`"${serviceAccount.email}"`)
    )
  const tenants = [fields.tenant ?? 'common', request.tenant ?? 'common']
  return fields.clientId === request.clientId && tenants[0] === tenants[1]
}

function registrationAt(
  registered: readonly RegistrationStatus[],
  preset: string | undefined,
): string | undefined {
  return registered.find(({ id, fields }) => preset !== undefined && (fields.preset ?? id) === preset)?.id
}

function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  for (let count = 2; ; count += 1) if (!taken.has(`${wanted}-${count}`)) return `${wanted}-${count}`
}

function isSameLogin(
  { userName, networks, mailboxes, password }: Awaited<ReturnType<Broker['logins']['list']>>[number],
  found: FoundLogin,
): boolean {
  if (found.userName !== undefined) return userNameKey(userName) === userNameKey(found.userName)
  const same = (left: readonly string[], right: readonly string[]) =>
    left.length === right.length &&
    left.every((one) => right.some((other) => other.toLowerCase() === one.toLowerCase()))
  return password === 'none' && same(networks, found.networks ?? []) && same(mailboxes, found.mailboxes)
}

function describeClient({ request }: FoundRegistration): string {
  const { clientId, tenant, clientSecrets, certificate, serviceAccount } = request
  const proof = clientSecrets
    ? 'with its client secret'
    : certificate
      ? 'with its certificate'
      : 'a public client'
  if (serviceAccount) return 'a service account, with its key'
  return `client ${printable(clientId ?? '')}${tenant === undefined ? '' : ` of ${printable(tenant)}`}, ${proof}`
}

function describeLogin({ mailboxes, password, networks = [], recipients = [] }: FoundLogin): string {
  const where = networks.length > 0 ? `, from ${networks.map((one) => printable(one)).join(' ')}` : ''
  const proof = password
    ? 'with the password that it has, unless that is easy to guess'
    : 'without a password'
  const to = recipients.length > 0 ? `, only to ${recipients.map((one) => printable(one)).join(' ')}` : ''
  return `for ${mailboxes.map((one) => printable(one)).join(' ')}, ${proof}${where}${to}`
}

function describe(all: readonly Step[], leftOut: readonly LeftOut[], to: Terminal['stdout']): string {
  const rows = all.map(({ outcome, kind, name, detail }) => [outcome, kind, name, detail])
  const fixes = all.flatMap(({ kind, name, fix }) => (fix === undefined ? [] : `  ${kind} ${name}: ${fix}\n`))
  const failed = fixes.length > 0 ? `\nWhat failed can be mended:\n${fixes.join('')}` : ''
  const left = leftOut.map(({ what, why, from }) => `  ${placeText(from)}: ${what}: ${why}\n`)
  const rest = left.length > 0 ? `\nWhat does not come along:\n${left.join('')}` : ''
  const next = all.some(({ kind, outcome }) => kind === 'mailbox' && outcome === 'added')
    ? '\nNext: stop the other program, then "postern doctor ADDRESS" for each mailbox.\n'
    : ''
  const head =
    rows.length > 0
      ? table(['OUTCOME', 'WHAT', 'NAME', 'HOW'], rows, to)
      : 'There is nothing in it that postern has a place for.\n'
  return `${head}${failed}${rest}${next}`
}

function placeText({ file, line }: Place): string {
  return line === undefined ? printable(file) : `${printable(file)}:${line}`
}
