import { LRUCache } from 'lru-cache'

/**
 * Remembers in which browsers the wrong person signed in: the provider would sign the same one in again without
 * asking, so the next consent there lets them choose the account. A comfort only; losing it costs a click.
 */
export function createWrongPersons() {
  const browsers = new LRUCache<string, true>({ max: 1000 })

  return {
    note: (browserHash: string) => void browsers.set(browserHash, true),
    /** True once for each note. */
    take: (browserHash: string) => browsers.delete(browserHash),
  }
}

export type WrongPersons = ReturnType<typeof createWrongPersons>
