import { createInterface } from 'node:readline/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { asFailure, Failure, failure } from '../base/failure.ts'
import { localTimestamp } from '../base/local-time.ts'
import type { CompletedConsent } from '../consent/consent-service.ts'
import { isLoopbackHost } from '../net/connect.ts'
import type { SentLink } from '../notices/notices.ts'
import type { Context, RunningBroker } from './context.ts'
import { failureTold } from './remote-broker.ts'
import { table } from './terminal.ts'

interface ConsentOptions {
  send?: boolean
  /** For how many minutes. */
  wait?: number
  paste?: boolean
  device?: boolean
  admin?: string
}

const help = `
Without an option, the link that is printed finishes the consent in any browser that reaches postern.

Examples:
  postern consent billing@example.com --wait
  postern consent billing@example.com --send
  postern consent billing@example.com --paste
  postern consent --admin microsoft`

/** `postern consent` */
export function addConsentVerb(program: Command, context: Context): void {
  program
    .command('consent')
    .argument('[address]', 'the mailbox')
    .description('get the consent of the person who signs in for a mailbox')
    .option(
      '--send',
      'send the link by the channels for notices (webhook, mail, command) instead of printing it',
    )
    .addOption(
      new Option(
        '--wait [minutes]',
        'print the link and wait until it was used: exit code 0, or 75 when the time is over',
      )
        .preset(usualMinutes)
        .argParser(minutes),
    )
    .option(
      '--paste',
      'sign in with a browser that does not reach postern, and paste the address that it ends at',
    )
    .option('--device', 'sign in by a code on another device; many organisations at Microsoft block this')
    .option(
      '--admin <provider>',
      'print the link by which an administrator consents for a whole organisation',
    )
    .addHelpText('after', help)
    .action(async (address: string | undefined, options: ConsentOptions, command: Command) => {
      const [method = printLink, ...more] = methodsOf(options)
      if (more.length > 0)
        command.error('error: give only one of --send, --wait, --paste, --device and --admin')
      if (options.admin === undefined && address === undefined) command.error('error: name the mailbox')
      await context.withRunningBroker((broker) =>
        method({ broker, context, command, address: address ?? '', options }),
      )
    })
}

interface ConsentRequest {
  broker: RunningBroker
  context: Context
  command: Command
  address: string
  options: ConsentOptions
}

type ConsentMethod = (asked: ConsentRequest) => Promise<void>

function methodsOf({ send, wait: waits, paste, device, admin }: ConsentOptions): ConsentMethod[] {
  return [
    ...(send ? [sendLink] : []),
    ...(waits === undefined ? [] : [waitForLink]),
    ...(paste ? [pasteAnswer] : []),
    ...(device ? [onDevice] : []),
    ...(admin === undefined ? [] : [printAdminLink]),
  ]
}

async function printLink({ broker, context, command, address }: ConsentRequest): Promise<void> {
  const link = await broker.createConsentLink(address)
  const words = `${link.url}\n\nWhoever opens this link can finish the consent for ${link.mailbox}, once, until ${localTimestamp(link.expiresAt)}.\n${onlyHere(link.url)}`
  context.tell(command, link, words)
}

/** Warns where the link leads to the reader's own machine and not to this one. */
function onlyHere(url: string): string {
  const { origin, hostname } = new URL(url)
  if (!isLoopbackHost(hostname)) return ''
  return `It opens on this machine only, because POSTERN_PUBLIC_URL is ${origin}. For a browser elsewhere set that to an address that it reaches, or use --paste or --device.\n`
}

const [usualMinutes, mostMinutes] = [15, 1440]

function minutes(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= mostMinutes) return number
  throw new InvalidArgumentError(`Give whole minutes, from 1 to ${mostMinutes}.`)
}

const lookEveryMilliseconds = 1000

/** An interruption ends the waiting alone: the link stays good. */
async function waitForLink({ broker, context, command, address, options }: ConsentRequest): Promise<void> {
  const link = await broker.createConsentLink(address)
  const { wait: patience = usualMinutes } = options
  context.terminal.stderr.write(
    `${link.url}\n\nOpen this link, or send it to whoever signs in for ${link.mailbox}.\n${onlyHere(link.url)}` +
      `Waiting for up to ${patience} minutes. Ctrl-C ends the waiting; the link stays good until ${link.expiresAt}.\n`,
  )
  const patienceEnds = performance.now() + patience * 60_000
  while (performance.now() < patienceEnds) {
    const known = (await broker.consentLinks()).find(({ id }) => id === link.id)
    if (known?.state === 'used') {
      const { address: mailbox, signedInAs } = await broker.mailboxes.show(link.mailbox)
      const who = signedInAs === undefined ? '' : ` (${signedInAs} signed in)`
      const done = { mailbox, ...(signedInAs !== undefined && { signedInAs }) }
      return context.tell(command, done, `done: ${mailbox} can send${who}\n`)
    }
    if (known?.state !== 'open') throw failure('command.link-ended', { mailbox: link.mailbox })
    await wait(lookEveryMilliseconds)
  }
  throw failure('command.nobody-consented', {
    mailbox: link.mailbox,
    minutes: patience,
    until: link.expiresAt,
  })
}

async function sendLink({ broker, context, command, address }: ConsentRequest): Promise<void> {
  const sent = await broker.sendConsentLink(address)
  context.tell(command, sent, sentWords(sent))
}

function sentWords({ mailbox, expiresAt, deliveries }: SentLink): string {
  const lines = deliveries.map(({ channel, failure }) => `${channel}: ${failure ?? 'sent'}\n`)
  return `${lines.join('')}The link finishes the consent for ${mailbox}, once, until ${localTimestamp(expiresAt)}.\n`
}

async function printAdminLink({ broker, context, command, options }: ConsentRequest): Promise<void> {
  const link = await broker.createAdminConsentLink(options.admin ?? '')
  const words = `${link.url}\n\nAn administrator of the organisation opens this link, until ${localTimestamp(link.expiresAt)}.\n`
  context.tell(command, link, words)
}

/** Asks again after a paste that means nothing: it has ended nothing. */
async function pasteAnswer({ broker, context, command, address }: ConsentRequest): Promise<void> {
  const begun = await broker.beginConsent(address)
  const { stderr, stdin } = context.terminal
  const what = begun.byHand
    ? 'the code that the page shows, or the whole address that it ends at'
    : 'the whole address that it ends at, though the browser says that there is no such page'
  stderr.write(
    `Open this address in any browser and sign in:\n\n${begun.authorizationUrl}\n\nThen paste here ${what}:\n`,
  )
  for await (const line of createInterface({ input: stdin })) {
    if (line.trim() === '') continue
    try {
      tellCompleted(context, command, await broker.completeConsent(begun, line))
      return
    } catch (error) {
      const { code, message, fix = '' } = asFailure(error)
      if (code !== 'invalid' || !(error instanceof Failure) || !isMispasted(error)) throw error
      stderr.write(`${message}. ${fix}\n`)
    }
  }
  throw failure('command.nothing-pasted')
}

/** The one failure with this code that has not ended the consent. */
function isMispasted({ id }: Failure): boolean {
  return id === 'consent.not-the-address'
}

async function onDevice({ broker, context, command, address }: ConsentRequest): Promise<void> {
  const begun = await broker.beginDeviceConsent(address)
  const { stderr } = context.terminal
  stderr.write(
    `Open ${begun.verificationUri} on any device and enter the code ${begun.userCode}, until ${localTimestamp(begun.expiresAt)}.\n` +
      'Many organisations at Microsoft block this by Conditional Access, and one that does so later ends the grant: the link of "postern consent" is the better way.\n',
  )
  for (;;) {
    const state = await broker.deviceConsent(begun.id)
    if (state.state === 'completed') return tellCompleted(context, command, state)
    if (state.state === 'refused') {
      const { failure: id, message: detail, fix } = state
      throw failureTold({ failure: id, code: 'consent-needed', detail, ...(fix !== undefined && { fix }) })
    }
    await wait(1000)
  }
}

function tellCompleted(context: Context, command: Command, { mailbox, signedInAs }: CompletedConsent): void {
  const who = signedInAs === undefined ? '' : `, as ${signedInAs} signed in and agreed`
  const result = { mailbox, ...(signedInAs !== undefined && { signedInAs }) }
  context.tell(command, result, `postern can now send mail for ${mailbox}${who}.\n`)
}

/** `postern consent-link list | revoke` */
export function addConsentLinkVerbs(program: Command, context: Context): void {
  const consentLink = program.command('consent-link').description('the consent links that were made')

  consentLink
    .command('list')
    .description('list consent links of the last month')
    .addHelpText('after', '\nExample:\n  postern consent-link list')
    .action(async (_options: object, command: Command) => {
      const consentLinks = await context.withRunningBroker((broker) => broker.consentLinks())
      const rows = consentLinks.map((one) => [
        one.id,
        one.mailbox,
        one.state,
        one.requestedBy,
        localTimestamp(one.usedAt ?? one.expiresAt),
      ])
      const words =
        rows.length > 0
          ? table(['ID', 'MAILBOX', 'STATE', 'ASKED BY', 'USED OR ENDS'], rows, context.terminal.stdout)
          : 'No consent link yet. Make one: postern consent ADDRESS\n'
      context.tell(command, { consentLinks }, words)
    })

  consentLink
    .command('revoke')
    .argument('<id>')
    .description('end a consent link that was not used')
    .addHelpText('after', '\nExample:\n  postern consent-link revoke 3f2a9c0d1b4e5f60')
    .action(async (id: string, _options: object, command: Command) => {
      await context.withRunningBroker((broker) => broker.revokeConsentLink(id))
      context.tell(command, { revoked: id }, `Revoked the consent link ${id}.\n`)
    })
}
