/** One SMTP reply (RFC 5321, section 4.2): a code and the texts of its lines, without code, separator or CRLF. */
export interface Reply {
  code: number
  /** At least one. Text is what the other side sent, octet for octet, as latin1: never decoded, so never altered. */
  lines: readonly [string, ...string[]]
}

/** A reply of our own. `text` begins with the enhanced status where one belongs (RFC 2034). */
export function say(code: number, ...lines: [string, ...string[]]): Reply {
  return { code, lines }
}

/** A reply as it is written, in latin1: `250-first`, `250 last`, each ended by CRLF. */
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
