// What is measured, and how it is written down.
import { readdir, readFile } from 'node:fs/promises'

export function median(values) {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)]
}

/** The resident memory of a process in octets, as the system counts it; nothing is collected first. */
export async function residentOctets(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  return 1024 * Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1])
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
