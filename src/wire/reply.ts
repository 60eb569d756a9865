import { printable } from '../base/text.ts'
import type { Limits } from '../model/limits.ts'
import { LineStart } from './input-buffer.ts'

/**
 * One SMTP reply (RFC 5321, section 4.2): a code and the texts of its lines, without code,
 * separator and CRLF.
 */
export interface Reply {
  code: number
  /** At least one line. The octets of the peer as latin1: never decoded, so never altered. */
  lines: readonly [string, ...string[]]
}

/** Our own reply. `text` begins with the enhanced status where one belongs (RFC 2034). */
export function say(code: number, ...lines: [string, ...string[]]): Reply {
  return { code, lines }
}

/** The octets of a reply, as latin1: `250-first`, `250 last`, each with CRLF. */
export function formatReply({ code, lines }: Reply): string {
  const last = lines.length - 1
  let text = ''
  for (const [index, line] of lines.entries()) text += `${code}${index < last ? '-' : ' '}${line}\r\n`
  return text
}

export function isPositive(reply: Reply): boolean {
  return reply.code >= 200 && reply.code < 300
}

/** 4xx: the same command may succeed later (RFC 5321, section 4.2.1). */
export function isTransient(reply: Reply): boolean {
  return reply.code >= 400 && reply.code < 500
}

/** The enhanced statuses of a reply (RFC 3463, RFC 2034), at most one for each line, in order. */
export function enhancedStatuses(reply: Reply): string[] {
  return reply.lines.flatMap((line) => /^[245]\.\d{1,3}\.\d{1,3}(?![\d.])/.exec(line) ?? [])
}

/** Code and enhanced status (RFC 2034), such as `535 5.7.8`: never confidential. */
export function statusOf(reply: Reply): string {
  const enhanced = enhancedStatuses(reply)[0]
  return enhanced === undefined ? String(reply.code) : `${reply.code} ${enhanced}`
}

/**
 * What a provider said, for logs and pages: cut, on one line, and without long words. A server that
 * repeats the offending line would otherwise put a token there.
 */
export function wordsOf(reply: Reply): string {
  const text = Buffer.from(reply.lines.join(' / '), 'latin1').toString('utf8')
  const shown = text.replace(/[A-Za-z0-9+/=_-]{32,}/g, (word) => (joinedWords.test(word) ? word : '[hidden]'))
  return printable(shown, 200)
}

/** `SubmissionQuotaExceededException`: no token looks like that. */
const joinedWords = /^(?:[A-Z][a-z]{2,}){2,8}$/

/**
 * Limits for replies of a provider, in octets with CRLF, for a line and for all lines of a reply.
 * RFC 5321, section 4.5.3.1.5, has 512 octets a line; some providers send longer ones.
 */
export type ReplyLimits = Pick<
  Limits,
  'upstreamReplyLineOctets' | 'upstreamReplyOctets' | 'upstreamReplyLines'
>

/** Why what came is no reply: the id of a text. */
type LostByReply =
  | `lost.reply-${'of-two-codes' | 'too-large' | 'too-many-lines' | 'bare-lf' | 'bare-cr' | 'line-too-long'}`
  | 'lost.no-reply-line'

export type ParsedReply =
  | { kind: 'reply'; reply: Reply }
  /** The peer does not speak SMTP. What follows on this connection is not parsed. */
  | { kind: 'protocol-error'; reason: LostByReply }

export interface ReplyParser {
  /**
   * Returns the replies that are complete. How the octets are cut makes no difference. After a
   * protocol error always empty.
   */
  push(octets: Buffer): ParsedReply[]
  /** Whether a part of a reply is buffered. */
  pending(): boolean
}

const LF = 0x0a

/** Parses SMTP replies (RFC 5321, section 4.2), without a socket. */
export function createReplyParser(limits: ReplyLimits): ReplyParser {
  const start = new LineStart()
  let code: number | undefined
  let lines: string[] = []
  let octetsOfReply = 0
  let broken = false

  function line(text: string): ParsedReply | undefined {
    const read = readLine(text, limits)
    if (typeof read === 'string') return protocolError(read)
    if (code !== undefined && read.code !== code) return protocolError('lost.reply-of-two-codes')
    octetsOfReply += text.length
    if (octetsOfReply > limits.upstreamReplyOctets) return protocolError('lost.reply-too-large')
    code = read.code
    lines.push(read.text)
    if (lines.length > limits.upstreamReplyLines) return protocolError('lost.reply-too-many-lines')
    return read.last ? finish(read.code) : undefined
  }

  function finish(finalCode: number): ParsedReply {
    const [first = '', ...more] = lines
    code = undefined
    lines = []
    octetsOfReply = 0
    return { kind: 'reply', reply: { code: finalCode, lines: [first, ...more] } }
  }

  function protocolError(reason: LostByReply): ParsedReply {
    broken = true
    start.letGo()
    return { kind: 'protocol-error', reason }
  }

  return {
    push(octets) {
      const found: ParsedReply[] = []
      let from = 0
      for (let end = octets.indexOf(LF); end !== -1 && !broken; end = octets.indexOf(LF, from)) {
        const parsed = line(start.finish(octets.subarray(from, end + 1)).toString('latin1'))
        if (parsed) found.push(parsed)
        from = end + 1
      }
      if (broken) return found
      const rest = octets.subarray(from)
      // A line that is too long already is an error at once.
      if (start.octets + rest.length >= limits.upstreamReplyLineOctets)
        return [...found, protocolError(tooLong)]
      if (rest.length > 0) start.add(rest)
      return found
    },
    pending: () => start.octets > 0 || lines.length > 0,
  }
}

const tooLong: LostByReply = 'lost.reply-line-too-long'

interface ReplyLine {
  code: number
  last: boolean
  text: string
}

/** Parses one line with its LF, in latin1; a text is the reason why it is invalid. */
function readLine(text: string, limits: ReplyLimits): ReplyLine | LostByReply {
  if (text.length > limits.upstreamReplyLineOctets) return tooLong
  if (!text.endsWith('\r\n')) return 'lost.reply-bare-lf'
  const body = text.slice(0, -2)
  if (body.includes('\r') || body.includes('\0')) return 'lost.reply-bare-cr'
  // Second and third digit may be any, unlike in the grammar of section 4.2: `571` and its like are
  // in use.
  const match = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(body)
  if (!match) return 'lost.no-reply-line'
  return { code: Number(match[1]), last: match[2] !== '-', text: match[3] ?? '' }
}
