import type { Reply } from './reply.ts'

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
