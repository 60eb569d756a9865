const [LF, CR, DOT] = [0x0a, 0x0d, 0x2e]

// How much of CRLF.CRLF has been seen.
const [nothing, cr, crlf, crlfDot, crlfDotCr] = [0, 1, 2, 3, 4]

/**
 * Reads what follows DATA, however it is cut, and hands the octets of the message on: without the dots that stuffing added
 * (RFC 5321, section 4.5.2) and without the end. Nothing is held, nothing is copied.
 *
 * @param {((octets: Buffer) => void) | undefined} onOctets
 */
export function createMessageReader(onOctets) {
  // The begin of a message is the begin of a line.
  let seen = crlf

  /** @returns {number} where the message ended within `chunk`, or -1 */
  return (chunk, from) => {
    let at = from
    // What is before it has been handed on.
    let open = from
    const handOn = (end) => {
      if (end > open) onOctets?.(chunk.subarray(open, end))
    }
    while (at < chunk.length) {
      const octet = chunk[at]
      if (seen === nothing) {
        const next = chunk.indexOf('\r\n.', at, 'latin1')
        at = next === -1 ? chunk.length : next + 2
        seen = next === -1 ? lineEndOf(chunk, from) : crlf
      } else if (seen === cr) {
        seen = octet === LF ? crlf : nothing
        if (seen === crlf) at++
      } else if (seen === crlf) {
        seen = octet === DOT ? crlfDot : nothing
        if (seen === nothing) continue
        handOn(at)
        open = ++at
      } else if (seen === crlfDot) {
        seen = octet === CR ? crlfDotCr : nothing
        if (seen === crlfDotCr) open = ++at
      } else if (octet === LF) {
        return at + 1
      } else {
        onOctets?.(Buffer.from('\r'))
        seen = nothing
      }
    }
    handOn(chunk.length)
    return -1
  }
}

/** How much of a line's end the chunk ends with. */
function lineEndOf(chunk, from) {
  const last = chunk[chunk.length - 1]
  if (last === CR) return cr
  return last === LF && chunk.length - 2 >= from && chunk[chunk.length - 2] === CR ? crlf : nothing
}
