import { failure } from '../base/failure.ts'
import { printable, withoutCase } from '../base/text.ts'
import { type Address, addressKey, parseAddress } from '../model/address.ts'
import type { Mending } from '../model/login.ts'

/** What is mended of a login's mail, as requested. Absent options are off, or stay as they are. */
export interface MendingOptions {
  /** The header's `From:` and `Sender:` become the mailbox. */
  rewriteFrom?: boolean
  /** A bare CR or LF in a message becomes CRLF. */
  mendLineEnds?: boolean
  /** The domain of senders and recipients that have none; empty: none. */
  completeAddresses?: string
  /**
   * Addresses that replace names, `{"root": "admin@example.com"}`. The whole map; empty for none.
   */
  map?: Readonly<Record<string, string>>
  /** Several addresses in one RCPT are several recipients. */
  splitRecipients?: boolean
}

const mostMapped = 100

/**
 * The options of a login after a change: those it has, with the given ones replaced. An absent
 * option changes nothing.
 * @throws Failure `invalid`
 */
export function changedMending(mending: Mending, options: MendingOptions): Mending {
  const rewriteFrom = options.rewriteFrom ?? mending.rewriteFrom
  const mendLineEnds = options.mendLineEnds ?? mending.mendLineEnds
  const splitRecipients = options.splitRecipients ?? mending.splitRecipients
  const domain =
    options.completeAddresses === undefined
      ? mending.completeAddresses
      : readDomain(options.completeAddresses)
  const map = options.map === undefined ? mending.map : readMap(options.map)
  // Options that are off are left out.
  return {
    ...(rewriteFrom && { rewriteFrom: true }),
    ...(mendLineEnds && { mendLineEnds: true }),
    ...(domain && { completeAddresses: domain }),
    ...(map && Object.keys(map).length > 0 && { map }),
    ...(splitRecipients && { splitRecipients: true }),
  }
}

/** In the words of the command's options. */
export function describeMending(mending: Mending): string[] {
  const { rewriteFrom, mendLineEnds, completeAddresses, map = {}, splitRecipients } = mending
  return [
    ...(rewriteFrom ? ['rewrite-from'] : []),
    ...(mendLineEnds ? ['mend-line-ends'] : []),
    ...(completeAddresses === undefined ? [] : [`complete-addresses=${completeAddresses}`]),
    ...mappedLines(map).map((line) => `map ${line}`),
    ...(splitRecipients ? ['split-recipients'] : []),
  ]
}

/** As people write them: `root=admin@example.com`. */
export function mappedLines(map: Readonly<Record<string, Address>>): string[] {
  return Object.entries(map).map(([name, address]) => `${name}=${address}`)
}

/** @throws Failure `invalid` */
export function mapOfLines(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      if (at > 0) return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
      throw failure('login.map-unreadable', { text: printable(line) })
    }),
  )
}

/** Empty: none. */
function readDomain(text: string): string {
  const domain = text.trim().replace(/^@/, '')
  return domain === '' ? '' : parseAddress(`somebody@${domain}`).slice('somebody@'.length)
}

function readMap(map: Readonly<Record<string, string>>): Record<string, Address> {
  const entries = Object.entries(map).map(([name, address]) => [readName(name), parseAddress(address)])
  if (entries.length > mostMapped) throw failure('login.map-too-long', { most: mostMapped })
  return Object.fromEntries(entries)
}

/** A word without a domain, or a whole address. */
function readName(text: string): string {
  if (text.includes('@')) return addressKey(parseAddress(text))
  if (/^[^\s<>()[\]\\,;:"\p{Cc}]{1,64}$/u.test(text)) return withoutCase(text)
  throw failure('login.map-name', { text: printable(text) })
}
