/**
 * What one client does, from the first octet to the last. A plan is data: it is made by the grammar, kept in the corpus as JSON,
 * and played over a socket.
 *
 * @typedef {object} Write
 * @property {Buffer} octets `{plain data}` and its like stand for credentials that are known at run time only
 * @property {number[]} cuts sizes of the pieces in which they leave; empty: in one
 * @property {number} replies how many to wait for before going on
 *
 * @typedef {Write | { tls: 'starttls' | 'implicit' }} Step
 *
 * @typedef {object} SessionPlan
 * @property {string} name how to tell it from the others
 * @property {string} from the client's address
 * @property {number} patience milliseconds to wait for replies that do not come
 * @property {Step[]} steps
 * @property {'half-close' | 'reset' | 'wait'} end
 * @property {boolean} [mends] it signs in, if at all, by the login whose line ends are mended
 */

/**
 * @param {string | Buffer} octets text as latin1
 * @param {number} [replies]
 * @param {number[]} [cuts]
 * @returns {Write}
 */
export function write(octets, replies = 1, cuts = []) {
  return { octets: typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets, replies, cuts }
}

/** @param {SessionPlan} plan */
export function planToJson({ steps, ...rest }) {
  const plain = steps.map((step) =>
    'tls' in step ? step : { ...step, octets: step.octets.toString('base64') },
  )
  return toJson({ ...rest, steps: plain })
}

/** Lists of numbers on one line, as the formatter of the repository wants them. @param {object} value */
export function toJson(value) {
  const text = JSON.stringify(value, undefined, 2)
  return `${text.replace(/\[[\s\d,]+\]/g, (list) => list.replace(/\s+/g, ' ').replace(/^\[ | \]$/g, (end) => end.trim()))}\n`
}

/** @param {string} text @returns {SessionPlan} */
export function planFromJson(text) {
  const { steps, ...rest } = JSON.parse(text)
  const read = (step) => ('tls' in step ? step : { ...step, octets: Buffer.from(step.octets, 'base64') })
  return { ...rest, steps: steps.map(read) }
}

/** As a person reads it. @param {SessionPlan} plan */
export function describePlan({ name, from, steps, end }) {
  const lines = steps.map((step) => {
    if ('tls' in step) return `  TLS (${step.tls})`
    const shown = JSON.stringify(step.octets.toString('latin1'))
    const text = shown.length > 600 ? `${shown.slice(0, 600)}... (${step.octets.length} octets)` : shown
    return `  ${text}${step.cuts.length > 0 ? ` in pieces of ${step.cuts.join(', ')}` : ''}, then ${step.replies} replies`
  })
  return [`session ${name} from ${from}`, ...lines, `  ${end}`].join('\n')
}
