import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { asFailure, Failure, failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { shellWord } from '../base/text.ts'
import type { Config } from '../config/config.ts'
import { redirectUriOf } from '../consent/consent-service.ts'
import { type Address, parseAddress } from '../model/address.ts'
import { createHttpFetch } from '../net/http-fetch.ts'
import { mxHostsOf } from '../net/name-resolver.ts'
import {
  createCatalogue,
  findRegistered,
  type Suggestion,
  suggestProvider,
  withoutOAuth,
} from '../providers/catalogue.ts'
import { createOAuthClients } from '../providers/oauth/oauth-clients.ts'
import { objectIdIn } from '../providers/oauth/token-claims.ts'
import type { Catalogue } from '../providers/provider.ts'
import {
  evidenceWords,
  type ProviderDetails,
  type ProviderStatus,
  providerDetails,
  providerList,
} from '../providers/provider-status.ts'
import {
  type CheckedPoint,
  createRegistrationChecks,
  type RegistrationCheck,
} from '../providers/registration-checks.ts'
import type { RegistrationSource } from '../providers/registrations.ts'
import { NoStoreHere } from '../store/data-dir.ts'
import type { Context } from './context.ts'
import { collect, exitCodes, type Terminal, table } from './terminal.ts'

/** `postern provider list | show | check` */
export function addProviderVerbs(program: Command, context: Context): void {
  const provider = program.command('provider').description('mail providers, and what each needs')

  provider
    .command('list')
    .option('--for <address>', 'suggest one for this address, by its domain and where its mail comes in')
    .description('list the providers that postern knows')
    .addHelpText('after', '\nExample:\n  postern provider list --for billing@example.com')
    .action(async ({ for: address }: { for?: string }, command: Command) => {
      const { config } = await context.config()
      const providers = providerList(await catalogueWithStored(context, config))
      const suggestion = address === undefined ? undefined : await suggestionFor(parseAddress(address))
      const result = { providers, withoutOAuth, ...(suggestion && { suggestion }) }
      context.tell(
        command,
        result,
        suggestion
          ? suggestionText(address ?? '', suggestion, (id) =>
              providers.some((one) => one.id === id && one.registered),
            )
          : listText(providers, context.terminal.stdout),
      )
    })

  provider
    .command('show')
    .argument('<id>')
    .description('show one provider: what is known of it, and how to set it up')
    .option('--mailbox <address>', 'fill this mailbox into the commands')
    .option('--ask', 'get an access token as the app itself, to look at it and fill in its object id')
    .addHelpText('after', '\nExample:\n  postern provider show microsoft --mailbox billing@example.com --ask')
    .action(async (id: string, options: { mailbox?: string; ask?: boolean }, command: Command) => {
      const { config } = await context.config()
      const mailbox = options.mailbox === undefined ? undefined : parseAddress(options.mailbox)
      const token = options.ask ? await ask(context, config, id, mailbox ?? 'nobody@example.com') : undefined
      const redirectUri = redirectUriOf(config.publicUrl)
      const details = providerDetails(await catalogueWithStored(context, config), id, {
        redirectUri,
        mailbox,
        objectId: token?.objectId,
      })
      context.tell(command, { ...details, ...(token && { token }) }, providerText(details, token))
    })

  addProviderScriptVerb(provider, context)
  addProviderCheckVerb(provider, context)
}

interface ScriptOptions {
  mailbox: string[]
  appOnly?: boolean
  objectId?: string
  ask?: boolean
}

/** `postern provider script` */
function addProviderScriptVerb(provider: Command, context: Context): void {
  provider
    .command('script')
    .argument('<id>')
    .description(
      'write a PowerShell script that makes mailboxes of Exchange Online ready, and takes that back',
    )
    .requiredOption('--mailbox <address>', 'for this mailbox (repeatable)', collect)
    .option('--app-only', 'for mailboxes without the consent of a person: the app itself may send from them')
    .option('--object-id <id>', 'the object id of the Enterprise application, which the script needs once')
    .option('--ask', 'get an access token as the app itself, to find its object id')
    .addHelpText(
      'after',
      '\nExample:\n  postern provider script microsoft --app-only --mailbox billing@example.com > postern-exchange.ps1',
    )
    .action(async (id: string, options: ScriptOptions, command: Command) => {
      const { config } = await context.config()
      const mailboxes = options.mailbox.map(parseAddress)
      const token = options.ask
        ? await ask(context, config, id, mailboxes[0] ?? 'nobody@example.com')
        : undefined
      if (token?.mistake) context.warn([`${token.mistake.what}. ${token.mistake.fix}`])
      const { exchangeScriptOf } = await import('../providers/exchange-script.ts')
      const script = exchangeScriptOf(await catalogueWithStored(context, config), id, {
        mailboxes,
        appOnly: options.appOnly === true,
        objectId: options.objectId ?? token?.objectId,
      })
      context.tell(command, { script }, script)
    })
}

/** The settings, and what is in the store without its secrets: those do not leave it. */
export async function catalogueWithStored(context: Context, config: Config): Promise<Catalogue> {
  const all = await context
    .withBroker(({ registrations }) => registrations.list())
    .catch((error: unknown) => {
      // Before there is a store, or where it cannot be asked, the settings are all that is known.
      if (error instanceof Failure) return []
      throw error
    })
  const stored = all.filter(({ source, trouble }) => source === 'stored' && !trouble)
  return createCatalogue(
    config,
    stored.map(({ id, fields, clientSecrets }) => {
      const { proxy: _, clientId = '', ...rest } = fields
      return { ...rest, id, clientId, clientSecrets: clientSecrets.map(() => ({ value: new Secret('') })) }
    }),
  )
}

/** What the provider says against it is part of the answer. */
async function ask(context: Context, config: Config, id: string, mailbox: Address): Promise<TokenReport> {
  try {
    const catalogue = createCatalogue(config)
    if (findRegistered(await catalogueWithStored(context, config), id)?.source === 'stored')
      throw failure('registration.secrets-kept', { id })
    const { flows } = catalogue.registered(id)
    const flow = flows.includes('service-account') ? 'service-account' : 'client-credentials'
    const { accessToken, tokenCheck = {} } = await withHttp(config, (http) =>
      createOAuthClients({ catalogue, http, clock: systemClock })(id).appOnlyToken(flow, mailbox),
    )
    const objectId = objectIdIn(accessToken.reveal())
    const { error: mistake, warning: doubt } = tokenCheck
    return {
      ...(mistake && { mistake: { what: mistake.message, fix: mistake.fix ?? '' } }),
      ...(doubt !== undefined && { doubt: `${doubt.message}.` }),
      ...(objectId !== undefined && { objectId }),
    }
  } catch (error) {
    const { message, fix } = asFailure(error)
    const what = error instanceof Error && error.name === 'OAuthError' ? error.message : message
    return {
      mistake: { what, fix: fix ?? 'Check the registration, its secret or certificate, and its tenant.' },
    }
  }
}

function listText(providers: readonly ProviderStatus[], to: Terminal['stdout']): string {
  const rows = providers.map(({ id, name, registered, standing, flows }) => [
    id,
    name,
    registered ? 'yes' : 'no',
    standing.evidence,
    flows.join(' '),
  ])
  const without = withoutOAuth.map(({ name, reason }) => `  ${name}: ${reason.en}\n`).join('')
  return `${table(['PROVIDER', 'NAME', 'REGISTERED', 'KNOWN', 'WAYS TO A GRANT'], rows, to)}\nNot possible, because their SMTP servers take passwords only:\n${without}`
}

/** `postern provider check` */
function addProviderCheckVerb(provider: Command, context: Context): void {
  provider
    .command('check')
    .argument('<id>')
    .description('check what is set for a provider, and ask it whether it takes the client')
    .addHelpText('after', '\nExample:\n  postern provider check microsoft')
    .action(async (id: string, _options: object, command: Command) => {
      const { config } = await context.config()
      const check = (await checkRunning(context, id)) ?? (await checkHere(config, id))
      context.tell(command, check, checkText(check))
      if (check.points.some(({ outcome }) => outcome === 'wrong'))
        context.exitCode = exitCodes['provider-setup']
    })
}

/** By the postern that runs, whose settings may be other ones than ours. Undefined: none runs. */
async function checkRunning(context: Context, id: string): Promise<RegistrationCheck | undefined> {
  try {
    return await context.withRunningBroker((broker) => broker.checkProvider(id))
  } catch (error) {
    const isNone = error instanceof Failure && error.code === 'store-unavailable'
    if (isNone || error instanceof NoStoreHere) return undefined
    throw error
  }
}

function checkHere(config: Config, id: string): Promise<RegistrationCheck> {
  const settingsNow = async () => ({ catalogue: createCatalogue(config), publicUrl: config.publicUrl })
  return withHttp(config, (http) =>
    createRegistrationChecks({ settingsNow, redirectUriOf, http, clock: systemClock }).check(id),
  )
}

const marks: Record<CheckedPoint['outcome'], string> = { good: 'good ', wrong: 'WRONG', unknown: '?    ' }

/** For a terminal. */
export function checkText({ points }: RegistrationCheck): string {
  const lines = points.flatMap(({ outcome, what, details = [], fix }) => [
    `${marks[outcome]}  ${what}`,
    ...details.map((detail) => `         - ${detail}`),
    ...(fix === undefined ? [] : [`       What to do: ${fix}`]),
  ])
  return `${lines.join('\n')}\n`
}

/** What an access token of the app itself says. Field names are those of the command's JSON. */
interface TokenReport {
  mistake?: { what: string; fix: string }
  doubt?: string
  objectId?: string
}

const sources: Record<RegistrationSource, string> = {
  settings: 'the settings',
  stored: 'the store ("postern registration show")',
  shipped: 'this installation',
}

/** Everything about one provider, for a terminal. */
function providerText(details: ProviderDetails, token?: TokenReport): string {
  const { id, name, registered, source = 'settings', missing, standing, flows, smtp, scopes, setUp } = details
  const facts: [string, string | undefined][] = [
    ['provider', `${id}: ${name}`],
    ['registered', registered ? `yes, by ${sources[source]}` : `no. ${missing ?? ''}`],
    ['known', evidenceWords[standing.evidence].en],
    ['ways', flows.join(', ')],
    ['smtp', `${smtp.host}:${smtp.port} ${smtp.tls}`],
    ['scopes', scopes.join(' ')],
    ['redirect URI', setUp.redirectUri],
  ]
  const filled = facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
  return [
    ...filled.map(([fact, value]) => `${fact.padEnd(14)}${value}`),
    ...section(
      'Good to know',
      standing.notes.map((note) => `- ${note}`),
    ),
    ...section('Steps at the provider', numbered(setUp.steps)),
    ...section(
      'To do there for mailboxes without a consent (--app-only)',
      numbered(setUp.appOnlySteps ?? []),
    ),
    ...section('Settings for .env', [...(setUp.settings?.lines ?? [])]),
    ...section('And into the file that is named there', setUp.settings?.file?.split('\n') ?? []),
    ...setUp.commands.flatMap(({ purpose, lines }) =>
      section(`${purpose} (Exchange Online PowerShell)`, [...lines]),
    ),
    ...(token ? section('The access token of the app itself', tokenLines(token)) : []),
    '',
  ].join('\n')
}

function numbered(steps: readonly string[]): string[] {
  return steps.map((step, place) => `${place + 1}. ${step}`)
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
}

function tokenLines({ mistake, doubt, objectId }: TokenReport): string[] {
  return [
    ...(mistake
      ? [`Wrong: ${mistake.what}.`, `Fix: ${mistake.fix}`]
      : ['It can be had, and is for the mail server.']),
    ...(doubt === undefined ? [] : [`Doubt: ${doubt}`]),
    ...(objectId === undefined ? [] : [`Object id of the Enterprise application: ${objectId}`]),
  ]
}

export function suggestionFor(address: Address): Promise<Suggestion> {
  return suggestProvider(address, mxHostsOf)
}

/** @param isRegistered whether the provider is set up already */
export function suggestionText(
  address: string,
  suggestion: Suggestion,
  isRegistered = (_id: string) => false,
): string {
  switch (suggestion.kind) {
    case 'provider':
      return `${address} seems to be at ${suggestion.name}, by its ${suggestion.by === 'mx' ? 'mail servers (MX)' : 'domain'}.\nNext: postern ${
        isRegistered(suggestion.id)
          ? `mailbox add ${shellWord(address)} --provider ${suggestion.id}`
          : `provider show ${suggestion.id}`
      }\n`
    case 'without-oauth':
      return `${address} seems to be at ${suggestion.name}. ${suggestion.reason.en}\n`
    case 'unknown':
      return `Nothing tells where ${address} is. "postern provider list" names the providers; any other goes into POSTERN_PROVIDERS_FILE.\n`
  }
}

/** Asks providers from this process, and ends the connections afterwards. */
async function withHttp<T>(
  { extraCa, limits }: Config,
  work: (http: ReturnType<typeof createHttpFetch>) => Promise<T>,
): Promise<T> {
  const http = createHttpFetch({ extraCa, timeoutSeconds: limits.tokenRequestSeconds })
  try {
    return await work(http)
  } finally {
    await http.close()
  }
}
