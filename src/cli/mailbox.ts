import type { Command } from 'commander'
import { localTimestamp } from '../base/local-time.ts'
import { shellWord } from '../base/text.ts'
import {
  type EndingStatus,
  isFailing,
  isToBeSeenTo,
  type MailboxCondition,
  type MailboxStatus,
  mailboxConditions,
  type PauseStatus,
  type SendingStatus,
} from '../mailboxes/mailboxes.ts'
import { parseAddress } from '../model/address.ts'
import { suggestProvider } from '../providers/catalogue.ts'
import { meaningOf } from '../providers/errors/explained.ts'
import type { Broker, Context } from './context.ts'
import { catalogueWithStored, suggestionFor, suggestionText } from './provider.ts'
import { collect, confirmed, table } from './terminal.ts'

interface AddOptions {
  provider?: string
  signsInAs?: string
  saslUser?: string | false
  alias?: string[] | false
  refreshTokenFile?: string
  appOnly?: boolean
  replace?: boolean
}

/** What the domain of a mailbox says against its provider. Nothing is asked of the network. */
async function doubtsOf({ address, provider }: MailboxStatus, context: Context): Promise<string[]> {
  const suggestion = await suggestProvider(address, async () => [])
  if (suggestion.kind === 'unknown') return []
  const { config } = await context.config()
  const all = (await catalogueWithStored(context, config)).list().map((one) => one.provider)
  const chosen = all.find(({ id }) => id === provider)
  const suggested = suggestion.kind === 'provider' && all.find(({ id }) => id === suggestion.id)
  if (!chosen || (suggested && suggested.submission.host === chosen.submission.host)) return []
  return [`${address} seems to be at ${suggestion.name}, not at ${chosen.name}.`]
}

/** `postern mailbox add | list | show | remove` */
export function addMailboxVerbs(program: Command, context: Context): void {
  const mailbox = program.command('mailbox').description('the addresses that mail leaves from')

  mailbox
    .command('add')
    .argument('<address>', 'or "*@example.com" for every mailbox of a domain, with --app-only')
    .description('add a mailbox')
    .option('--provider <id>', 'its provider; "postern provider list" names those there are')
    .option(
      '--signs-in-as <address>',
      'for a shared mailbox: the account that signs in (the mailbox itself ends this, with --replace)',
    )
    .option(
      '--sasl-user <name>',
      'the name by which the mail server knows whoever signs in, when that is not their address (such as a UPN)',
    )
    .option('--no-sasl-user', 'no such name any more (with --replace)')
    .option('--alias <address>', 'another address that its provider accepts from it (repeatable)', collect)
    .option('--no-alias', 'no aliases any more (with --replace)')
    .option('--refresh-token-file <file>', 'adopt the refresh token in this file (- for standard input)')
    .option(
      '--app-only',
      'send without a user sign-in: the app registration itself sends (client credentials, service account)',
    )
    .option('--replace', 'change the mailbox if it exists')
    .addHelpText('after', '\nExample:\n  postern mailbox add billing@example.com --provider microsoft')
    .action(async (address: string, options: AddOptions, command: Command) => {
      const { signsInAs, saslUser, alias, refreshTokenFile, appOnly, replace } = options
      const provider = options.provider ?? command.error(await providerMissing(address))
      const refreshToken = refreshTokenFile === undefined ? undefined : await context.secret(refreshTokenFile)
      const { status, logins } = await context.withNewBroker(async (broker) => {
        const added = await broker.mailboxes.add({
          address,
          provider,
          ...(signsInAs !== undefined && { signsInAs }),
          ...(saslUser !== undefined && { saslUser: saslUser || '' }),
          ...(alias !== undefined && { aliases: alias || [] }),
          ...(refreshToken && { refreshToken }),
          ...(appOnly && { appOnly }),
          ...(replace && { replace }),
        })
        return withLogins(broker, added)
      })
      context.tell(command, status, `${describe(status)}${nextStep(status, logins)}`)
      context.warn(await doubtsOf(status, context))
    })

  mailbox
    .command('list')
    .description('list all mailboxes')
    .addHelpText('after', '\nExample:\n  postern mailbox list --json')
    .action(async (_options: object, command: Command) => {
      const list = byUrgency(await context.withBroker(({ mailboxes }) => mailboxes.list()))
      const rows = list.map(({ address, provider, condition, lastSentAt, signedInAs, endings }) => [
        address,
        provider,
        conditionWords[condition],
        at(lastSentAt) ?? 'never',
        signedInAs ?? '',
        nextEnd(endings),
      ])
      const words =
        rows.length > 0
          ? table(
              ['MAILBOX', 'PROVIDER', 'STATE', 'LAST SENT', 'CONNECTED AS', 'ENDS'],
              rows,
              context.terminal.stdout,
            )
          : 'No mailbox yet. Add one: postern mailbox add ADDRESS --provider ID\n'
      context.tell(command, { mailboxes: list }, words)
    })

  mailbox
    .command('show')
    .argument('<address>')
    .description('show one mailbox')
    .addHelpText('after', '\nExample:\n  postern mailbox show billing@example.com')
    .action(async (address: string, _options: object, command: Command) => {
      const { status, logins } = await context.withBroker(async (broker) =>
        withLogins(broker, await broker.mailboxes.show(address)),
      )
      const meaning = status.reason === undefined ? undefined : await meaningOf(status.reason)
      context.tell(command, status, `${describe(status, meaning?.en)}${nextStep(status, logins)}`)
    })

  mailbox
    .command('try')
    .argument('<address>')
    .description('try now whether the provider lets it in, whatever it waits for after trouble')
    .addHelpText('after', '\nExample:\n  postern mailbox try billing@example.com')
    .action(async (address: string, _options: object, command: Command) => {
      const status = await context.withRunningBroker((broker) => broker.tryMailbox(address))
      context.tell(command, status, `The provider lets ${status.address} in.\n`)
    })

  mailbox
    .command('remove')
    .argument('<address>')
    .description('remove a mailbox, its grant, and logins that have no other mailbox')
    .option('--yes', 'without asking, which it does on a terminal')
    .addHelpText('after', '\nExample:\n  postern mailbox remove billing@example.com')
    .action(async (address: string, { yes }: { yes?: boolean }, command: Command) => {
      const question = `Remove ${address} with its grant, and the logins that have no other mailbox?`
      if (!yes && !(await confirmed(question, context.terminal))) command.error('error: nothing was removed')
      const { mailbox, revoked, gone } = await context.withBroker((broker) => remove(broker, address))
      const logins = revoked.map(({ userName }) => userName).join(', ')
      const words = [
        `Removed ${mailbox.address} (${mailbox.provider}), whose grant was ${mailbox.state}.\n`,
        logins === '' ? '' : `Removed its logins: ${logins}.\n`,
        gone.revocation === 'revoked' ? 'The consent has ended at the provider, too.\n' : '',
        gone.advice === undefined ? '' : `${gone.advice}\n`,
      ]
      context.tell(command, { ...gone, logins: revoked.map(({ id }) => id) }, words.join(''))
    })
}

/** Only a suggestion: it is not taken by itself. */
async function providerMissing(address: string): Promise<string> {
  const suggestion = await suggestionFor(parseAddress(address))
  const hint =
    suggestion.kind === 'provider'
      ? `--provider ${suggestion.id} may be the one: ${address} seems to be at ${suggestion.name}.`
      : suggestionText(address, suggestion).trim()
  return `error: name the provider with --provider <id>. ${hint}`
}

/** What goes with it is looked up before it is gone: logins that have no other mailbox. */
async function remove({ mailboxes, logins }: Broker, address: string) {
  const mailbox = await mailboxes.show(address)
  const bound = await logins.list(mailbox.address)
  const gone = await mailboxes.remove(mailbox.address)
  return {
    mailbox,
    gone,
    revoked: bound.filter(({ mailboxes: all, state }) => all.length === 1 && state !== 'revoked'),
  }
}

function describe(status: MailboxStatus, meaning?: string): string {
  const lines: [string, string | undefined][] = [
    ['mailbox', status.address],
    ['covered by', status.coveredBy],
    ['provider', status.provider],
    ['signs in as', status.signsInAs],
    ['SASL user', status.saslUser],
    ['accepted as', status.acceptedName],
    ['aliases', status.aliases?.join(' ')],
    ['state', conditionWords[status.condition]],
    ...outcomeLines(status),
    ['last sent', at(status.lastSentAt)],
    ['grant', status.state],
    ['lapsed since', at(status.since)],
    ['reason', status.reason],
    ['means', meaning],
    ['last refused', at(status.refusedAt)],
    ['signed in as', status.signedInAs],
    ['flow', status.flow],
    ['scopes', status.scopes?.join(' ') || undefined],
    ['granted', at(status.grantedAt)],
    ['renewed', at(status.renewedAt)],
    ...endingLines(status.endings),
    ...sendingLines(status.sending),
  ]
  const filled = lines.filter((line): line is [string, string] => line[1] !== undefined)
  return filled.map(([name, value]) => `${name.padEnd(14)}${value}\n`).join('')
}

/** A time in the zone of whoever asks. */
function at(when: string | undefined): string | undefined {
  return when === undefined ? undefined : localTimestamp(when)
}

export const conditionWords: Record<MailboxCondition, string> = {
  failing: 'failing',
  'needs-consent': 'needs a new consent',
  paused: 'paused',
  'not-connected': 'not connected yet',
  'ends-soon': 'ok, ends soon',
  'never-used': 'ok, never used',
  ok: 'ok',
}

/** Those that need somebody first, then by address. */
function byUrgency(all: readonly MailboxStatus[]): MailboxStatus[] {
  const rank = ({ condition }: MailboxStatus) => mailboxConditions.indexOf(condition)
  return [...all].sort((one, other) => rank(one) - rank(other) || (one.address < other.address ? -1 : 1))
}

/** Why the last message, test or sign-in was not done. */
function outcomeLines({ lastOutcome: last }: MailboxStatus): [name: string, value: string | undefined][] {
  if (last === undefined || last.outcome === 'done') return []
  const { message, fix, said, login, failingSince, failures } = last
  return [
    [isFailing(last) ? 'failing since' : 'last refused', at(isFailing(last) ? failingSince : last.at)],
    ['not sent', `${failures} since the last that was`],
    ['by', login],
    ['why', message],
    ['it said', said],
    ['fix', fix],
  ]
}

/** What is there already needs no next step. */
async function withLogins({ logins }: Broker, status: MailboxStatus) {
  const usable = status.state === 'active' ? await logins.list(status.address) : []
  return { status, logins: usable.filter(({ state }) => state === 'active').length }
}

function nextStep({ address, state }: MailboxStatus, logins: number): string {
  const word = shellWord(address)
  if (state !== 'active') return `Next: postern consent ${word}\n`
  if (logins === 0) return `Next: postern login add ${word}\n`
  const many = logins === 1 ? 'One login sends' : `${logins} logins send`
  return `${many} from it: postern login list ${word}\n`
}

/** What will end, the soonest first: for `mailbox show`. */
export function endingLines(endings: readonly EndingStatus[] = []): [name: string, value: string][] {
  return endings.map(({ kind, endsAt, fix }) => ['ends', `${endsAt.slice(0, 10)}: ${words[kind]}. ${fix}`])
}

/** The day of the next expiry that needs action; empty when none is known. */
export function nextEnd(endings: readonly EndingStatus[] = []): string {
  const next = endings.find(isToBeSeenTo)
  return next?.endsAt.slice(0, 10) ?? ''
}

const words: Record<EndingStatus['kind'], string> = {
  unused: 'the grant, if nobody uses it',
  'refresh-token': 'the grant, as the provider has said',
  'test-phase': 'the grant, because the registration is in a test phase',
  'client-secret': 'the client secret of the registration',
  'old-client-secret': 'an earlier client secret of the registration',
  certificate: 'the certificate of the registration',
  'own-certificate': 'the certificate of the registration, which postern renews',
  'own-certificate-refused': 'the certificate of the registration, which could not be renewed',
}

/** What a mailbox may send now, as lines of name and value for `postern mailbox show`. */
export function sendingLines(sending: SendingStatus | undefined): [name: string, value: string][] {
  if (sending === undefined) return []
  const { connections, waiting, messagesLastMinute, recipientsLastDay } = sending
  const { open, inUse, allowed, limit } = connections
  return [
    [
      'connections',
      `${open} open, ${inUse} in use, ${allowed} allowed${allowed < limit ? ` (of ${limit})` : ''}`,
    ],
    ['waiting', `${waiting} ${waiting === 1 ? 'message' : 'messages'}`],
    ['last minute', `${messagesLastMinute}${outOf(sending.messagesPerMinute)} messages`],
    ['last day', `${recipientsLastDay}${outOf(sending.recipientsPerDay)} recipients${roomAt(sending)}`],
    ...sending.pauses.map((pause): [string, string] => ['paused', pauseText(pause)]),
  ]
}

function roomAt({ recipientsRoomAt }: SendingStatus): string {
  return recipientsRoomAt === undefined ? '' : `, limit frees up at ${localTimestamp(recipientsRoomAt)}`
}

function outOf(limit: number | undefined): string {
  return limit === undefined ? '' : ` of ${limit}`
}

export function pauseText({ until, reason, said, fix, ...pause }: PauseStatus): string {
  return `${pausedThing(pause)} until ${localTimestamp(until)}, then one try finds out: ${reason}${said === undefined ? '' : ` The provider said: ${said}.`}${fix === undefined ? '' : ` ${fix}`}`
}

function pausedThing({
  about,
  sender,
  login,
  source,
}: Omit<PauseStatus, 'until' | 'reason' | 'fix' | 'since'>): string {
  if (login !== undefined) return `the program ${login}${source === undefined ? '' : ` at ${source}`}`
  return sender === undefined ? abouts[about] : `the sender ${sender}`
}

const abouts: Record<PauseStatus['about'], string> = {
  mailbox: 'the mailbox',
  sender: 'a sender',
  program: 'a program',
  registration: 'every mailbox of this registration',
  'sign-in': 'new connections',
  token: 'new access tokens',
}
