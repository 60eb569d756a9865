import { failure } from '../base/failure.ts'
import type { Reply } from './reply.ts'

/**
 * The commands of the envelope (RFC 5321, sections 4.1.1.2 and 4.1.1.3), parsed from a client and
 * written to a provider. They hold only what the strict grammar allows, so writing them cannot
 * create a second command.
 */
export interface MailCommand {
  /** Reverse path without the angle brackets; empty for the null sender. */
  sender: string
  parameters: readonly Parameter[]
}

export interface RecipientCommand {
  /** Forward path without the angle brackets. */
  recipient: string
  parameters: readonly Parameter[]
}

/** An ESMTP parameter: keyword in upper case; without a value for a keyword that stands alone. */
export interface Parameter {
  keyword: string
  value?: string
}

/**
 * The octets of a MAIL command, in UTF-8 with its CRLF. Parameters that the provider does not offer
 * are dropped, because it would refuse the command for them (RFC 5321, section 4.1.1.11).
 * @throws Failure `invalid` when a value could end the command, or begin another parameter
 */
export function formatMail(command: MailCommand, offered: Capabilities): Buffer {
  return formatCommand('MAIL FROM', command.sender, command.parameters, offered)
}

/**
 * The octets of a RCPT command.
 * @throws Failure as `formatMail`
 */
export function formatRecipient(command: RecipientCommand, offered: Capabilities): Buffer {
  return formatCommand('RCPT TO', command.recipient, command.parameters, offered)
}

/** Whether a parameter is sent to a provider with these capabilities, or dropped. */
export function isSentTo(offered: EnvelopeCapabilities, keyword: string): boolean {
  return dependsOn.get(keyword.toUpperCase())?.(offered) === true
}

type EnvelopeCapabilities = Pick<Capabilities, 'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn'>

/**
 * The capability that each parameter depends on. Other parameters are never sent: AUTH= (RFC 4954,
 * section 5) among them.
 */
const dependsOn: ReadonlyMap<string, (offered: EnvelopeCapabilities) => boolean> = new Map([
  ['SIZE', (offered) => offered.size !== undefined],
  ['BODY', (offered) => offered.eightBitMime],
  ['SMTPUTF8', (offered) => offered.smtpUtf8],
  ['RET', (offered) => offered.dsn],
  ['ENVID', (offered) => offered.dsn],
  ['NOTIFY', (offered) => offered.dsn],
  ['ORCPT', (offered) => offered.dsn],
])

function formatCommand(
  verb: string,
  path: string,
  parameters: readonly Parameter[],
  offered: Capabilities,
): Buffer {
  const kept = parameters.filter(({ keyword }) => isSentTo(offered, keyword))
  const words = kept.map(({ keyword, value }) => (value === undefined ? keyword : `${keyword}=${value}`))
  // A control character could end the command; a blank in a parameter, or a bracket in the path,
  // could begin another parameter.
  const bare = path.replace(/^"(?:[^"\\]|\\.)*"/, '')
  if (
    unwritable.test(path) ||
    /[<>\s]/.test(bare) ||
    words.some((word) => unwritable.test(word) || /\s/.test(word))
  ) {
    throw failure('sending.envelope-unfit')
  }
  return Buffer.from(`${[`${verb}:<${path}>`, ...words].join(' ')}\r\n`, 'utf8')
}

const unwritable = /[\p{Cc}\p{Cs}]/u

// Lengths are not checked: the 64 and 255 octets of RFC 5321, section 4.5.3.1, are a minimum that
// every server has to accept. The local part is wider than a dot-string on purpose: `name.@` and
// `na..me@` exist (Japanese mobile carriers assigned them for years). Whether an address exists is
// up to the provider; only what could be misread is refused here.
const localAtoms = /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\u{10ffff}]+$/u
const quotedLocal = /^"(?:[^"\\\p{Cc}]|\\[ -~])*"$/u
const domainLabels = /^(?![-.])[\w.\-\u0080-\u{10ffff}]+(?<![-.])$/u
const addressLiteral = /^\[[A-Za-z0-9.:-]+\]$/

/**
 * Whether a text may stand between the angle brackets of a command: `Mailbox` of RFC 5321, section
 * 4.1.2, with the characters of RFC 6531.
 */
export function isMailbox(address: string): boolean {
  const [local, domain] = cutAtDomain(address)
  return !/\p{Cc}/u.test(address) && (localAtoms.test(local) || quotedLocal.test(local)) && isDomain(domain)
}

/**
 * Removes quotes that are not needed: `"till"@example.com` is `till@example.com` (RFC 5321, section
 * 4.1.2), and would not match the address of a mailbox otherwise.
 */
export function withLeastQuoting(address: string): string {
  const [local, domain] = cutAtDomain(address)
  if (!quotedLocal.test(local)) return address
  const content = local.slice(1, -1).replace(/\\(.)/gu, '$1')
  const isDotString = localAtoms.test(content) && !`.${content}.`.includes('..')
  return `${isDotString ? content : `"${content.replace(/["\\]/g, '\\$&')}"`}@${domain}`
}

/** Empty parts for a text without `@`. */
function cutAtDomain(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf('@')
  return at === -1 ? ['', ''] : [address.slice(0, at), address.slice(at + 1)]
}

function isDomain(domain: string): boolean {
  return addressLiteral.test(domain) || (domainLabels.test(domain) && !domain.includes('..'))
}

/** The capabilities in an EHLO reply (RFC 5321, section 4.1.1.1) that postern uses. */
export interface Capabilities {
  /** In octets (RFC 1870). Absent: not offered; 0: offered without a figure. */
  size?: number
  pipelining: boolean
  eightBitMime: boolean
  smtpUtf8: boolean
  dsn: boolean
  enhancedStatusCodes: boolean
  chunking: boolean
  startTls: boolean
  /** SASL mechanism names in upper case, from `AUTH` and from the old form `AUTH=`. */
  mechanisms: readonly string[]
}

/**
 * Parses a positive EHLO reply: the first line is a greeting, each other line a keyword with
 * parameters.
 */
export function parseCapabilities(reply: Reply): Capabilities {
  const offered = new Map<string, string[]>()
  for (const line of reply.lines.slice(1)) {
    // `AUTH=LOGIN` is the form before RFC 4954 settled on the space; some servers send both.
    const [keyword = '', ...parameters] = line
      .toUpperCase()
      .replace(/^AUTH=/, 'AUTH ')
      .trim()
      .split(/[ \t]+/)
    const before = offered.get(keyword)
    if (before === undefined) offered.set(keyword, parameters)
    else for (const parameter of parameters) before.push(parameter)
  }
  const size = readSize(offered.get('SIZE'))
  return {
    ...(size === undefined ? {} : { size }),
    pipelining: offered.has('PIPELINING'),
    eightBitMime: offered.has('8BITMIME'),
    smtpUtf8: offered.has('SMTPUTF8'),
    dsn: offered.has('DSN'),
    enhancedStatusCodes: offered.has('ENHANCEDSTATUSCODES'),
    chunking: offered.has('CHUNKING'),
    startTls: offered.has('STARTTLS'),
    mechanisms: [...new Set(offered.get('AUTH'))],
  }
}

/**
 * No figure, or 0, means that there is no fixed limit (RFC 1870, section 4). An invalid figure
 * counts as none.
 */
function readSize(parameters: readonly string[] | undefined): number | undefined {
  if (parameters === undefined) return undefined
  const figure = Number(/^\d{1,20}$/.exec(parameters[0] ?? '')?.[0] ?? 0)
  return Number.isSafeInteger(figure) ? figure : 0
}
