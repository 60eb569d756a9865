import { Secret } from '../base/secret.ts'
import { printable, readUrl } from '../base/text.ts'
import { readConfigParser } from './configparser.ts'
import { type Found, type Helps, nothing, placeAt, type SourceFile } from './found.ts'
import { presetAtHost } from './provider-behind.ts'

/**
 * Reads the environment of a Postfix image that relays by OAuth (`RELAYHOST`, `XOAUTH2_…`), as
 * `docker run --env-file` takes it.
 */
export async function readPostfixImages(files: readonly SourceFile[], helps: Helps): Promise<Found> {
  const found = nothing()
  for (const file of files) await readPostfixImage(file, helps, found)
  return found
}

async function readPostfixImage(file: SourceFile, helps: Helps, found: Found): Promise<void> {
  const { variables, lines } = readEnvFile(file.text)
  const at = (name: string) => ({ from: placeAt(file, lines.get(name)) })
  const leaveOut = (what: string, why: string, name: string) => found.leftOut.push({ what, why, ...at(name) })
  /** Each may be in a file of its own. */
  async function value(name: string): Promise<string | undefined> {
    const path = variables[`${name}_FILE`]
    const text = path ? await helps.read(path, file.path) : variables[name]
    return text?.trim() || undefined
  }

  const [clientId, secret] = [await value('XOAUTH2_CLIENT_ID'), await value('XOAUTH2_SECRET')]
  const [user, refreshToken] = [
    variables.RELAYHOST_USERNAME?.trim(),
    await value('XOAUTH2_INITIAL_REFRESH_TOKEN'),
  ]
  const client = `docker-postfix ${file.path}`
  if (clientId !== undefined)
    found.clients.push({
      name: client,
      clientId,
      ...(secret !== undefined && { clientSecret: new Secret(secret) }),
      tokenEndpoint: variables.XOAUTH2_TOKEN_ENDPOINT || 'https://accounts.google.com/o/oauth2/token',
      ...at('XOAUTH2_CLIENT_ID'),
    })
  else if (variables.RELAYHOST_PASSWORD || variables.RELAYHOST_PASSWORD_FILE)
    leaveOut('the password at the provider', 'postern signs in there by OAuth alone', 'RELAYHOST_PASSWORD')
  if (user?.includes('@')) {
    const host = hostIn(variables.RELAYHOST ?? '')
    if (clientId !== undefined && refreshToken === undefined)
      leaveOut(
        `the tokens of ${printable(user)}`,
        'they are in the file of sasl-xoauth2 in the container (/var/spool/postfix/xoauth2-tokens): give that file, too',
        'RELAYHOST_USERNAME',
      )
    found.mailboxes.push({
      address: user,
      ...(clientId === undefined ? { smtpHost: host } : { client }),
      ...(refreshToken !== undefined && { refreshToken: new Secret(refreshToken) }),
      ...at('RELAYHOST_USERNAME'),
    })
    const networks = (variables.POSTFIX_mynetworks ?? variables.MYNETWORKS ?? '')
      .split(/[\s,]+/)
      .filter(Boolean)
    const domains = (variables.ALLOWED_SENDER_DOMAINS ?? '').split(/[\s,]+/).filter(Boolean)
    if (networks.length > 0)
      found.logins.push({
        mailboxes: [user],
        name: 'Postfix relay, by address',
        networks,
        senders: domains.map((domain) => `*@${domain}`),
        ...at(variables.POSTFIX_mynetworks === undefined ? 'MYNETWORKS' : 'POSTFIX_mynetworks'),
      })
  } else if (user !== undefined)
    leaveOut(`the user ${printable(user)}`, 'it is no mail address', 'RELAYHOST_USERNAME')
  for (const name of Object.keys(variables))
    if (name.startsWith('POSTFIX_') && name !== 'POSTFIX_mynetworks')
      leaveOut(printable(name), 'it is a setting of Postfix, which may stay in front of postern', name)
}

/** As Docker reads it: what stands behind the first `=` of a line is the value. Of quotes, which others write, one pair is taken off. */
function readEnvFile(text: string) {
  const variables: Record<string, string | undefined> = Object.create(null)
  const lines = new Map<string, number>()
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const at = line.indexOf('=')
    if (at < 0 || line.trimStart().startsWith('#')) continue
    const name = line
      .slice(0, at)
      .trim()
      .replace(/^export /, '')
    variables[name] = line
      .slice(at + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2')
    lines.set(name, index + 1)
  }
  return { variables, lines }
}

/** `[smtp.example.com]:587` as Postfix writes it, or without brackets or port. */
function hostIn(relayHost: string): string {
  return relayHost.replace(/^\[?([^\]:]*)\]?(?::\d+)?$/, '$1')
}

/** Reads `smtprelay.ini` of smtprelay: who may send by their address, and where mail goes. */
export function readSmtpRelays(files: readonly SourceFile[], _helps: Helps): Found {
  const found = nothing()
  for (const file of files) readSmtpRelay(file, found)
  return found
}

function readSmtpRelay(file: SourceFile, found: Found): void {
  const options = readConfigParser(file, '').get('')?.options ?? new Map()
  const value = (name: string): string | undefined =>
    options.get(name)?.value.replace(/^"(.*)"$/, '$1') || undefined
  const at = (name: string) => ({ from: placeAt(file, options.get(name)?.line) })
  const leaveOut = (what: string, why: string, name: string) => found.leftOut.push({ what, why, ...at(name) })

  const remotes = (value('remotes') ?? '').split(/\s+/).filter(Boolean)
  const named = value('remotes') === undefined ? 'remote_host' : 'remotes'
  const [host, user] =
    value('remotes') === undefined
      ? [hostIn(value('remote_host') ?? ''), value('remote_user')]
      : serverIn(remotes[0] ?? '')
  if (remotes.length > 1)
    leaveOut(`${remotes.length - 1} of its remotes`, 'a mailbox leaves by one provider', 'remotes')
  const address = value('remote_sender') ?? user
  if (address?.includes('@')) {
    found.mailboxes.push({ address, smtpHost: host, ...at(named) })
    const networks = (value('allowed_nets') ?? '').split(/\s+/).filter(Boolean)
    const senders = sendersIn(value('allowed_sender'))
    const recipients = sendersIn(value('allowed_recipients'))
    if (networks.length > 0)
      found.logins.push({
        mailboxes: [address],
        name: 'smtprelay, by address',
        networks: networks.map(network),
        ...(senders && { senders }),
        ...(recipients && { recipients }),
        ...at('allowed_nets'),
      })
  } else leaveOut('where mail goes', 'no address says which mailbox it leaves from', named)
  if (host !== '' && presetAtHost(host) === undefined)
    leaveOut(
      `the server ${printable(host)}`,
      'it belongs to no provider that is known here: "postern registration add"',
      named,
    )
  for (const [name, why] of Object.entries(withoutPlace)) {
    const isPlain = name.startsWith('allowed_') && sendersIn(value(name)) !== undefined
    if (value(name) !== undefined && !isPlain) leaveOut(name, why, name)
  }
}

const withoutPlace = {
  listen: 'where postern listens is one of its settings: POSTERN_SMTP_LISTEN',
  local_cert: 'the certificate is one of the settings: POSTERN_TLS_CERT_FILE and POSTERN_TLS_KEY_FILE',
  allowed_users: 'it keeps hashes of their passwords: make a login for each ("postern login add")',
  allowed_sender: 'an expression is no list of senders: name them with "postern login allow"',
  allowed_recipients:
    'an expression is no list of recipients: name them with "postern login set ID --recipient PATTERN"',
  remote_pass: 'postern signs in at the provider by OAuth alone',
  metrics_listen: 'it is one of the settings: POSTERN_METRICS_LISTEN',
} as const

/** `starttls://user:password@host:port`, of which the password is of no use. */
function serverIn(remote: string): [host: string, user: string | undefined] {
  const url = readUrl(remote.replace(/^[a-z]+:/, 'https:'))
  return url ? [url.hostname, decodeURIComponent(url.username) || undefined] : [hostIn(remote), undefined]
}

/** What `^(.*)@example.com$` stands for. Undefined for any other expression. */
function sendersIn(expression: string | undefined): string[] | undefined {
  const domain = /^\^\(?\.\*\)?@((?:[\w-]|\\?\.)+)\$$/.exec(expression ?? '')?.[1]
  return domain === undefined ? undefined : [`*@${domain.replaceAll('\\', '')}`]
}

/** It writes 127.0.0.1/8, whose bits behind the prefix count nothing. */
function network(text: string): string {
  return text === '127.0.0.1/8' ? '127.0.0.0/8' : text
}
