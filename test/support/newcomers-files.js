import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

// The test files whose outcome may depend on who runs them and on what is installed, a line each: `.ci/newcomer` runs these. The others
// do the same for anybody.

const root = resolve(import.meta.dirname, '../..')
const startsPrograms = /['"](?:node:)?(?:child_process|cluster)['"]/
const looksAtRights =
  /\b(?:get|set)e?[ug]id\b|\b(?:chmod|chown|access)(?:Sync)?\(|\bumask\b|\bmode\b|\b(?:PATH|HOME|CI)\b/
const importedFiles = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\s]+\.m?[jt]s)['"]/g

/** @returns {string[]} */
export function newcomersFiles() {
  const names = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name))
  return files.filter((file) => dependsOnTheMachine(join(root, file), new Set())).sort()
}

/** By itself, or by what it stands on; what postern itself does with programs and rights is tried by tests that look at it.
 * @param {string} file @param {Set<string>} seen @returns {boolean}
 */
function dependsOnTheMachine(file, seen) {
  if (seen.has(file) || relative(root, file).startsWith(`src${sep}`)) return false
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  if (startsPrograms.test(text) || looksAtRights.test(text)) return true
  return [...text.matchAll(importedFiles)].some(([, path]) =>
    dependsOnTheMachine(resolve(dirname(file), String(path)), seen),
  )
}

if (import.meta.url === pathToFileURL(String(process.argv[1])).href) console.log(newcomersFiles().join('\n'))
