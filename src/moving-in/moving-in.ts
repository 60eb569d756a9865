import { failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import type { RegistrationRequest } from '../providers/registrations.ts'
import { readEmailProxyFiles } from './email-oauth2-proxy.ts'
import {
  type Found,
  type FoundClient,
  type FoundMailbox,
  type Helps,
  nothing,
  type Place,
  type SourceFile,
} from './found.ts'
import { presetAtHost, registrationOf } from './provider-behind.ts'
import { readPostfixImages, readSmtpRelays } from './simple-relays.ts'
import { readSmtp2Graph } from './smtp2graph.ts'
import { readMuttFiles, readOamaFiles, readSaslFiles } from './token-files.ts'

/** The programs whose files are read, by the names of `--format`. */
export const formats = [
  'email-oauth2-proxy',
  'sasl-xoauth2',
  'mutt-oauth2',
  'oama',
  'smtp2graph',
  'docker-postfix',
  'smtprelay',
] as const

export type Format = (typeof formats)[number]

export type { FoundLogin, FoundMailbox, LeftOut, Place, SourceFile } from './found.ts'

/** A registration to be made, and what it is for. */
export interface FoundRegistration {
  /** The id that it would have; another one where that is taken by another client. */
  id: string
  request: RegistrationRequest
  from: Place
}

export interface Holdings extends Pick<Found, 'logins' | 'leftOut'> {
  formats: readonly Format[]
  registrations: readonly FoundRegistration[]
  /** `smtpPreset`: the provider, where only the mail server says which it is. */
  mailboxes: readonly (FoundMailbox & { registration?: FoundRegistration; smtpPreset?: string })[]
}

const readers: Readonly<
  Record<Format, (files: readonly SourceFile[], helps: Helps) => Found | Promise<Found>>
> = {
  'email-oauth2-proxy': readEmailProxyFiles,
  'sasl-xoauth2': readSaslFiles,
  'mutt-oauth2': readMuttFiles,
  oama: readOamaFiles,
  smtp2graph: readSmtp2Graph,
  'docker-postfix': readPostfixImages,
  smtprelay: readSmtpRelays,
}

/**
 * What the files hold that postern has a place for, and what it has none for.
 * @param format of all of them; absent: each is recognised
 * @throws Failure `invalid` for a file that cannot be read, with the line where that is known
 */
export async function readHoldings(
  files: readonly SourceFile[],
  helps: Helps,
  format?: Format,
): Promise<Holdings> {
  const byFormat = new Map<Format, SourceFile[]>()
  for (const file of files) {
    const its = format ?? formatOf(file.text)
    if (its === undefined)
      throw failure('import.format-unknown', { path: printable(file.path), formats: formats.join(', ') })
    byFormat.set(its, [...(byFormat.get(its) ?? []), file])
  }
  const all = nothing()
  for (const [its, ones] of byFormat) {
    const found = await readers[its](ones, helps)
    all.clients.push(...found.clients)
    all.mailboxes.push(...found.mailboxes)
    all.logins.push(...found.logins)
    all.leftOut.push(...found.leftOut)
  }
  return { formats: [...byFormat.keys()], ...withRegistrations(all) }
}

/** Which program wrote the text. Undefined for what none of them has written. */
export function formatOf(text: string): Format | undefined {
  return signs.find(([, sign]) => sign(text))?.[0]
}

const has =
  (...all: RegExp[]) =>
  (text: string) =>
    all.every((one) => one.test(text))

/** What no other format has. The first that fits counts. */
const signs: readonly (readonly [Format, (text: string) => boolean])[] = [
  ['mutt-oauth2', has(/^\s*\{/, /"registration"\s*:/, /"(?:authflow|client_id)"\s*:/)],
  ['oama', has(/^\s*\{/, /"token_type"\s*:/, /"(?:service|email|exp_date)"\s*:/)],
  ['sasl-xoauth2', has(/^\s*\{/, /"(?:refresh_token|access_token|client_id)"\s*:/)],
  ['email-oauth2-proxy', has(/^\[(?:[^\]\n]*@[^\]\n]*|(?:SMTP|IMAP|POP)-\d+)\]/m)],
  ['docker-postfix', has(/^[ \t]*(?:export )?(?:XOAUTH2_[A-Z_]+|RELAYHOST(?:_[A-Z]+)?)[ \t]*=/m)],
  ['smtprelay', has(/^[ \t]*(?:remotes|remote_host|remote_user|allowed_(?:nets|users|sender))[ \t]*=/m)],
  ['smtp2graph', has(/^(?:send|receive)[ \t]*:/m)],
  ['oama', has(/^services[ \t]*:/m)],
]

function withRegistrations({ clients, mailboxes, logins, leftOut }: Found): Omit<Holdings, 'formats'> {
  const registrations = new Map<string, FoundRegistration>()
  const out = [...leftOut]
  const used = new Set<FoundClient>()

  /** One for each client and provider, however many mailboxes name it. */
  function registrationFor(client: FoundClient, address?: string): FoundRegistration | undefined {
    used.add(client)
    const made = registrationOf(client, address)
    if ('why' in made) {
      const what = `the client ${printable(client.clientId)}${address === undefined ? '' : `, with ${address}`}`
      out.push({ what, why: made.why, from: client.from })
      return undefined
    }
    const { preset = '', tokenEndpoint = '', tenant = '', clientId = '' } = made.request
    const key = JSON.stringify([preset, tokenEndpoint, tenant, clientId])
    const same = registrations.get(key) ?? { ...made, from: client.from }
    registrations.set(key, same)
    return same
  }

  const moved: Holdings['mailboxes'][number][] = []
  for (const mailbox of mailboxes) {
    const client = clients.find(({ name }) => name === mailbox.client)
    if (client === undefined) {
      const smtpPreset = mailbox.smtpHost === undefined ? undefined : presetAtHost(mailbox.smtpHost)
      moved.push({ ...mailbox, ...(smtpPreset !== undefined && { smtpPreset }) })
      continue
    }
    const registration = registrationFor(client, mailbox.address)
    if (registration) moved.push({ ...mailbox, registration })
  }
  for (const client of clients) if (!used.has(client)) registrationFor(client)
  return { registrations: [...registrations.values()], mailboxes: newest(moved), logins, leftOut: out }
}

/** One for each address: where a file of tokens and a file of settings both have it, the one with the refresh token. */
function newest<M extends FoundMailbox>(mailboxes: readonly M[]): M[] {
  const byAddress = new Map<string, M>()
  for (const mailbox of mailboxes) {
    const key = mailbox.address.toLowerCase()
    const before = byAddress.get(key)
    if (before === undefined || (mailbox.refreshToken && !before.refreshToken)) byAddress.set(key, mailbox)
  }
  return [...byAddress.values()]
}

/** What begins as OpenPGP does, with or without armour, or with octets that no text has. */
export function isEncrypted(octets: Buffer): boolean {
  return (
    /^-----BEGIN (?:PGP|AGE)|^age-encryption\.org|^Salted__/.test(octets.toString('latin1', 0, 40)) ||
    decoded(octets) === undefined
  )
}

/** As UTF-8, or as UTF-16 where it begins with its mark: editors of Windows write that. */
function decoded(octets: Buffer): string | undefined {
  const isUtf16 = octets[0] === 0xff && octets[1] === 0xfe
  try {
    const text = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(octets)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** The text of a file that is encrypted by nothing. @throws Failure `invalid` */
export function textOf(path: string, octets: Buffer): string {
  const text = isEncrypted(octets) ? undefined : decoded(octets)
  if (text === undefined) throw failure('import.encrypted', { path: printable(path) })
  return text
}
