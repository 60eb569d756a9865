// What has changed since a run that was stored. Processor time is what is judged: it hardly depends on what else the machine does.
import { describeTable, ratioText, withUnit } from './rows.js'
import { hasFigure } from './stored-run.js'

/** The part by which the processor time of a workload may grow. */
const mostGrowth = 0.1
/** Milliseconds of processor time in a round: with less, chance alone makes such a difference. */
const leastUsed = 100

/**
 * @typedef {object} Change of a workload
 * @property {string} workload
 * @property {string} unit
 * @property {Pair} figure
 * @property {Pair} ratio
 * @property {Record<'through' | 'forwarder' | 'stunnel', Pair>} processor
 * @property {Pair} memory
 * @property {'slower' | 'kept' | 'too little' | 'not counted'} verdict on the processor time
 *
 * @typedef {{ before?: number, now?: number, part?: number }} Pair `part`: 0.1 for a tenth more; absent without both figures
 *
 * @typedef {object} Comparison
 * @property {Change[]} changes
 * @property {string[]} gone workloads that have no figure any more
 * @property {string[]} fresh workloads that had none
 */

/** @param {import('./rows.js').Row[]} before; @param {import('./rows.js').Row[]} now; @returns {Comparison} */
export function changesBetween(before, now) {
  const old = byWorkload(before)
  const young = byWorkload(now)
  const changes = [...young].flatMap(([workload, row]) => {
    const earlier = old.get(workload)
    return earlier ? [changeOf(earlier, row)] : []
  })
  return { changes, gone: namesBeside(old, young), fresh: namesBeside(young, old) }
}

/** @param {import('./rows.js').Row[]} rows */
function byWorkload(rows) {
  return new Map(rows.filter(hasFigure).map((one) => [one.workload, one]))
}

function namesBeside(rows, others) {
  return [...rows.keys()].filter((workload) => !others.has(workload))
}

/** @param {import('./rows.js').Row} before; @param {import('./rows.js').Row} now; @returns {Change} */
function changeOf(before, now) {
  const processorOf = (name) => pair(before.processor?.[name], now.processor?.[name])
  const through = processorOf('through')
  return {
    workload: now.workload,
    unit: now.unit,
    figure: pair(before.through, now.through),
    ratio: pair(before.ratio, now.ratio),
    processor: { through, forwarder: processorOf('forwarder'), stunnel: processorOf('stunnel') },
    memory: pair(before.memory?.through, now.memory?.through),
    verdict: judge(through, Math.min(before.used ?? 0, now.used ?? 0)),
  }
}

/** @returns {Pair} */
function pair(before, now) {
  return { before, now, ...(before > 0 && now !== undefined && { part: now / before - 1 }) }
}

/** @param {Pair} processor; @param {number} used; @returns {Change['verdict']} */
function judge({ part }, used) {
  if (part === undefined) return 'not counted'
  if (used < leastUsed) return 'too little'
  return part > mostGrowth + Number.EPSILON ? 'slower' : 'kept'
}

/** Which workloads take more processor time than they may. @param {Comparison} comparison */
export function slowdowns({ changes }) {
  return changes.filter(({ verdict }) => verdict === 'slower')
}

/**
 * @param {import('./stored-run.js').StoredRun} before
 * @param {import('./stored-run.js').Machine} machine the present one
 * @param {Comparison} comparison
 * @param {{ whole: boolean, against?: string }} run `whole`: of every workload; `against`: where the earlier one is stored
 * @returns {string[]} lines
 */
export function describeChanges(before, machine, comparison, { whole, against }) {
  const { changes, gone, fresh } = comparison
  const { of, measured, rounds } = before
  return [
    `Beside ${against}: ${of}, ${measured.slice(0, 10)}, ${rounds} rounds, ${machineText(before.machine)}`,
    ...remarks(before.machine, machine),
    '',
    ...describeTable([
      ['workload', ...changes.map(({ workload }) => workload)],
      ['figure', ...changes.map(({ figure, unit }) => pairText(figure, (value) => withUnit(value, unit)))],
      ['ratio', ...changes.map(({ ratio }) => pairText(ratio, ratioText))],
      ['CPU each', ...changes.map(({ processor }) => pairText(processor.through, inMilliseconds))],
      ["forwarder's", ...changes.map(({ processor }) => partText(processor.forwarder.part))],
      ["stunnel's", ...changes.map(({ processor }) => partText(processor.stunnel.part))],
      ['resident', ...changes.map(({ memory }) => pairText(memory, (value) => withUnit(value, 'MB')))],
      ['', ...changes.map(({ verdict }) => verdictTexts[verdict])],
    ]),
    '',
    ...(whole && gone.length > 0 ? [`Without a figure now: ${gone.join('; ')}`] : []),
    ...(fresh.length > 0 ? [`Without a figure before: ${fresh.join('; ')}`] : []),
    ...verdictLines(comparison),
  ]
}

const verdictTexts = { slower: 'SLOWER', kept: '', 'too little': 'too little to judge', 'not counted': '' }

/** @param {import('./stored-run.js').Machine} machine */
function machineText({ processor, processors, node }) {
  return `${processors} × ${processor}, Node ${node}`
}

const trust = 'Trust the processor time, not the rates.'

/** @param {import('./stored-run.js').Machine} machine */
function isBusy({ busy, processors }) {
  return busy > processors / 2
}

/** What makes the figures mean less. */
function remarks(before, now) {
  const lines = []
  if (machineText(before) !== machineText(now)) {
    lines.push(
      `This is another machine: ${machineText(now)}. See how the processor time of the forwarders has changed beside postern's.`,
    )
  }
  if (isBusy(before)) lines.push(`The machine was busy then. ${trust}`)
  if (isBusy(now)) lines.push(`The machine was busy now. ${trust}`)
  return lines
}

/** @param {Comparison} comparison */
function verdictLines(comparison) {
  const slower = slowdowns(comparison)
  const bound = `${mostGrowth * 100} %`
  if (slower.length === 0) {
    const judged = comparison.changes.filter(({ verdict }) => verdict === 'kept').length
    return [`None of ${judged} workloads takes over ${bound} more processor time.`]
  }
  return slower.map(({ workload, processor: { through, forwarder } }) => {
    const beside = forwarder.part === undefined ? '' : `; the forwarder's ${partText(forwarder.part)}`
    return `SLOWER by over ${bound}: ${workload}: processor time ${pairText(through, inMilliseconds)}${beside}`
  })
}

function inMilliseconds(value) {
  return withUnit(value, 'ms')
}

/** @param {Pair} figures; @param {(value?: number) => string} text */
function pairText({ before, now, part }, text) {
  if (before === undefined && now === undefined) return ''
  return `${text(before) || '?'} → ${text(now) || '?'} ${partText(part)}`.trimEnd()
}

/** @param {number} [part] */
function partText(part) {
  if (part === undefined) return ''
  return `${part < 0 ? '' : '+'}${(part * 100).toFixed(0)} %`
}
