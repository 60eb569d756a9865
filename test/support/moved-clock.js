/*
 * Loaded into postern before it starts (`node --import`): a clock that a test can move forward, as one of a machine that was asleep.
 * `POST /` with a number of seconds moves it; timers of a minute and more that would have fired by then fire at once, in their order.
 * Shorter ones belong to requests that are under way, which are as quick as they are. No timer of OpenSSL or of the kernel is moved.
 */
import { createServer } from 'node:http'

const shortest = 60_000
const SystemDate = Date
const startTimer = setTimeout
let moved = 0

globalThis.Date = /** @type {DateConstructor} */ (
  class extends SystemDate {
    /** @param {any[]} given */
    constructor(...given) {
      super(.../** @type {[]} */ (given.length === 0 ? [SystemDate.now() + moved] : given))
    }
    /** @override */
    static now() {
      return SystemDate.now() + moved
    }
  }
)

/** @type {Map<NodeJS.Timeout, { due: number, fire: () => void }>} */
const pending = new Map()

const setMovedTimeout = (
  /** @type {(...given: any[]) => void} */ run,
  milliseconds = 0,
  /** @type {any[]} */ ...given
) => {
  if (milliseconds < shortest) return startTimer(run, milliseconds, ...given)
  const fire = () => {
    pending.delete(timer)
    run(...given)
  }
  const timer = startTimer(fire, milliseconds)
  const wait = () => pending.set(timer, { due: Date.now() + milliseconds, fire })
  const { refresh, close } = timer
  timer.refresh = () => {
    wait()
    return refresh.call(timer)
  }
  timer.close = () => {
    pending.delete(timer)
    return close.call(timer)
  }
  wait()
  return timer
}
globalThis.setTimeout = /** @type {typeof setTimeout} */ (Object.assign(setMovedTimeout, startTimer))

const stopTimer = clearTimeout
globalThis.clearTimeout = (timer) => {
  if (timer) pending.delete(/** @type {NodeJS.Timeout} */ (timer))
  stopTimer(timer)
}

/** @param {number} seconds */
function move(seconds) {
  moved += seconds * 1000
  const due = [...pending].filter(([, one]) => one.due <= Date.now()).sort(([, a], [, b]) => a.due - b.due)
  for (const [timer, { fire }] of due) {
    if (!pending.has(timer)) continue
    stopTimer(timer)
    fire()
  }
}

// The command has a clock of its own.
if (process.argv.includes('serve')) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    move(Number(body))
    response.end()
  })
  server.listen(Number(process.env.MOVED_CLOCK_PORT), '127.0.0.1').unref()
}
