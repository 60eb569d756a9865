// The rows of the comparison: what was measured, beside what it should be.

/**
 * @typedef {object} Row
 * @property {string} workload
 * @property {string} unit
 * @property {number} [direct]
 * @property {number} [forwarder]
 * @property {number} through
 * @property {number} [ratio] of `through` to `direct`
 * @property {Goal} [goal]
 * @property {boolean} [met] absent where there is no goal
 *
 * @typedef {{ of: 'ratio' | 'figure', atMost: number } | { of: 'ratio' | 'figure', atLeast: number }} Goal
 */

/** @returns {Row} */
export function row(workload, unit, figures, goal) {
  const { direct, through } = figures
  const ratio = direct === undefined ? undefined : through / direct
  const whole = { workload, unit, ...figures, ...(ratio !== undefined && { ratio }) }
  if (goal === undefined) return whole
  const value = goal.of === 'ratio' ? ratio : through
  // Not a number is not met.
  const met = goal.atMost === undefined ? value >= goal.atLeast : value <= goal.atMost
  return { ...whole, goal, met }
}

/** What a workload answers. @param {Row[]} rows */
export function withVerdict(rounds, rows, more = {}) {
  return { node: process.version, rounds, rows, met: rows.every(({ met }) => met !== false), ...more }
}

/** @param {Row[]} rows; @param {string} contender the name of the column beside `direct`; @returns {string[]} a Markdown table */
export function describeRows(rows, contender = 'postern') {
  const head = ['workload', 'direct', 'forwarder', contender, 'ratio', 'goal', 'met']
  const cells = rows.map((one) => [
    one.workload,
    withUnit(one.direct, one.unit),
    withUnit(one.forwarder, one.unit),
    withUnit(one.through, one.unit),
    one.ratio === undefined ? '' : one.ratio.toFixed(2),
    one.goal ? goalText(one.goal, one.unit) : '',
    one.met === undefined ? '' : one.met ? 'yes' : 'NO',
  ])
  const widths = head.map((title, column) =>
    Math.max(...[head, ...cells].map((line) => line[column].length), title.length),
  )
  const line = (texts) => `| ${texts.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)]
}

function goalText({ of, atMost, atLeast }, unit) {
  const bound = atMost ?? atLeast
  const figure = of === 'ratio' ? bound.toFixed(2) : withUnit(bound, unit)
  return `${atMost === undefined ? 'at least' : 'at most'} ${figure}`
}

/** Three figures mean something; more would be noise. */
function withUnit(value, unit) {
  if (value === undefined) return ''
  const text = Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 })
  return unit === '' ? text : `${text} ${unit}`
}
