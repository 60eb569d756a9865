// The rows of the comparison: what was measured, beside what it should be.

/**
 * @typedef {object} Row
 * @property {string} workload
 * @property {string} unit
 * @property {number} [direct]
 * @property {number} [forwarder]
 * @property {number} [stunnel]
 * @property {number} [through] absent where the workload failed
 * @property {number} [ratio] of `through` to `direct`
 * @property {Costs} [processor] milliseconds of processor time that each message, request or start cost
 * @property {number} [used] milliseconds of processor time that `through` took in a round
 * @property {Costs} [memory] megabytes that were resident at most, beside the work
 * @property {Goals} [goals]
 * @property {boolean} [met] every goal; absent where there is none
 *
 * @typedef {{ forwarder?: number, stunnel?: number, through?: number }} Costs of the processes in between
 * @typedef {{ atMost?: number, atLeast?: number }} Bound one of the two is there
 * @typedef {{ figure?: Bound, ratio?: Bound, processor?: Bound }} Goals of what `through` did; `figure` is in the unit of the row
 */

/**
 * @param {string} workload
 * @param {string} unit
 * @param {{ direct?: number, forwarder?: number, stunnel?: number, through?: number }} figures
 * @param {Goals} [goals]
 * @param {{ processor?: Costs, used?: number, memory?: Costs }} [costs]
 * @returns {Row}
 */
export function row(workload, unit, figures, goals, costs = {}) {
  const { direct, through } = figures
  const ratio = direct === undefined || through === undefined ? undefined : through / direct
  const whole = { workload, unit, ...figures, ...(ratio !== undefined && { ratio }), ...costs }
  if (goals === undefined) return whole
  const measured = { figure: through, ratio, processor: costs.processor?.through }
  const met = Object.entries(goals).every(([name, bound]) => isMet(bound, measured[name]))
  return { ...whole, goals, met }
}

/** What was not measured, or is not a number, is not met. @param {Bound} bound @param {number} [value] */
function isMet(
  { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY },
  value = Number.NaN,
) {
  return value <= atMost && value >= atLeast
}

/** A workload that came to no figure. @returns {Row} */
export function failedRow(workload, error) {
  return { workload: `${workload}: ${error.message}`, unit: '', met: false }
}

/** What a workload answers. @param {Row[]} rows */
export function withVerdict(rounds, rows, more = {}) {
  return { node: process.version, rounds, rows, met: rows.every(({ met }) => met !== false), ...more }
}

/**
 * Each figure of the contender stands beside its own goal.
 *
 * @param {Row[]} rows
 * @param {string} contender the name of the column beside `direct`
 * @returns {string[]} a Markdown table
 */
export function describeRows(rows, contender = 'postern') {
  return describeTable([
    ['workload', ...rows.map(({ workload }) => workload)],
    ...['direct', 'forwarder', 'stunnel'].map((name) => [
      name,
      ...rows.map((one) => withUnit(one[name], one.unit)),
    ]),
    [contender, ...rows.map(({ through, unit }) => withUnit(through, unit))],
    ['goal', ...rows.map(({ goals, through, unit }) => goalText(goals?.figure, through, unit))],
    ['ratio', ...rows.map(({ ratio }) => ratioText(ratio))],
    ['goal', ...rows.map(({ goals, ratio }) => goalText(goals?.ratio, ratio))],
    ['CPU each: forwarder', ...rows.map(({ processor }) => withUnit(processor?.forwarder, 'ms'))],
    ['CPU each: stunnel', ...rows.map(({ processor }) => withUnit(processor?.stunnel, 'ms'))],
    [`CPU each: ${contender}`, ...rows.map(({ processor }) => withUnit(processor?.through, 'ms'))],
    ['goal', ...rows.map(({ goals, processor }) => goalText(goals?.processor, processor?.through, 'ms'))],
    ['resident', ...rows.map(({ memory }) => withUnit(memory?.through, 'MB'))],
    ['met', ...rows.map(({ met }) => (met === undefined ? '' : met ? 'yes' : 'NO'))],
  ])
}

/** @param {string[][]} columns title first; those without a text below it are left out; @returns {string[]} a Markdown table */
export function describeTable(columns) {
  const present = columns.filter(([, ...cells]) => cells.some((cell) => cell !== ''))
  const widths = present.map((column) => Math.max(...column.map(({ length }) => length)))
  const line = (at) =>
    `| ${present.map((column, index) => (column[at] ?? '').padEnd(widths[index] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  const [head, ...cells] = (present[0] ?? []).map((_, at) => line(at))
  return [head ?? '', rule, ...cells]
}

/** @param {Bound} [bound] @param {number} [value] @param {string} [unit] absent for a ratio */
function goalText(bound, value, unit) {
  if (bound === undefined) return ''
  const most = bound.atMost !== undefined
  const figure = most ? bound.atMost : bound.atLeast
  const text = `${most ? 'at most' : 'at least'} ${unit === undefined ? ratioText(figure) : withUnit(figure, unit)}`
  return isMet(bound, value) ? text : `${text}: NO`
}

/** @param {number} [ratio] */
export function ratioText(ratio) {
  return ratio === undefined ? '' : ratio.toFixed(2)
}

/** Three figures mean something; more would be noise. @param {number | undefined} value @param {string} unit */
export function withUnit(value, unit) {
  if (value === undefined) return ''
  const text = Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 })
  return unit === '' ? text : `${text} ${unit}`
}
