// Loaded into postern before postern itself (`node --import`): tells which of its files have run since it was last asked. SIGUSR2 asks.
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = resolve(import.meta.dirname, '../../dist')
const answer = String(process.env.BENCH_EXECUTED_FILES)
/** @type {Session | undefined} */
let session

process.on('SIGUSR2', async () => {
  const files = session === undefined ? await begin() : await executed(session)
  // As a whole, for somebody waits for it.
  writeFileSync(`${answer}.new`, JSON.stringify(files))
  renameSync(`${answer}.new`, answer)
})

/** @returns {Promise<string[]>} none yet */
async function begin() {
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return []
}

/** Taking the counts sets them to zero. @param {Session} from @returns {Promise<string[]>} */
async function executed(from) {
  const { result } = await from.post('Profiler.takePreciseCoverage')
  return result
    .filter(({ functions }) =>
      functions.some(({ ranges, functionName }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    )
    .flatMap(({ url }) => (url.startsWith('file:') ? relative(dist, fileURLToPath(url)) : []))
    .filter((path) => !path.startsWith('..'))
    .sort()
}
