import { smuggled } from './make-message.js'
import { sources } from './make-session.js'
import { write } from './session-plan.js'

/**
 * Every mixture of CR, LF, NUL and dot up to six symbols, within a message and at its very start, with a second message behind it,
 * whole and octet by octet; by DATA and by BDAT, to a provider that ends messages strictly and to one that ends them at anything; and by a login whose line ends are mended.
 * Within a long message, too, in which the scanner looks at sixteen octets together: at each of their places in turn.
 */

/** @param {string} alphabet @param {number} longest */
export function everyMixture(alphabet, longest) {
  let texts = ['']
  const all = []
  for (let length = 1; length <= longest; length++) {
    texts = texts.flatMap((text) => [...alphabet].map((character) => text + character))
    all.push(...texts)
  }
  return all
}

const mixtures = everyMixture('\r\n\0.', 6)
const header = 'Subject: dots\r\n\r\ntext'
const long = `${header}${`\r\n..${'x'.repeat(996)}`.repeat(66)}`
const ways = [
  ...['data', 'chunk', 'one-by-one', 'digest', 'mended'].flatMap((login) =>
    [header, ''].flatMap((before) => [true, false].map((whole) => ({ login, before, whole }))),
  ),
  ...['data', 'digest'].map((login) => ({ login, before: long, whole: true })),
]

export const endOfDataSessions = mixtures.length * ways.length

/** @param {number} number @returns {import('./session-plan.js').SessionPlan | undefined} */
export function endOfDataSession(number) {
  const mixture = mixtures[Math.floor(number / ways.length)]
  const way = ways[number % ways.length]
  if (mixture === undefined || way === undefined) return undefined
  const { login, whole } = way
  const before = way.before === long ? long + 'x'.repeat(number % 17) : way.before
  const id = `s${number.toString(36)}x`
  const sender = `${login}@example.com`
  const envelope = `MAIL FROM:<${sender}>\r\nRCPT TO:<ok.${id}0.0@fuzz.example>\r\nDATA\r\n`
  const message = before + mixture + smuggled(id, sender)
  const cuts = whole
    ? []
    : [...(before ? [before.length] : []), ...Array(mixture.length).fill(1), message.length]
  return {
    name: `end-of-data-${number}`,
    from: sources[number % sources.length] ?? '127.0.0.1',
    patience: 3000,
    steps: [
      write('', 1),
      write(`EHLO client\r\nAUTH PLAIN {plain ${login}}\r\n${envelope}`, 5),
      // Behind an early end the rest is commands, each answered; otherwise one reply is all that comes.
      write(message, 1, cuts),
      write('QUIT\r\n', 0),
    ],
    end: 'half-close',
    ...(login === 'mended' && { mends: true }),
  }
}
