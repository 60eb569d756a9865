/** @typedef {import('./random.js').Random} Random */

/**
 * A message as a client would send it, mostly well formed: dots stuffed, lines ended by CRLF, `.CRLF` at the end. And as
 * an attacker would: with a bare CR, a bare LF or a NUL, with what some servers take for an end and commands behind it.
 *
 * @param {Random} random
 * @param {string} id stands in nearly every message, so that it can be told from all others
 * @param {string} sender
 */
export function makeMessage(random, id, sender) {
  const lines = random.chance(0.9) ? [`Subject: ${id}`, ''] : []
  const count = random.weighed([
    [30, 3],
    [5, 40],
    [1, 0],
  ])
  for (let line = 0; line < count; line++) lines.push(makeLine(random))
  if (random.chance(0.02)) lines.push(...largeBody(random))
  let text = lines.map((line) => `${line}\r\n`).join('')
  if (random.chance(0.12)) text = plant(random, text, id, sender)
  return (
    text +
    random.weighed([
      [95, '.\r\n'],
      [1, '.\n'],
      [1, '.\r'],
      [1, '\n.\r\n'],
      [1, '\r\n.'],
      [1, ''],
    ])
  )
}

/** @param {Random} random */
function makeLine(random) {
  switch (random.below(12)) {
    case 0:
      return ''
    case 1:
      return '..'
    case 2:
      return '..hidden'
    case 3:
      // Not stuffed, as a sloppy client sends it: the dot is the client's loss, and everybody must lose it alike.
      return '.sloppy'
    case 4:
      return 'Gr\xc3\xbc\xc3\x9fe \xff\xfe\x80\t\x01\x7f'
    case 5:
      return 'x'.repeat(998 + random.below(2500))
    case 6:
      return ' blanks and dots . .. '
    default:
      return random.pick([
        'Hello',
        'To: nobody',
        'QUIT',
        'RSET',
        'DATA',
        'RCPT TO:<x@fuzz.example>',
        '250 2.0.0 OK',
      ])
  }
}

/** Larger than what leaves in one piece, sometimes larger than what is allowed. @param {Random} random */
function largeBody(random) {
  const lines = random.pick([850, 1300, 1700, 2800])
  return Array.from({ length: lines }, (_, line) => (line % 100 === 0 ? '..' : 'y'.repeat(76)))
}

/** Puts something foul somewhere. @param {Random} random @param {string} text @param {string} id @param {string} sender */
function plant(random, text, id, sender) {
  const at = random.chance(0.2) ? 0 : random.below(text.length + 1)
  const symbols = Array.from({ length: 1 + random.below(6) }, () =>
    random.pick(['\r', '\n', '.', '\0', '\r\n']),
  )
  const foul = random.chance(0.5)
    ? symbols.join('')
    : random.pick(['\n.\r\n', '\r\n.\n', '\n.\n', '\r.\r', '\r\n\0.\r\n'])
  const behind = random.chance(0.7) ? smuggled(id, sender) : ''
  return text.slice(0, at) + foul + behind + text.slice(at)
}

/** A second message behind what somebody might take for the end of the first. @param {string} id @param {string} sender */
export function smuggled(id, sender) {
  return `MAIL FROM:<${sender}>\r\nRCPT TO:<ok.${id}.smuggled@fuzz.example>\r\nDATA\r\nSubject: ${id} smuggled\r\n\r\n.\r\n`
}
