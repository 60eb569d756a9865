import { createServer } from 'node:net'

let given = Math.floor(Math.random() * 100)

/**
 * A port of 127.0.0.1 that nobody listens on: the wished one if it is free, else one below the range from which systems take the
 * ports of outgoing connections, so that none of those can be in the way a moment later.
 * @param {number} [wished]
 * @returns {Promise<number>}
 */
export async function freePort(wished) {
  if (wished && (await isFree(wished))) return wished
  for (let attempt = 0; attempt < 50; attempt++) {
    // A hundred ports for each process, one after the other: neither this process nor one that looks at the same
    // moment gets the same one twice.
    const port = 20_000 + (process.pid % 100) * 100 + (given++ % 100)
    if (await isFree(port)) return port
  }
  throw new Error('No free port was found on 127.0.0.1')
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
