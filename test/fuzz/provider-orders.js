/**
 * How the provider misbehaves is told by the client, in the recipient's name (`drop-at-end.s12x0.0@fuzz.example`): so it
 * belongs to the session, and is the same when the session is played again.
 *
 * @typedef {object} Order
 * @property {string} [recipient] the reply to RCPT
 * @property {string} [data] the reply to DATA
 * @property {string} [early] a reply at the first octets of the message
 * @property {string | undefined} [message] the reply to the message, which is then not kept
 * @property {'recipient' | 'data' | 'in-message' | 'end' | 'kept'} [dropAt] where the connection is reset
 * @property {string} [dying] what is still said before that
 * @property {number} [delay] milliseconds before each reply
 */

/** @type {Record<string, Order>} */
export const orders = {
  ok: {},
  refuse: { recipient: '550 5.1.1 No such user' },
  busy: { recipient: '451 4.3.0 Not now' },
  slow: { delay: 30 },
  'drop-at-recipient': { dropAt: 'recipient' },
  'drop-at-data': { dropAt: 'data' },
  'drop-in-message': { dropAt: 'in-message' },
  'drop-at-end': { dropAt: 'end' },
  'keep-and-drop': { dropAt: 'kept' },
  'half-reply': { dropAt: 'kept', dying: '250 2.0' },
  'refuse-data': { data: '451 4.3.0 Not this message' },
  'refuse-message': { message: '554 5.6.0 Not this message' },
  'busy-message': { message: '452 4.3.1 Not now' },
  'early-refusal': { early: '552 5.3.4 Enough of it' },
  closing: { message: '421 4.3.2 Closing' },
  stall: { delay: 600_000 },
}

/** The orders in the names of these recipients, the last word first. @param {readonly string[]} recipients @returns {Order} */
export function readOrders(recipients) {
  const found = recipients.map(
    (recipient) => orders[/^"?([a-z-]+)\.s[0-9a-z]+x/.exec(recipient)?.[1] ?? 'ok'],
  )
  return Object.assign({}, ...found)
}
