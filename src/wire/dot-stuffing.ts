const lf = 0x0a
const dot = 0x2e

/**
 * A whole message without the dots that RFC 5321, section 4.5.2, had the client put in front of every line that
 * begins with one. For BDAT, which knows no stuffing (RFC 3030). Expects what the message scanner let through: lines end in CRLF only.
 */
export function undoDotStuffing(message: Buffer): Buffer {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = message.indexOf(dot); at !== -1; at = message.indexOf(dot, at + 1)) {
    const stuffed = at === 0 || message[at - 1] === lf
    if (!stuffed) continue
    pieces.push(message.subarray(from, at))
    // The octet behind a stuffed dot belongs to the message, also when it is another dot.
    from = at + 1
  }
  return from === 0 ? message : Buffer.concat([...pieces, message.subarray(from)])
}
