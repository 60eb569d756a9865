import { makeMessage } from './make-message.js'
import { write } from './session-plan.js'

/**
 * @typedef {import('./random.js').Random} Random
 * @typedef {import('./session-plan.js').Write} Write
 */

/** What the first part of a recipient's name tells the provider to do; `provider-orders.js` has the meanings. */
const orders = /** @type {const} */ ([
  [80, 'ok'],
  [3, 'refuse'],
  [2, 'busy'],
  [3, 'slow'],
  [1, 'drop-at-recipient'],
  [1, 'drop-at-data'],
  [1, 'drop-in-message'],
  [1, 'drop-at-end'],
  [1, 'keep-and-drop'],
  [1, 'half-reply'],
  [1, 'refuse-data'],
  [1, 'refuse-message'],
  [1, 'busy-message'],
  [1, 'early-refusal'],
  [1, 'closing'],
  [0.1, 'stall'],
])

/**
 * MAIL, some RCPT, DATA and the message; one by one, or in one write as far as a client may, or further than it may.
 *
 * @param {Random} random
 * @param {string} login
 * @param {string} id
 * @returns {Write[]}
 */
export function makeTransaction(random, login, id) {
  const sender = `${login}@example.com`
  const commands = [makeMail(random, sender)]
  const recipients = random.weighed([
    [70, 1],
    [20, 2],
    [8, 5],
    [2, 0],
  ])
  for (let index = 0; index < recipients; index++) commands.push(makeRecipient(random, id, index))
  if (random.chance(0.05))
    return commands.concat(random.pick(['RSET\r\n', 'EHLO again\r\n', 'NOOP\r\n'])).map((one) => write(one))
  commands.push(
    random.chance(0.97) ? 'DATA\r\n' : random.pick(['data \r\n', 'DATA now\r\n', 'BDAT 5 LAST\r\n']),
  )
  const message = write(makeMessage(random, id, sender))
  return random.weighed([
    [45, () => [...commands.map((command) => write(command)), message]],
    [45, () => [write(commands.join(''), commands.length), message]],
    // Nobody may send the message before the 354; who does so gets it read as whatever it then is.
    [10, () => [write(commands.join('') + message.octets.toString('latin1'), commands.length + 1)]],
  ])()
}

/** @param {Random} random @param {string} sender */
function makeMail(random, sender) {
  const parameters = random.weighed([
    [70, ''],
    [5, ' SIZE=500'],
    [2, ' SIZE=99999999'],
    [5, ' BODY=8BITMIME'],
    [3, ' SMTPUTF8 BODY=8BITMIME'],
    [3, ' RET=HDRS ENVID=QQ314159'],
    [2, ' AUTH=<>'],
    [2, ' SIZE=1 SIZE=2'],
    [2, ' UNKNOWN=1'],
    [1, ' ENVID=a+0D+0AQUIT'],
  ])
  return random.weighed([
    [80, `MAIL FROM:<${sender}>${parameters}\r\n`],
    [4, `mail from: <${sender}>${parameters}\r\n`],
    [3, `MAIL FROM:${sender}${parameters}\r\n`],
    [3, `MAIL FROM:<>${parameters}\r\n`],
    [3, `MAIL FROM:<@a.example,@b.example:${sender}>${parameters}\r\n`],
    [2, 'MAIL FROM:<somebody@else.example>\r\n'],
    [1, 'MAIL FROM:<gr\xc3\xbc\xc3\x9fe@example.com> SMTPUTF8\r\n'],
    [1, `MAIL FROM:<"a b>\\" <"@example.com>${parameters}\r\n`],
    [1, `MAIL FROM:<${'x'.repeat(300)}@example.com>\r\n`],
    [1, 'MAIL FROM\r\n'],
    [1, `MAIL FROM:<${sender}>RCPT TO:<x@y.example>\r\n`],
  ])
}

/** @param {Random} random @param {string} id @param {number} index */
function makeRecipient(random, id, index) {
  const name = `${random.weighed(orders)}.${id}.${index}`
  return random.weighed([
    [85, `RCPT TO:<${name}@fuzz.example>\r\n`],
    [3, `rcpt to: <${name}@fuzz.example> \r\n`],
    [2, `RCPT TO:${name}@fuzz.example\r\n`],
    [2, `RCPT TO:<${name}@[127.0.0.1]> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@b.example\r\n`],
    [2, `RCPT TO:<@route.example:${name}@fuzz.example>\r\n`],
    [1, `RCPT TO:<"${name}\\" .."@fuzz.example>\r\n`],
    [1, `RCPT TO:<${name}..@fuzz.example>\r\n`],
    [1, `RCPT TO:<${name}@fuzz.example> SIZE=1\r\n`],
    [1, 'RCPT TO:<>\r\n'],
    [1, `RCPT TO:<${name}@fuzz.example\r\n`],
    [1, 'RCPT TO:<gr\xc3\xbc\xc3\x9fe@fuzz.example>\r\n'],
  ])
}
