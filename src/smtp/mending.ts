import { completeAddress, type Submitter } from '../mailboxes/sender-policy.ts'
import type { KeyedAddress } from '../model/address.ts'
import type { Mending } from '../model/login.ts'
import type { MessageOctets } from '../upstream/relay.ts'
import { isMailbox, withLeastQuoting } from '../wire/envelope.ts'
import { createFromRewriter, type FromRewriter } from '../wire/from-rewriter.ts'
import { decodeUtf8 } from '../wire/input-buffer.ts'
import type { GivenRecipient } from './command.ts'
import { isPostmaster, type ReadPath, readPath, readRecipientParameters } from './command-arguments.ts'

/**
 * The recipients of a RCPT command as a login wants them read: completed, mapped, or several in one
 * command. Undefined where the login asks for none of this, or they cannot be parsed so either:
 * then the command is parsed as usual.
 */
export function mendedRecipients(line: Buffer, mending: Mending | undefined): GivenRecipient | undefined {
  if (!mending?.completeAddresses && !mending?.map && !mending?.splitRecipients) return undefined
  const text = decodeUtf8(line) ?? ''
  const [begin] = /^RCPT +TO ?: */i.exec(text) ?? []
  if (begin === undefined) return undefined
  const { paths, ...behind } = listedPaths(text.slice(begin.length))
  const addresses = paths.map((path) => completeAddress(mending, path))
  const [recipient, ...further] = addresses
  const read = readRecipientParameters(behind)
  const isReadable = addresses.every((address) => isPostmaster(address) || isMailbox(address))
  if (recipient === undefined || !isReadable || read.kind !== 'parameters') return undefined
  if (further.length > 0 && !mending.splitRecipients) return undefined
  const { parameters, flaws: parameterFlaws, dropped } = read
  return {
    recipient: { recipient, parameters },
    ...(further.length > 0 && { further: further.map((one) => ({ recipient: one, parameters })) }),
    parameterFlaws,
    dropped,
  }
}

/**
 * Parses `<a@b>,<c@d>`, `<a@b, c@d>`, `<a@b> <c@d>`, `a@b;c@d`, or one path. `rest`: what follows
 * the last.
 */
function listedPaths(text: string): { paths: string[] } & Omit<ReadPath, 'address'> {
  // A single valid path is taken as it is: its quotes and its route may hold a comma.
  const one = readPath(text)
  if (one !== undefined && one.address !== '' && readRecipientParameters(one).kind === 'parameters')
    return { ...one, paths: [one.address] }
  const paths: string[] = []
  let at = 0
  for (;;) {
    const end = text[at] === '<' ? endOf(text, at + 1, '>') : endOf(text, at, ' ,;<')
    if (end === undefined) return { paths: [], rest: '' }
    const isBracketed = text[at] === '<'
    paths.push(...wordsOf(text.slice(isBracketed ? at + 1 : at, end)))
    at = isBracketed ? end + 1 : end
    const [between = ''] = /^ *(?:[,;] *|(?=<))/.exec(text.slice(at, at + 64)) ?? []
    const goesOn = between.trim() !== '' || text[at + between.length] === '<'
    if (!goesOn || at + between.length >= text.length)
      return {
        paths,
        rest: text.slice(at + between.trim().length),
        ...(isBracketed ? {} : { bare: true }),
      }
    at += between.length
  }
}

/**
 * The index of one of these characters outside of quotes; the end of the text, unless a bracket has
 * to close.
 */
function endOf(text: string, from: number, characters: string): number | undefined {
  let quoted = false
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at)
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (!quoted && characters.includes(character)) return at
  }
  return characters === '>' ? undefined : text.length
}

/** Splits at commas, semicolons and blanks outside of quotes. */
function wordsOf(text: string): string[] {
  const words: string[] = []
  for (let from = 0; from <= text.length; ) {
    const end = endOf(text, from, ' ,;') ?? text.length
    if (end > from) words.push(withLeastQuoting(text.slice(from, end)))
    from = end + 1
  }
  return words
}

/**
 * The octets of a message as they are sent: the client's own, unless its login asks for a rewritten
 * `From:`. They are pulled as before.
 */
export function mendedMessage(
  octets: MessageOctets,
  { mending, mailboxes }: Submitter,
  { address: mailbox, key }: KeyedAddress,
): MessageOctets {
  if (!mending?.rewriteFrom) return octets
  const own = mailboxes.filter((one) => one.key === key)
  const aliases = own.flatMap((one) => one.aliases.map(({ address }) => address))
  return rewritten(octets, createFromRewriter({ mailbox, aliases }))
}

async function* rewritten(octets: MessageOctets, rewriter: FromRewriter): AsyncGenerator<Buffer> {
  for await (const piece of octets) {
    const out = rewriter.push(piece)
    if (out.length > 0) yield out
  }
  const out = rewriter.end()
  if (out.length > 0) yield out
}
