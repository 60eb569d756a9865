// The rows of the comparison: what was measured, beside what it should be.

/**
 * @typedef {object} Row
 * @property {string} workload
 * @property {string} unit
 * @property {number} [direct]
 * @property {number} [forwarder]
 * @property {number} [through] absent where the workload failed
 * @property {number} [ratio] of `through` to `direct`
 * @property {number} [processor] milliseconds of processor time that each message or request cost
 * @property {Goal} [goal]
 * @property {boolean} [met] absent where there is no goal
 *
 * @typedef {{ of: string, atMost?: number, atLeast?: number }} Goal `of`: `ratio` or `figure`; one of the two bounds is there
 */

/**
 * @param {string} workload
 * @param {string} unit
 * @param {Record<string, number | undefined>} figures
 * @param {Goal} [goal]
 * @param {number} [processor]
 * @returns {Row}
 */
export function row(workload, unit, figures, goal, processor) {
  const { direct, through = Number.NaN } = figures
  const ratio = direct === undefined ? undefined : through / direct
  const whole = {
    workload,
    unit,
    ...figures,
    ...(ratio !== undefined && { ratio }),
    ...(processor !== undefined && { processor }),
  }
  if (goal === undefined) return whole
  const value = goal.of === 'ratio' ? (ratio ?? Number.NaN) : through
  // Not a number is not met.
  const met = goal.atMost === undefined ? value >= (goal.atLeast ?? Number.NaN) : value <= goal.atMost
  return { ...whole, goal, met }
}

/** A workload that came to no figure. @returns {Row} */
export function failedRow(workload, error) {
  return { workload: `${workload}: ${error.message}`, unit: '', met: false }
}

/** What a workload answers. @param {Row[]} rows */
export function withVerdict(rounds, rows, more = {}) {
  return { node: process.version, rounds, rows, met: rows.every(({ met }) => met !== false), ...more }
}

/** @param {Row[]} rows; @param {string} contender the name of the column beside `direct`; @returns {string[]} a Markdown table */
export function describeRows(rows, contender = 'postern') {
  const head = ['workload', 'direct', 'forwarder', contender, 'ratio', 'goal', 'met', 'CPU each']
  const cells = rows.map((one) => [
    one.workload,
    withUnit(one.direct, one.unit),
    withUnit(one.forwarder, one.unit),
    withUnit(one.through, one.unit),
    one.ratio === undefined ? '' : one.ratio.toFixed(2),
    one.goal ? goalText(one.goal, one.unit) : '',
    one.met === undefined ? '' : one.met ? 'yes' : 'NO',
    withUnit(one.processor, 'ms'),
  ])
  const widths = head.map((title, column) =>
    Math.max(...[head, ...cells].map((line) => line[column]?.length ?? 0), title.length),
  )
  const line = (texts) => `| ${texts.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)]
}

/** @param {Goal} goal @param {string} unit */
function goalText({ of, atMost, atLeast }, unit) {
  const bound = atMost ?? atLeast ?? Number.NaN
  const figure = of === 'ratio' ? bound.toFixed(2) : withUnit(bound, unit)
  return `${atMost === undefined ? 'at least' : 'at most'} ${figure}`
}

/** Three figures mean something; more would be noise. */
function withUnit(value, unit) {
  if (value === undefined) return ''
  const text = Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 })
  return unit === '' ? text : `${text} ${unit}`
}
