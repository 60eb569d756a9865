// The figures of a run as a file, for another run to stand beside.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { dirname } from 'node:path'

/**
 * @typedef {object} StoredRun
 * @property {1} format
 * @property {string} of `postern` with its version, or `target`
 * @property {string} measured when it began, ISO 8601
 * @property {number} rounds
 * @property {Machine} machine
 * @property {import('./rows.js').Row[]} rows what was measured; the goals are the bench's own
 *
 * @typedef {object} Machine
 * @property {string} processor
 * @property {number} processors
 * @property {string} node
 * @property {number} busy how many processes ran or waited, by the system's count of the last minute, when the run began
 */

const format = 1

/** @returns {Machine} */
export function thisMachine() {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    node: process.version,
    busy: shortened(loadavg()[0] ?? 0),
  }
}

/**
 * Workloads that failed have no figures, and are left out.
 *
 * @param {string} path its folder is made where there is none
 * @param {Omit<StoredRun, 'format'>} run
 */
export async function saveRun(path, { rows, ...facts }) {
  const measured = rows.filter(hasFigure).map(({ goals: _, met: __, ...figures }) => figures)
  const text = JSON.stringify({ format, ...facts, rows: measured }, (_, value) => shortened(value), 2)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${text}\n`)
}

/** @param {string} path; @returns {Promise<StoredRun>}; @throws where there is no run in it */
export async function readRun(path) {
  const text = await readFile(path, 'utf8')
  const run = parsed(text)
  if (run?.format === format && Array.isArray(run.rows)) return run
  throw new Error(`${path} is not a run of the bench, as --save writes it`)
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @param {import('./rows.js').Row} row */
export function hasFigure({ through }) {
  return Number.isFinite(through)
}

/** Four digits: more would be noise, in every line that somebody compares. */
function shortened(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
