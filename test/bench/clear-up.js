// What must not outlive the bench, however it ends: its folders, and processes that would go on without it.
import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set()
const children = new Set()
let watching = false

/** A new folder; gone with this process, where nobody removed it before. @returns {string} its path */
export function makeFolder() {
  watch()
  const path = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  folders.add(path)
  return path
}

export async function removeFolder(path) {
  await rm(path, { recursive: true, force: true })
  folders.delete(path)
}

/** Killed with this process, where it has not ended before. @param {import('node:child_process').ChildProcess} child */
export function endWithUs(child) {
  watch()
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

function watch() {
  if (watching) return
  watching = true
  process.once('exit', clearUp)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
}

/** Nothing can be waited for here. Whoever has just been killed may have written another file: then the folder is tried again. */
function clearUp() {
  for (const child of children) child.kill('SIGKILL')
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
}
