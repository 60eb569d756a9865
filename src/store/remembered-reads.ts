import { LRUCache } from 'lru-cache'
import type { Address } from '../model/address.ts'
import type { GrantStore, MailboxStore, Store } from './ports.ts'

/** Addresses whose answers are remembered: a domain mailbox may serve any number of them. */
const mostAddresses = 10_000

/**
 * What each sign-in, each message and each token asks again: answered from memory as long as no
 * mailbox and no grant is changed. A change forgets all answers before it begins; until it has
 * ended, the database is asked and nothing is remembered. So no answer is older than the last
 * change that was made, not even while that one is not acknowledged yet.
 *
 * Where the store has other writers, `forget` is to be called when one of them has changed something.
 */
export function rememberReads(store: Store): { store: Store; forget(): void } {
  const memory = new Memory()
  const { find, covering, list, listWithGrants, providers } = store.mailboxes
  const { ofMailbox, standing, lapsedOrEnding, unusedSince, endingBy, refused } = store.grants
  const mailboxes: MailboxStore = {
    ...changing(store.mailboxes, memory),
    find: memory.of(find),
    covering: memory.of(covering),
    list,
    listWithGrants,
    providers,
  }
  const grants: GrantStore = {
    ...changing(store.grants, memory),
    standing: memory.of(standing),
    ofMailbox,
    list: store.grants.list,
    lapsedOrEnding,
    unusedSince,
    endingBy,
    refused,
  }
  return { store: { ...store, mailboxes, grants }, forget: () => memory.forget() }
}

/** A port whose methods all change something, unless they are put in the place of these. */
function changing<Port extends object>(port: Port, memory: Memory): Port {
  const methods = Object.entries(port).map(([name, method]) => [
    name,
    (...given: unknown[]) => memory.change(() => method(...given)),
  ])
  return Object.fromEntries(methods) as Port
}

class Memory {
  readonly #caches: { readonly size: number; clear(): void }[] = []
  /** How many changes are under way. */
  #underWay = 0
  /** How many have begun: an answer that was asked for before the last of them is not remembered. */
  #begun = 0

  of<Answer>(ask: (address: Address) => Promise<Answer>): (address: Address) => Promise<Answer> {
    const cache = new LRUCache<string, { answer: Answer }>({ max: mostAddresses })
    this.#caches.push(cache)
    return async (address) => {
      // By its spelling, too: a domain mailbox answers with the address as it was asked for.
      const known = cache.get(address)
      if (known !== undefined) return known.answer
      const [begun, isQuiet] = [this.#begun, this.#underWay === 0]
      const answer = await ask(address)
      if (isQuiet && this.#begun === begun) cache.set(address, { answer: frozen(answer) })
      return answer
    }
  }

  forget(): void {
    this.#begun += 1
    // Clearing takes the time of all its places, also where nothing is remembered.
    for (const cache of this.#caches) if (cache.size > 0) cache.clear()
  }

  async change<Answer>(make: () => Promise<Answer>): Promise<Answer> {
    this.#underWay += 1
    this.forget()
    try {
      return await make()
    } finally {
      this.#underWay -= 1
    }
  }
}

/** Everybody gets the same one, with the lists and records in it. */
function frozen<Answer>(answer: Answer): Answer {
  if (typeof answer !== 'object' || answer === null) return answer
  for (const value of Object.values(answer)) Object.freeze(value)
  return Object.freeze(answer)
}
