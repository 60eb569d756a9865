import { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import { readConfigParser, type Section } from './configparser.ts'
import { isFernet, mostIterations, openerOf } from './fernet.ts'
import { type Found, type FoundClient, type Helps, nothing, type SourceFile } from './found.ts'
import { isPresetHost, presetAtEndpoint } from './provider-behind.ts'

/** Kept beside the settings by `--cache-store`, and of that file alone. */
const cached = [
  'token_salt',
  'token_iterations',
  'access_token',
  'access_token_expiry',
  'refresh_token',
  'last_activity',
  'client_secret_encrypted',
]

interface Account {
  name: string
  file: string
  line: number
  /** Undefined for an option that is absent or empty. */
  option(name: string): string | undefined
}

/** One of the mail servers that it passes on to. */
interface Server {
  host: string
  port: number
  tls: 'starttls' | 'implicit'
}

/** Reads the settings of email-oauth2-proxy, with the file of its credentials where that is another one. */
export async function readEmailProxyFiles(files: readonly SourceFile[], helps: Helps): Promise<Found> {
  const found = nothing()
  const sections = mergedSections(files)
  const servers = readServers(sections, found)
  for (const account of accountsIn(sections)) await readAccount(account, servers, helps, found)
  return found
}

type FileSection = Section & { file: string }

/** Of what two files have, the second one has the tokens. */
function mergedSections(files: readonly SourceFile[]): Map<string, FileSection> {
  const merged = new Map<string, FileSection>()
  for (const file of files)
    for (const [name, section] of readConfigParser(file)) {
      const before = merged.get(name)
      if (before === undefined) merged.set(name, { ...section, file: file.path })
      else
        for (const [option, value] of section.options)
          if (cached.includes(option) || !before.options.has(option)) before.options.set(option, value)
    }
  return merged
}

function accountsIn(sections: ReadonlyMap<string, FileSection>): Account[] {
  const isSwitchedOn = (option: string) =>
    /^(?:1|yes|true|on)$/i.test(sections.get('emailproxy')?.options.get(option)?.value ?? '')
  const hasCatchAll = isSwitchedOn('allow_catch_all_accounts')
  return [...sections]
    .filter(([name]) => name.includes('@'))
    .map(([name, section]) => {
      const others = hasCatchAll
        ? [`@${name.split('@').at(-1)}`, '@'].flatMap((one) => sections.get(one) ?? [])
        : []
      return {
        name,
        file: section.file,
        line: section.line,
        option(option) {
          const fitting = [section, ...(cached.includes(option) ? [] : others)].find((one) =>
            one.options.has(option),
          )
          const value = fitting?.options.get(option)?.value
          return value === '' ? undefined : value
        },
      }
    })
}

function readServers(sections: ReadonlyMap<string, FileSection>, found: Found): Server[] {
  const servers: Server[] = []
  for (const [name, { line, file, options }] of sections) {
    const [, protocol, port] = /^(SMTP|IMAP|POP)-(\d+)$/.exec(name) ?? []
    if (protocol === undefined) continue
    const from = { file, line }
    const value = (option: string) => options.get(option)?.value || undefined
    if (protocol !== 'SMTP') {
      found.leftOut.push({
        what: `the server ${name}`,
        why: 'postern is for sending: it speaks SMTP alone',
        from,
      })
      continue
    }
    const host = value('server_address')
    const starttls = /^(?:1|yes|true|on)$/i.test(value('server_starttls') ?? value('starttls') ?? '')
    if (host !== undefined && /^\d{1,5}$/.test(value('server_port') ?? ''))
      servers.push({ host, port: Number(value('server_port')), tls: starttls ? 'starttls' : 'implicit' })
    const listen = `${value('local_address') ?? '127.0.0.1'}:${port}`.replace('localhost', '127.0.0.1')
    found.leftOut.push({
      what: `the listener of ${name}`,
      why: `where postern listens is one of its settings (to keep the port: POSTERN_SMTP_LISTEN=${listen})`,
      from,
    })
    if (value('local_certificate_path') !== undefined)
      found.leftOut.push({
        what: `the certificate of ${name}`,
        why: 'it is one of the settings: POSTERN_TLS_CERT_FILE and POSTERN_TLS_KEY_FILE',
        from,
      })
    if (value('plugins') !== undefined)
      found.leftOut.push({ what: `the plugins of ${name}`, why: 'postern has none', from })
  }
  return servers
}

async function readAccount(
  account: Account,
  servers: readonly Server[],
  helps: Helps,
  found: Found,
): Promise<void> {
  const { name, file, line, option } = account
  const from = { file, line }
  const leaveOut = (what: string, why: string) => void found.leftOut.push({ what, why, from })
  const shown = printable(name)

  const clientId = option('client_id')
  if (option('token_url') === undefined || clientId === undefined)
    return leaveOut(`the account ${shown}`, 'it has no token_url or no client_id')
  if (clientId.includes('*** your'))
    return leaveOut(`the account ${shown}`, 'it is the sample: its client_id was never filled in')
  const flow =
    option('oauth2_flow') ?? (option('permission_url') ? 'authorization_code' : 'client_credentials')
  if (flow === 'password')
    return leaveOut(
      `the account ${shown}`,
      "it hands the person's own password to the provider, which postern never does",
    )

  const opened = await open(account, helps)
  // Without its secret the client would be another one.
  const isWithoutSecret =
    option('client_secret') === undefined && option('client_secret_encrypted') !== undefined
  if (opened.trouble !== undefined && (isWithoutSecret || !helps.withoutTokens))
    return leaveOut(`the account ${shown}`, opened.trouble)
  const isAppOnly = flow === 'client_credentials' || flow === 'service_account'
  if (name.startsWith('@') && (!isAppOnly || name === '@')) {
    found.clients.push(await clientOf(account, flow, servers, opened, helps))
    return leaveOut(
      `the account ${shown}`,
      'each of its mailboxes needs a consent of its own, and is added by itself',
    )
  }
  const client = await clientOf(account, flow, servers, opened, helps)
  found.clients.push(client)
  const address = name.startsWith('@') ? `*${name}` : name
  found.mailboxes.push({
    address,
    client: client.name,
    ...(isAppOnly && { appOnly: true as const }),
    ...(opened.refreshToken && !isAppOnly && { refreshToken: opened.refreshToken }),
    from,
  })
  if (opened.password)
    found.logins.push({
      mailboxes: [address],
      userName: address,
      name: 'email-oauth2-proxy',
      password: opened.password,
      from,
    })
}

interface Opened {
  password?: Secret
  refreshToken?: Secret
  clientSecret?: Secret
  /** Why something of it stays shut. */
  trouble?: string
}

/** What the password that the mail program has opens. */
async function open({ option }: Account, { passwords }: Helps): Promise<Opened> {
  const sealed = ['refresh_token', 'client_secret_encrypted', 'access_token'] as const
  const values = sealed.flatMap((name) => option(name) ?? [])
  if (values.length === 0) return {}
  if (!values.every(isFernet)) return { trouble: 'its tokens are damaged: they are not what Fernet writes' }
  const salt = Buffer.from(option('token_salt') ?? '', 'base64')
  const written = option('token_iterations')
  const iterations = written === undefined ? undefined : Number(written)
  if (salt.length === 0) return { trouble: 'its token_salt is missing or damaged' }
  if (
    iterations !== undefined &&
    !(Number.isInteger(iterations) && iterations > 0 && iterations <= mostIterations)
  )
    return { trouble: 'its token_iterations is damaged' }
  if (passwords.length === 0)
    return {
      trouble:
        'its tokens are encrypted with the password that its mail program has: give it with --password-file, or take the mailbox without them with --without-tokens',
    }
  for (const password of passwords) {
    const openWith = await openerOf(password, { salt, ...(iterations !== undefined && { iterations }) })
    if (openWith(values[0] ?? '') === undefined) continue
    const [refreshToken, secret] = [option('refresh_token'), option('client_secret_encrypted')]
    const clientSecret = secret === undefined ? undefined : openWith(secret)
    const token = refreshToken === undefined ? undefined : openWith(refreshToken)
    return {
      password,
      ...(token && { refreshToken: token }),
      ...(clientSecret && { clientSecret }),
    }
  }
  return {
    trouble:
      'none of the passwords opens its tokens: give the one that its mail program has, or take the mailbox without them with --without-tokens',
  }
}

async function clientOf(
  account: Account,
  flow: string,
  servers: readonly Server[],
  opened: Opened,
  helps: Helps,
): Promise<FoundClient> {
  const { name, file, line, option } = account
  const [clientId = '', secret, tokenEndpoint = ''] = [
    option('client_id'),
    option('client_secret'),
    option('token_url'),
  ]
  const permission = option('permission_url')
  const from = { file, line }
  if (flow === 'service_account') {
    const key = clientId === 'file' ? await helps.read(secret ?? '', file) : (secret ?? '')
    return {
      name: `email-oauth2-proxy ${name}`,
      clientId: '',
      serviceAccount: new Secret(key),
      tokenEndpoint,
      from,
    }
  }
  const [certificatePath, keyPath] = [option('jwt_certificate_path'), option('jwt_key_path')]
  const clientSecret =
    secret !== undefined && !secret.includes('*** your') ? new Secret(secret) : opened.clientSecret
  const smtp = serverOf(servers, tokenEndpoint, name)
  const scopes = option('oauth2_scope')?.split(/[\s,]+/)
  return {
    name: `email-oauth2-proxy ${name}`,
    clientId,
    tokenEndpoint,
    ...(clientSecret && { clientSecret }),
    ...(certificatePath !== undefined &&
      keyPath !== undefined && {
        certificate: {
          certificate: await helps.read(certificatePath, file),
          key: new Secret(await helps.read(keyPath, file)),
        },
      }),
    ...(permission !== undefined &&
      (flow === 'device'
        ? { deviceAuthorizationEndpoint: permission }
        : { authorizationEndpoint: permission })),
    ...(scopes && { scopes }),
    ...(smtp && { smtp }),
    from,
  }
}

/** Which server an account uses only its mail program knows: here it is the only one left, or the one of the same domain. */
function serverOf(servers: readonly Server[], tokenEndpoint: string, name: string): Server | undefined {
  if (presetAtEndpoint(tokenEndpoint) !== undefined) return undefined
  const own = servers.filter(({ host }) => !isPresetHost(host))
  if (own.length <= 1) return own[0]
  const domains = [
    name.split('@').at(-1) ?? '',
    URL.canParse(tokenEndpoint) ? new URL(tokenEndpoint).hostname : '',
  ]
  return own.find(({ host }) => domains.some((one) => domainOf(one) === domainOf(host)))
}

function domainOf(host: string): string {
  return host.toLowerCase().split('.').slice(-2).join('.')
}
