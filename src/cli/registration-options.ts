import { type Command, InvalidArgumentError, Option } from 'commander'
import { failure } from '../base/failure.ts'
import type {
  NewClientSecret,
  RegistrationChanges,
  RegistrationRequest,
  RegistrationStatus,
} from '../providers/registrations.ts'
import type { Context } from './context.ts'
import { collect, readTextFile } from './terminal.ts'

/** What the options of `add` and `set` are called, as commander gives them. */
export interface FieldOptions {
  preset?: string
  cloud?: string
  name?: string
  issuer?: string
  authorizationEndpoint?: string
  tokenEndpoint?: string
  deviceAuthorizationEndpoint?: string
  revocationEndpoint?: string
  jwksUri?: string
  userinfoEndpoint?: string
  graphEndpoint?: string
  scope?: string[]
  applicationScope?: string[]
  identityClaim?: string
  authorizationParameter?: string[]
  redirectUri?: string
  tenant?: string
  clientId?: string
  clientSecretFile?: string[]
  secretExpires?: string[]
  certificateFile?: string
  keyFile?: string
  serviceAccountFile?: string
  clientAuthentication?: string
  smtp?: { host: string; port: number }
  smtpTls?: string
  mechanism?: string[]
  connections?: number
  messagesPerMinute?: number
  recipientsPerDay?: number
  messagesPerConnection?: number
  refusedRecipients?: { refused: number; of: number }
  chunking?: string
  refreshMargin?: number
  grantsEndAfterDays?: number
  testing?: boolean
  proxy?: string
}

export interface SetOptions extends FieldOptions {
  addClientSecretFile?: string
  removeClientSecret?: number
  unset?: string[]
}

/** The options that `add` and `set` share: all that can be said of a registration. */
export function withFields(command: Command): Command {
  return command
    .option('--preset <id>', 'a registration at this built-in provider')
    .addOption(
      new Option('--cloud <name>', 'at Microsoft 365: which cloud it is in').choices([
        'worldwide',
        'gcc-high',
        'dod',
        'china',
      ]),
    )
    .option('--name <text>', 'what people call it')
    .option('--client-id <id>', 'the client ID')
    .option('--tenant <id>', 'at Microsoft: a tenant ID, a domain, or common, organizations, consumers')
    .option(
      '--client-secret-file <file>',
      'the client secret (- for standard input, where a terminal shows nothing of it; repeatable, in their order)',
      collect,
    )
    .option(
      '--secret-expires <date>',
      'the day on which it ends: 2027-11-30 (repeatable, in their order)',
      collect,
    )
    .option('--certificate-file <file>', 'a certificate, PEM, in place of client secrets')
    .option('--key-file <file>', 'its private key, PEM, without a passphrase')
    .option('--service-account-file <file>', 'the JSON key file of a Google service account')
    .option(
      '--client-authentication <method>',
      'none, client_secret_post, client_secret_basic, private_key_jwt',
    )
    .option('--issuer <url>', 'of a provider of your own: its endpoints are discovered')
    .option('--authorization-endpoint <url>', 'or each endpoint by itself')
    .option('--token-endpoint <url>', 'where tokens are had')
    .option('--device-authorization-endpoint <url>', 'for consents on another device')
    .option('--revocation-endpoint <url>', 'where consents are ended')
    .option('--jwks-uri <url>', 'the keys that ID tokens are signed with')
    .option('--userinfo-endpoint <url>', 'says whose account it is, where the ID token does not')
    .option('--graph-endpoint <url>', 'Microsoft Graph, in a cloud that no preset knows')
    .option('--scope <scope>', 'what people consent to (repeatable)', collect)
    .option('--application-scope <scope>', 'what the app itself asks for (repeatable)', collect)
    .option('--identity-claim <claim>', 'the claim of the ID token that names the mailbox')
    .option('--authorization-parameter <name=value>', 'of the request for a consent (repeatable)', collect)
    .option(
      '--redirect-uri <uri>',
      'where the provider cannot come back to postern: that of the registration, or oob',
    )
    .option('--smtp <host:port>', 'its mail server', hostAndPort)
    .addOption(
      new Option('--smtp-tls <kind>', 'implicit (usual for port 465) or starttls').choices([
        'implicit',
        'starttls',
      ]),
    )
    .option('--mechanism <name>', 'XOAUTH2 or OAUTHBEARER (repeatable, the preferred one first)', collect)
    .option('--connections <number>', 'simultaneous connections of a mailbox', wholeNumber)
    .option('--messages-per-minute <number>', 'of a mailbox', wholeNumber)
    .option('--recipients-per-day <number>', 'of a mailbox, over 24 hours', wholeNumber)
    .option('--messages-per-connection <number>', 'then a new one is opened', wholeNumber)
    .option(
      '--refused-recipients <n/of>',
      'sending pauses when so many of the last so many were refused',
      share,
    )
    .addOption(new Option('--chunking <use>', 'whether BDAT is used').choices(['auto', 'off']))
    .option('--refresh-margin <seconds>', 'tokens with less life are renewed before use', wholeNumber)
    .option(
      '--grants-end-after-days <days>',
      'the provider ends each consent after so many days',
      wholeNumber,
    )
    .option('--testing', 'the consent screen at Google has the status "Testing": consents end after 7 days')
    .option('--proxy <url>', 'the HTTP proxy to it, or direct')
}

/** What is given, as the service takes it. What makes no sense it says itself, field by field. */
export async function fieldsOf(
  id: string,
  options: FieldOptions,
  context: Context,
): Promise<RegistrationRequest> {
  const { scope, applicationScope, mechanism, authorizationParameter, grantsEndAfterDays, testing } = options
  const named = Object.fromEntries(
    plainFields.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
  const preset = presetOf(id, options)
  const days = grantsEndAfterDays ?? (testing ? 7 : undefined)
  const clientSecrets = await secretsOf(options, context)
  return {
    ...named,
    ...(preset !== undefined && { preset }),
    ...(scope && { scopes: scope }),
    ...(applicationScope && { applicationScopes: applicationScope }),
    ...(mechanism && { mechanisms: mechanism as RegistrationRequest['mechanisms'] & object }),
    ...(authorizationParameter && { authorizationParameters: parametersOf(authorizationParameter) }),
    ...(days !== undefined && { grantsEndAfterDays: days }),
    ...(clientSecrets && { clientSecrets }),
    ...(await certificateOf(options, context)),
    ...(options.serviceAccountFile !== undefined && {
      serviceAccount: await context.secret(options.serviceAccountFile),
    }),
    ...smtpOf(options),
    ...limitsOf(options),
  }
}

const plainFields = [
  'name',
  'issuer',
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'revocationEndpoint',
  'jwksUri',
  'userinfoEndpoint',
  'graphEndpoint',
  'identityClaim',
  'redirectUri',
  'tenant',
  'clientId',
  'clientAuthentication',
  'chunking',
  'refreshMargin',
  'proxy',
] as const satisfies (keyof FieldOptions & keyof RegistrationRequest)[]

/** Each cloud of Microsoft has a preset of its own. */
function presetOf(id: string, { preset, cloud }: FieldOptions): string | undefined {
  if (cloud === undefined) return preset
  const base = preset ?? (id.startsWith('microsoft') ? 'microsoft' : undefined)
  if (base !== 'microsoft')
    throw failure('command.bad-usage', { what: '--cloud is for the preset microsoft' })
  return cloud === 'worldwide' ? base : `${base}-${cloud}`
}

function parametersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const [name = '', ...value] = one.split('=')
      return [name, value.join('=')]
    }),
  )
}

async function secretsOf(
  { clientSecretFile, secretExpires = [] }: FieldOptions,
  context: Context,
): Promise<NewClientSecret[] | undefined> {
  if (!clientSecretFile) return undefined
  const secrets: NewClientSecret[] = []
  for (const [index, file] of clientSecretFile.entries()) {
    const expires = secretExpires[index]
    secrets.push({ value: await context.secret(file), ...(expires !== undefined && { expires }) })
  }
  return secrets
}

async function certificateOf(
  { certificateFile, keyFile }: FieldOptions,
  context: Context,
): Promise<Pick<RegistrationRequest, 'certificate'>> {
  if (certificateFile === undefined && keyFile === undefined) return {}
  if (certificateFile === undefined || keyFile === undefined)
    throw failure('command.bad-usage', { what: '--certificate-file and --key-file belong together' })
  return {
    certificate: { certificate: await readTextFile(certificateFile), key: await context.secret(keyFile) },
  }
}

function smtpOf({ smtp, smtpTls }: FieldOptions): Pick<RegistrationRequest, 'smtp'> {
  if (!smtp) return {}
  const tls = smtpTls ?? (smtp.port === 465 ? 'implicit' : 'starttls')
  return { smtp: { ...smtp, tls: tls as 'implicit' | 'starttls' } }
}

function limitsOf(options: FieldOptions): Pick<RegistrationRequest, 'limits'> {
  const { connections, messagesPerMinute, recipientsPerDay, messagesPerConnection, refusedRecipients } =
    options
  const limits = Object.fromEntries(
    Object.entries({
      connections,
      messagesPerMinute,
      recipientsPerDay,
      messagesPerConnection,
      refusedRecipients,
    }).filter(([, limit]) => limit !== undefined),
  )
  return Object.keys(limits).length === 0 ? {} : { limits }
}

/** What is to be changed of this registration. */
export async function changesOf(
  before: RegistrationStatus,
  options: SetOptions,
  context: Context,
): Promise<RegistrationChanges> {
  const { addClientSecretFile, removeClientSecret, unset = [], secretExpires } = options
  const { limits, ...fields } = await fieldsOf(before.id, options, context)
  const expires = secretExpires?.at(-1)
  return {
    ...fields,
    // A limit that is not given stays.
    ...(limits && { limits: { ...before.fields.limits, ...limits } }),
    ...(addClientSecretFile !== undefined && {
      addClientSecret: {
        value: await context.secret(addClientSecretFile),
        ...(expires !== undefined && { expires }),
      },
    }),
    ...(removeClientSecret !== undefined && { removeClientSecret }),
    ...Object.fromEntries(unset.map((name) => [name, null])),
  }
}

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? []
  if (host !== undefined) return { host, port: Number(port) }
  throw new InvalidArgumentError('It must be a host and a port: smtp.example.com:587.')
}

function share(text: string): { refused: number; of: number } {
  const [, refused, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []
  if (refused !== undefined) return { refused: Number(refused), of: Number(of) }
  throw new InvalidArgumentError('It must be two numbers: 20/100.')
}
