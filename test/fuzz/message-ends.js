/**
 * How two servers find the end of a message that comes by DATA.
 *
 * @typedef {{ length: number, next: number }} End `length` of the message, and where the next command begins
 *
 * @type {Record<'strict' | 'anything', (data: string) => End | undefined>}
 */
export const messageEnds = {
  /** RFC 5321, section 4.1.1.4: CRLF.CRLF, whose first CRLF is the end of the DATA command when the message is empty. */
  strict(data) {
    if (data.startsWith('.\r\n')) return { length: 0, next: 3 }
    const at = data.indexOf('\r\n.\r\n')
    return at === -1 ? undefined : { length: at + 2, next: at + 5 }
  },

  /** What servers have been seen to accept: a dot between any two of CRLF, LF and CR. */
  anything(data) {
    const found = /(^|\r\n|[\r\n])\.(\r\n|[\r\n])/.exec(data)
    return found
      ? { length: found.index + (found[1]?.length ?? 0), next: found.index + found[0].length }
      : undefined
  },
}

/** The message as it was before its dots were stuffed (RFC 5321, section 4.5.2). @param {string} data lines end in CRLF */
export function withoutStuffing(data) {
  return data
    .split('\r\n')
    .map((line) => (line.startsWith('.') ? line.slice(1) : line))
    .join('\r\n')
}

/** A CR or LF that is not part of CRLF, or a NUL: where the first one is, or -1. @param {string} text */
export function findForbidden(text) {
  return text.search(/\0|\r(?!\n)|(?<!\r)\n/)
}

/** What a login has that asks for its line ends to be mended: bare CR and LF are CRLF, and a line that is only a dot is that, because it ended nothing. @param {string} data */
export function mendedContent(data) {
  return data
    .split(/\r\n|\r|\n/)
    .map((line) => (line.startsWith('.') && line !== '.' ? line.slice(1) : line))
    .join('\r\n')
}
