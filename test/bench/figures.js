// What is measured, and how it is written down.
import { readdir, readFile, writeFile } from 'node:fs/promises'

// USER_HZ is 100 on every Linux that Node.js runs on.
const tickMilliseconds = 10

export function median(values) {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2
}

/** The resident memory of a process in octets, as the system counts it; nothing is collected first. */
export function residentOctets(pid) {
  return statusOctets(pid, 'VmRSS')
}

/** The most that it was since `forgetPeak`. */
export function peakOctets(pid) {
  return statusOctets(pid, 'VmHWM')
}

/** See proc_pid_clear_refs(5). */
export function forgetPeak(pid) {
  return writeFile(`/proc/${pid}/clear_refs`, '5')
}

async function statusOctets(pid, name) {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  return 1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1])
}

/**
 * What a process has used of the processors until now, in milliseconds, counted twice: `coarse` of all threads that it ever had, in steps of 10 ms
 * each for its own work and the system's; `fine` to the nanosecond, of the threads that live, where the system tells.
 *
 * @typedef {{ coarse: number, fine: number }} ProcessorTime
 *
 * @param {number} pid
 * @returns {Promise<ProcessorTime>}
 */
export async function processorTime(pid) {
  const fine = await ofLivingThreads(pid)
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  // The name of the program may hold spaces and parentheses; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { coarse: (Number(fields[11]) + Number(fields[12])) * tickMilliseconds, fine }
}

async function ofLivingThreads(pid) {
  try {
    const threads = await readdir(`/proc/${pid}/task`)
    const texts = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')),
    )
    return texts.reduce((sum, text) => sum + Number.parseInt(text, 10) / 1e6, 0)
  } catch {
    return Number.NaN
  }
}

/**
 * The milliseconds between the two: the fine ones where no thread has ended with its share, as those of stunnel do for each connection. Coarse
 * ones that are a few steps only are no figure.
 *
 * @param {ProcessorTime} before
 * @param {ProcessorTime} after
 */
export function processorBetween(before, after) {
  // The coarse ones are rounded down.
  if (after.fine >= after.coarse) return after.fine - before.fine
  const coarse = after.coarse - before.coarse
  return coarse >= 5 * tickMilliseconds ? coarse : Number.NaN
}

export async function openDescriptors(pid) {
  return (await readdir(`/proc/${pid}/fd`)).length
}

export function pause(seconds) {
  return new Promise((later) => setTimeout(later, seconds * 1000))
}

export function megabytes(octets) {
  return `${(octets / 1e6).toFixed(1)} MB`
}

export function milliseconds(value) {
  return `${value.toFixed(1)} ms`
}
