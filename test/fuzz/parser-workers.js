// Parser inputs on all processors: the main thread hands each worker its share of the numbers.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { runParserInputs } from './parser-inputs.js'

if (!isMainThread && parentPort) parentPort.postMessage(runParserInputs(workerData))

/** @param {{ seed: number, inputs: number, parser?: string | undefined }} wishes @returns what failed, at most one input for each worker */
export async function runParserInputsEverywhere(wishes) {
  const stride = availableParallelism()
  const shares = Array.from({ length: stride }, (_, first) => share({ ...wishes, first, stride }))
  return (await Promise.all(shares)).filter((failed) => failed !== undefined)
}

/** @param {object} range @returns {Promise<ReturnType<typeof runParserInputs>>} */
function share(range) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: range })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
