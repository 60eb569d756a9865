import type { Secret } from '../base/secret.ts'
import { parseAddressPattern } from '../mailboxes/sender-policy.ts'
import type { NewCertificate, RegistrationRequest } from '../providers/registrations.ts'

/** A file of another program. `text`: without the encryption that the file as a whole had. */
export interface SourceFile {
  path: string
  text: string
}

export interface Place {
  file: string
  /** From 1. */
  line?: number
}

/** An app registration as another program knows it, before it is known where its mailboxes are. */
export interface FoundClient {
  /** By which the mailboxes of the files that are read together name it. */
  name: string
  clientId: string
  clientSecret?: Secret
  certificate?: NewCertificate
  serviceAccount?: Secret
  tokenEndpoint?: string
  authorizationEndpoint?: string
  deviceAuthorizationEndpoint?: string
  scopes?: readonly string[]
  proxy?: string
  smtp?: RegistrationRequest['smtp']
  from: Place
}

export interface FoundMailbox {
  address: string
  /** The name of a client. Absent: the file names none. */
  client?: string
  /** The provider's mail server, where that is all that says which provider it is. */
  smtpHost?: string
  saslUser?: string
  appOnly?: true
  refreshToken?: Secret
  from: Place
}

export interface FoundLogin {
  mailboxes: readonly string[]
  userName?: string
  name: string
  /** Absent: whoever comes from `networks` is this login. */
  password?: Secret
  senders?: readonly string[]
  networks?: readonly string[]
  /** It sends to these alone: addresses, or `*@example.com`. */
  recipients?: readonly string[]
  from: Place
}

/** What cannot come along. Two ends of a sentence without a full stop, and nothing secret. */
export interface LeftOut {
  what: string
  why: string
  from: Place
}

/** What the files of one program hold. */
export interface Found {
  clients: FoundClient[]
  mailboxes: FoundMailbox[]
  logins: FoundLogin[]
  leftOut: LeftOut[]
}

export function nothing(): Found {
  return { clients: [], mailboxes: [], logins: [], leftOut: [] }
}

/** What the readers are given beside the files. */
export interface Helps {
  /** Of the other program; each is tried. */
  passwords: readonly Secret[]
  /** The mailbox of a token file that does not name it. */
  address?: string
  /** Mailboxes come without the refresh tokens that no password opens. */
  withoutTokens: boolean
  /** A file that another one names, beside that one. @throws Failure */
  read(path: string, beside: string): Promise<string>
}

export function placeAt({ path }: SourceFile, line?: number): Place {
  return { file: path, ...(line !== undefined && { line }) }
}

/** Those of a list of recipients that a login can be bound to, and the others. */
export function recipientsIn(list: readonly string[]): { readable: string[]; others: string[] } {
  const readable = list.filter(isPattern)
  return { readable, others: list.filter((one) => !readable.includes(one)) }
}

function isPattern(text: string): boolean {
  try {
    parseAddressPattern(text)
    return true
  } catch {
    return false
  }
}
