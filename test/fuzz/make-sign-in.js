import { write } from './session-plan.js'

/**
 * @typedef {import('./random.js').Random} Random
 * @typedef {import('./session-plan.js').Write} Write
 */

/** @param {Random} random @param {string} login @returns {Write[]} */
export function makeSignIn(random, login) {
  const way = random.weighed([
    [90, good],
    [6, wrong],
    [4, malformed],
  ])
  const steps = way(random, login)
  return random.chance(0.03)
    ? [write(steps.map(({ octets }) => octets.toString('latin1')).join(''), steps.length)]
    : steps
}

/** @param {Random} random @param {string} login */
function good(random, login) {
  return random.weighed([
    [8, [write(`AUTH PLAIN {plain ${login}}\r\n`)]],
    [2, [write('AUTH PLAIN\r\n'), write(`{plain ${login}}\r\n`)]],
    [2, [write('AUTH LOGIN\r\n'), write(`{user ${login}}\r\n`), write(`{password ${login}}\r\n`)]],
    [2, [write(`auth login {user ${login}}\r\n`), write(`{password ${login}}\r\n`)]],
    [1, [write(`AUTH XOAUTH2 {xoauth2 ${login}}\r\n`)]],
    [1, [write('AUTH OAUTHBEARER\r\n'), write(`{oauthbearer ${login}}\r\n`)]],
    // Only one login may: its password is kept in a form that this mechanism can use.
    [login === 'digest' ? 15 : 0.5, [write('AUTH CRAM-MD5\r\n'), write(`{cram-md5 ${login}}\r\n`)]],
  ])
}

/** @param {Random} random @param {string} login */
function wrong(random, login) {
  const user = `${login}@example.com`
  const guess = `\0${random.chance(0.5) ? user : 'nobody'}\0guess-${random.below(1e6)}`
  return random.pick([
    [write(`AUTH PLAIN ${base64(guess)}\r\n`)],
    [write('AUTH LOGIN\r\n'), write(`{user ${login}}\r\n`), write(`${base64(guess.slice(9))}\r\n`)],
    [write(`AUTH XOAUTH2 ${base64(`user=${user}\x01auth=Bearer nothing\x01\x01`)}\r\n`), write('\r\n')],
    [write(`AUTH OAUTHBEARER ${base64('n,,\x01auth=Bearer nothing\x01\x01')}\r\n`), write('AQ==\r\n')],
    [write('AUTH CRAM-MD5\r\n'), write(`${base64(`digest@example.com ${'0'.repeat(32)}`)}\r\n`)],
    [write(`AUTH PLAIN ${base64(`somebody-else${guess}`)}\r\n`)],
  ])
}

/** @param {Random} random */
function malformed(random) {
  return random.pick([
    [write('AUTH PLAIN =\r\n')],
    [write('AUTH PLAIN ====\r\n')],
    [write('AUTH PLAIN AAA\r\n')],
    [write('AUTH PLAIN\r\n'), write('*\r\n')],
    [write('AUTH LOGIN\r\n'), write('*\r\n')],
    [write('AUTH LOGIN =\r\n'), write('=\r\n')],
    [write('AUTH CRAM-MD5\r\n'), write(`${base64('no digest here')}\r\n`)],
    [write('AUTH XOAUTH2 dXNlcj0BAQ==\r\n'), write('\r\n')],
    [write('AUTH OAUTHBEARER biwsAQ==\r\n')],
    [write('AUTH\r\n')],
    [write('AUTH GSSAPI\r\n')],
    [write(`AUTH PLAIN ${'A'.repeat(3000 + random.below(12_000))}\r\n`)],
    [write('AUTH LOGIN\r\n'), write(`${'QUFB'.repeat(4000)}\r\n`)],
    [write('AUTH PLAIN \xff\xfe\0\r\n')],
  ])
}

/** @param {string} text */
function base64(text) {
  return Buffer.from(text, 'latin1').toString('base64')
}
