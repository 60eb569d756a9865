import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const source = join(import.meta.dirname, '../../src')

/**
 * The table in a comment of a source whose head begins with this cell.
 * @param path below src/
 * @returns the other cells of its head, and its rows with their first cells
 */
export function tableInSource(path: string, first: string): { names: string[]; rows: string[][] } {
  const cells = readFileSync(join(source, path), 'utf8')
    .split('\n')
    .map((line) =>
      /^ \* \|(.*)\|$/
        .exec(line)?.[1]
        ?.split('|')
        .map((cell) => cell.trim()),
    )
  const start = cells.findIndex((row) => row?.[0] === first)
  const end = cells.findIndex((row, index) => index > start && row === undefined)
  const [[, ...names] = [], , ...rows] = cells.slice(start, end).filter((row) => row !== undefined)
  return { names, rows }
}
