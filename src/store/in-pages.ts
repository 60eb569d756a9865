import { setImmediate as turnOfOthers } from 'node:timers/promises'

const rowsAtOnce = 100

/**
 * All rows of a long list, some at a time: reading thousands in one go would hold up everybody who sends mail. What is added or removed meanwhile may be
 * in it or not.
 * @param read the next rows by their key, behind this one
 */
export async function inPages<Row>(
  read: (behind: string, most: number) => Promise<Row[]>,
  keyOf: (row: Row) => string,
): Promise<Row[]> {
  const all: Row[] = []
  let behind = ''
  for (;;) {
    const rows = await read(behind, rowsAtOnce)
    all.push(...rows)
    const last = rows.at(-1)
    if (last === undefined || rows.length < rowsAtOnce) return all
    behind = keyOf(last)
    await turnOfOthers()
  }
}
