import { makeSignIn } from './make-sign-in.js'
import { makeTransaction } from './make-transaction.js'
import { mutate } from './mutate.js'
import { createRandom } from './random.js'
import { write } from './session-plan.js'

/**
 * @typedef {import('./random.js').Random} Random
 * @typedef {import('./session-plan.js').Step} Step
 * @typedef {import('./session-plan.js').SessionPlan} SessionPlan
 */

/** Several, because limits count by source. */
export const sources = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']

/** Who comes from here may send without signing in. */
export const withoutPassword = '127.0.0.5'

/**
 * A session from the grammar: mostly what a client would say, sometimes something else in between, a quarter of them mutated.
 *
 * @param {number} seed
 * @param {number} number
 * @returns {SessionPlan}
 */
export function makeSession(seed, number) {
  const random = createRandom(seed, number)
  const id = `s${number.toString(36)}x`
  const login = random.weighed([
    [10, 'chunk'],
    [10, 'data'],
    [5, 'one-by-one'],
    [4, 'digest'],
    [3, 'open'],
    [5, 'mended'],
    [1, 'down'],
  ])
  /** @type {Step[]} */
  const steps = makeOpening(random)
  if (random.chance(login === 'open' ? 0.05 : 0.96)) steps.push(...makeSignIn(random, login))
  const transactions = random.below(4)
  for (let turn = 0; turn < transactions; turn++)
    steps.push(...makeTransaction(random, login, `${id}${turn}`))
  const interrupted = random.chance(0.1)
  if (interrupted) steps.splice(random.below(steps.length + 1), 0, makeInterjection(random))
  const { last, end } = makeEnd(random)
  if (last) steps.push(last)

  const mutated = random.chance(0.25)
  if (mutated) mutate(random, steps)
  for (const step of steps) if ('octets' in step) step.cuts = makeCuts(random, step.octets.length)
  return {
    name: `${seed}-${number}`,
    from: random.pick(sources),
    patience: mutated || interrupted ? 60 : 2000,
    steps,
    end,
    ...(login === 'mended' && { mends: true }),
  }
}

/** @param {Random} random @returns {Step[]} */
function makeOpening(random) {
  const greeting = write('', 1)
  const hello = write(random.pick(['EHLO client.example\r\n', 'HELO client\r\n', 'ehlo [127.0.0.1]\r\n']))
  /** @type {readonly [number, () => Step[]][]} */
  const openings = [
    [88, () => [greeting, hello]],
    [4, () => [greeting, hello, write('STARTTLS\r\n'), { tls: /** @type {const} */ ('starttls') }, hello]],
    [3, () => [{ tls: /** @type {const} */ ('implicit') }, greeting, hello]],
    // Something behind STARTTLS in the clear must never be read.
    [1, () => [greeting, hello, write('STARTTLS\r\nEHLO injected\r\n')]],
    [1, () => [write('EHLO too-early\r\n', 2)]],
    [1, () => [write(Buffer.from('16030100c8010000c40303', 'hex'), 0)]],
    [1, () => [greeting, write(Buffer.from('160301000a0d0a000a0a', 'hex'), 1)]],
    [1, () => [greeting]],
  ]
  return random.weighed(openings)()
}

const interjections = [
  'NOOP\r\n',
  'noop with words \r\n',
  'RSET\r\n',
  'HELP\r\n',
  'VRFY root\r\n',
  'EHLO again\r\n',
  'EHLO \x01\r\n',
  'STARTTLS\r\n',
  'STARTTLS now\r\n',
  'BDAT 10 LAST\r\n0123456789',
  'BDAT 0\r\nMAIL FROM:<data@example.com>\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'POST /api HTTP/1.1\r\n\r\nMAIL FROM:<data@example.com>\r\n',
  'XCLIENT ADDR=127.0.0.1 LOGIN=data\r\n',
  'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n',
  '\r\n',
  '\n',
  '\0',
  '\r',
  'NOOP\nNOOP\r\n',
  'NOOP\r\r\n',
  '\xff\xff\r\n',
  '.\r\n',
  'DATA\r\n',
  'RCPT TO:<a@b.example>\r\n',
  'QUIT\r\nNOOP\r\n',
  `NOOP ${'n'.repeat(5000)}\r\n`,
  `${'z'.repeat(20_000)}\r\n`,
]

/** @param {Random} random */
function makeInterjection(random) {
  return write(random.pick(interjections))
}

/** @param {Random} random @returns {{ last?: Step, end: SessionPlan['end'] }} */
function makeEnd(random) {
  return random.weighed([
    [80, { last: write('QUIT\r\n'), end: /** @type {const} */ ('half-close') }],
    [5, { last: write('QUIT\r\n', 0), end: /** @type {const} */ ('half-close') }],
    [7, { end: /** @type {const} */ ('half-close') }],
    [7, { end: /** @type {const} */ ('reset') }],
    [0.3, { end: /** @type {const} */ ('wait') }],
  ])
}

/** @param {Random} random @param {number} octets */
function makeCuts(random, octets) {
  // A long write in single octets would only cost time.
  const least = octets > 4000 ? 500 : 1
  if (random.chance(0.8)) return []
  return Array.from({ length: 1 + random.below(3) }, () => least + random.below(random.pick([2, 20, 200])))
}
