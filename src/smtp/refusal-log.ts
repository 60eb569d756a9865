import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { sourceOf } from '../net/ip.ts'

/**
 * What postern refuses itself: one line each, so that whoever looks after a device that goes unheard finds out why. Those that are alike are said a few
 * times in a minute, and then how many more they were: nobody fills a log by being refused.
 */
export interface RefusalLog {
  note(refusal: Refusal): void
  /** Says what is still to be said. */
  close(): void
}

export interface Refusal {
  /** The same in those of one source that are alike. */
  why: string
  /** `client`: its address. */
  fields: { event: string; client: string }
  message: string
}

const windowMilliseconds = 60_000
/** Of one source, for one reason. */
const mostAlike = 5
const mostInAll = 120

interface Alike {
  said: number
  more: number
  last: Refusal
}

export function createRefusalLog(log: Log, clock: Pick<Clock, 'monotonic'>): RefusalLog {
  const alike = new Map<string, Alike>()
  /** Of those that there was no room for, by event. */
  const others = new Map<string, number>()
  let since = 0
  let said = 0
  let timer: NodeJS.Timeout | undefined

  function say({ fields, message }: Refusal, more?: number): void {
    log.warn(more === undefined ? fields : { ...fields, more }, message)
  }

  /** What is kept of a minute is bounded by what was said in it. */
  function sumUp(): void {
    clearTimeout(timer)
    timer = undefined
    for (const { last, more } of alike.values()) if (more > 0) say(last, more)
    for (const [event, more] of others) log.warn({ event, more }, 'refused')
    alike.clear()
    others.clear()
    said = 0
  }

  function begin(): void {
    if (alike.size > 0 && clock.monotonic() - since >= windowMilliseconds) sumUp()
    if (alike.size === 0) since = clock.monotonic()
  }

  return {
    note(refusal) {
      begin()
      const { event, client } = refusal.fields
      const key = [event, sourceOf(client).key, refusal.why].join('\n')
      const known = alike.get(key)
      if (said < mostInAll && (known === undefined || known.said < mostAlike)) {
        said += 1
        alike.set(key, { said: (known?.said ?? 0) + 1, more: 0, last: refusal })
        return say(refusal)
      }
      timer ??= setTimeout(sumUp, windowMilliseconds).unref()
      if (known === undefined) others.set(event, (others.get(event) ?? 0) + 1)
      else alike.set(key, { ...known, more: known.more + 1, last: refusal })
    },
    close: sumUp,
  }
}
