import { printable } from '../base/text.ts'

/** What people are shown of a message before they decide: words of its header, and nothing of its text. */
export interface ShownHead {
  subject?: string
  from?: string
  messageId?: string
}

const longest = 300
const mostOfSeveral = 1000

/** @param octets its first ones, as a client sends them: dots are stuffed */
export function shownHead(octets: Buffer): ShownHead {
  const text = octets.toString('latin1')
  const end = text.search(/(?:^|\r\n)\r\n/)
  // The server takes the dot away that a line begins with (RFC 5321, section 4.5.2), whatever follows.
  const head = (end < 0 ? text : text.slice(0, end)).replace(/(^|\r\n)\./g, '$1')
  const fields = head.split(/\r\n(?![ \t])/)
  // Of several, mail programs show one or the other: all are shown here.
  const wordsOf = (name: string): string | undefined => {
    const values = fields
      .filter((one) => one.slice(0, one.indexOf(':')).trim().toLowerCase() === name)
      .map((one) => decoded(one.slice(one.indexOf(':') + 1).replace(/\r\n(?=[ \t])/g, '')).trim())
      .filter((value) => value !== '')
      .map((value) => printable(value, longest))
    return values.length === 0 ? undefined : printable(values.join(' + '), mostOfSeveral)
  }
  const [subject, from, messageId] = [wordsOf('subject'), wordsOf('from'), wordsOf('message-id')]
  return {
    ...(subject !== undefined && { subject }),
    ...(from !== undefined && { from }),
    ...(messageId !== undefined && { messageId }),
  }
}

/** Encoded words (RFC 2047), and octets of UTF-8 (RFC 6532); what is neither stays as it is. */
function decoded(latin1: string): string {
  const words = latin1.replace(/(\?=)[ \t]+(?==\?)/g, '$1')
  const parts = words.split(/(=\?[\w-]{1,40}(?:\*[\w-]*)?\?[BbQq]\?[!->@-~]{0,1000}\?=)/)
  return parts.map((part, index) => (index % 2 === 1 ? wordOf(part) : textOf(part))).join('')
}

function textOf(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

function wordOf(word: string): string {
  const [, charset = '', coding = '', content = ''] = /^=\?([^?*]+)[^?]*\?(.)\?(.*)\?=$/.exec(word) ?? []
  const octets =
    coding.toLowerCase() === 'b'
      ? Buffer.from(content, 'base64')
      : Buffer.from(
          content
            .replaceAll('_', ' ')
            .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          'latin1',
        )
  try {
    return new TextDecoder(charset).decode(octets)
  } catch {
    // A character set that nobody knows.
    return word
  }
}
