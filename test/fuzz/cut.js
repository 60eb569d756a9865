/**
 * The octets in pieces of these sizes, over and over; no sizes: in one piece.
 *
 * @param {Buffer} octets
 * @param {readonly number[]} sizes
 */
export function cut(octets, sizes) {
  if (sizes.length === 0) return [octets]
  const pieces = []
  for (let at = 0, turn = 0; at < octets.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(octets.subarray(at, at + size))
    at += size
  }
  return pieces
}
