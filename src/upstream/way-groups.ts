import { addressKey } from '../base/address.ts'
import type { Neighbour } from './pool.ts'

/** What stands between a mailbox and its provider, as far as it has to do with who else signs in by the same name there. */
interface GroupedWay {
  account: string
  provider: { id: string }
  pool: Neighbour
}

/** The mailboxes that one name signs in for at one provider: most are alone. */
export interface WayGroups {
  /** It is new, or its name or provider is another. */
  put(way: GroupedWay): void
  remove(way: GroupedWay): void
  neighboursOf(way: GroupedWay): readonly Neighbour[]
}

const nobody: readonly Neighbour[] = []

export function createWayGroups(): WayGroups {
  const groups = new Map<string, Set<GroupedWay>>()
  const keys = new Map<GroupedWay, string>()

  function remove(way: GroupedWay): void {
    const key = keys.get(way) ?? ''
    const group = groups.get(key)
    group?.delete(way)
    if (group?.size === 0) groups.delete(key)
    keys.delete(way)
  }

  return {
    put(way) {
      const key = `${way.provider.id} ${addressKey(way.account)}`
      if (keys.get(way) === key) return
      remove(way)
      keys.set(way, key)
      groups.set(key, (groups.get(key) ?? new Set()).add(way))
    },
    remove,
    neighboursOf(way) {
      const group = groups.get(keys.get(way) ?? '')
      // Asked at each message.
      if (!group || group.size === 1) return nobody
      return [...group].filter((other) => other !== way).map(({ pool }) => pool)
    },
  }
}
