// What is measured, and how it is written down.
import { readdir, readFile, writeFile } from 'node:fs/promises'

// USER_HZ, the same on every Linux that Node.js runs on.
const ticksPerSecond = 100

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

/** The processor time of a process and all its threads, in milliseconds, to 10 ms. */
export async function processorMilliseconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  // The name of the program may hold spaces and parentheses; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
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
