import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { createLanes } from '../base/fair-queue.ts'

/** A few milliseconds of work. */
const mostBetweenLooks = 4

/**
 * Has so many requests begun at most, before new connections are looked at again. Node takes one connection between two rounds of what has
 * arrived on all others: a few hundred that ask without a pause would make each round so long that nobody else gets in for minutes.
 * Those that wait come in turns: of each address, and there of the connections that ask for the first time and of those that ask again.
 */
export function inTurns(app: RequestListener): RequestListener {
  const waiting = createLanes<() => void>()
  const haveAsked = new WeakSet<Socket>()
  let [begun, isScheduled] = [0, false]

  function begin(work: () => void): void {
    begun += 1
    if (!isScheduled) setImmediate(nextRound)
    isScheduled = true
    work()
  }

  function nextRound(): void {
    begun = 0
    isScheduled = false
    while (begun < mostBetweenLooks && waiting.size() > 0) begin(waiting.shift() ?? (() => {}))
  }

  return (request, response) => {
    const { socket } = request
    const lane = `${haveAsked.has(socket)} ${socket.remoteAddress}`
    haveAsked.add(socket)
    const work = () => {
      if (!socket.destroyed) app(request, response)
    }
    if (waiting.size() === 0 && begun < mostBetweenLooks) begin(work)
    else waiting.push(lane, work)
  }
}
