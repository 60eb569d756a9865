import type { Source } from '../base/source.ts'
import type { Limits } from '../config/config.ts'

/** Admits connections up to the limits, in all and for each source. */
export interface ConnectionCount {
  /** Undefined when it is one too many; otherwise to be called once, when the connection is over. */
  admit(source: Source): (() => void) | undefined
}

type CountLimits = Pick<Limits, 'connections' | 'connectionsPerLoopbackSource' | 'connectionsPerSource'>

export function createConnectionCount(limits: CountLimits): ConnectionCount {
  // Holds only sources that are connected now, so a stranger cannot make it grow.
  const bySource = new Map<string, number>()
  let all = 0

  return {
    admit({ key, loopback }) {
      const fromHere = bySource.get(key) ?? 0
      const most = loopback ? limits.connectionsPerLoopbackSource : limits.connectionsPerSource
      if (all >= limits.connections || fromHere >= most) return undefined
      all++
      bySource.set(key, fromHere + 1)
      return () => leave(key)
    },
  }

  function leave(key: string): void {
    all--
    const left = (bySource.get(key) ?? 0) - 1
    if (left > 0) bySource.set(key, left)
    else bySource.delete(key)
  }
}
