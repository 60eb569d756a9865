// Loaded into postern before postern itself (`node --import`): tells which of its files have run since it was last asked, and how
// often an address was brought into the form by which it is looked up. SIGUSR2 asks.
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = resolve(import.meta.dirname, '../../dist')
const answer = String(process.env.BENCH_EXECUTED_FILES)
/** @type {Session | undefined} */
let session

process.on('SIGUSR2', async () => {
  const executed = session === undefined ? await begin() : await taken(session)
  // As a whole, for somebody waits for it.
  writeFileSync(`${answer}.new`, JSON.stringify(executed))
  renameSync(`${answer}.new`, answer)
})

/** @typedef {{ files: string[], keys: number }} Executed */

/** @returns {Promise<Executed>} nothing yet */
async function begin() {
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return { files: [], keys: 0 }
}

/** Taking the counts sets them to zero. @param {Session} from @returns {Promise<Executed>} */
async function taken(from) {
  const { result } = await from.post('Profiler.takePreciseCoverage')
  const calls = result
    .filter(({ url }) => url.startsWith('file:'))
    .map(({ url, functions }) => ({ file: relative(dist, fileURLToPath(url)), functions }))
    .filter(({ file }) => !file.startsWith('..'))
    .flatMap(({ file, functions }) =>
      functions.map(({ functionName: name, ranges }) => ({ file, name, count: ranges[0]?.count ?? 0 })),
    )
    .filter(({ name, count }) => name !== '' && count > 0)
  return {
    files: [...new Set(calls.map(({ file }) => file))].sort(),
    keys: calls.find(({ file, name }) => file === 'base/text.js' && name === 'withoutCase')?.count ?? 0,
  }
}
