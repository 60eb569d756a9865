import { LRUCache } from 'lru-cache'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { ListedMailbox } from '../model/mailbox.ts'
import type { GrantStore, MailboxStore, Store } from './ports.ts'

/** Addresses whose answers are remembered: a domain mailbox may serve any number of them. */
const mostAddresses = 10_000
/** A longer list is read anew each time. */
const mostListed = 10_000
/** Where more than so many of a list have changed, all of it is read anew. */
const mostReadAgain = 500

/**
 * What each sign-in, each message, each token and each look at the pages asks again: answered from
 * memory as long as no mailbox and no grant is changed. A change forgets before it begins what it may
 * be about; until it has ended, the database is asked and nothing of that is remembered. So no answer
 * is older than the last change that was made, not even while that one is not acknowledged yet.
 *
 * Where the store has other writers, `forget` is to be called when one of them has changed something.
 */
export function rememberReads(store: Store): { store: Store; forget(): void } {
  const listed = new RememberedList(store.mailboxes)
  const memory = new Memory(listed)
  const { find, covering, list, addresses, providers } = store.mailboxes
  const { ofMailbox, standing, lapsedOrEnding, unusedSince, endingBy, refused } = store.grants
  const mailboxes: MailboxStore = {
    ...changing(store.mailboxes, memory, {
      add: ({ address }) => address,
      put: ({ address }) => address,
      noteAccepted: (address) => address,
      remove: (address) => address,
    }),
    find: memory.of(find),
    covering: memory.of(covering),
    list,
    listWithGrants: (keys) => (keys ? store.mailboxes.listWithGrants(keys) : listed.read()),
    addresses,
    providers,
  }
  const grants: GrantStore = {
    ...changing(store.grants, memory, {
      adopt: ({ mailbox }) => mailbox,
      renewed: (id) => listed.withGrant(id),
      lapse: (id) => listed.withGrant(id),
    }),
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

/** Which mailbox a call is about. Undefined: any may be. */
type Subjects<Port> = {
  [Method in keyof Port]?: Port[Method] extends (...given: infer Given) => unknown
    ? (...given: Given) => Address | undefined
    : never
}

/** A port whose methods all change something, unless they are put in the place of these. */
function changing<Port extends object>(port: Port, memory: Memory, subjects: Subjects<Port>): Port {
  const methods = Object.entries(port).map(([name, method]) => {
    const subject = subjects[name as keyof Port] as ((...given: unknown[]) => Address | undefined) | undefined
    return [name, (...given: unknown[]) => memory.change(() => method(...given), subject?.(...given))]
  })
  return Object.fromEntries(methods) as Port
}

class Memory {
  readonly #caches: { readonly size: number; clear(): void }[] = []
  readonly #listed: RememberedList
  /** How many changes are under way. */
  #underWay = 0
  /** How many have begun: an answer that was asked for before the last of them is not remembered. */
  #begun = 0

  constructor(listed: RememberedList) {
    this.#listed = listed
  }

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
    this.#forgetAnswers()
    this.#listed.forget()
  }

  async change<Answer>(make: () => Promise<Answer>, mailbox: Address | undefined): Promise<Answer> {
    const key = mailbox && addressKey(mailbox)
    this.#underWay += 1
    this.#forgetAnswers()
    this.#listed.begin(key)
    try {
      return await make()
    } finally {
      this.#underWay -= 1
      this.#listed.end(key)
    }
  }

  #forgetAnswers(): void {
    this.#begun += 1
    // Clearing takes the time of all its places, also where nothing is remembered.
    for (const cache of this.#caches) if (cache.size > 0) cache.clear()
  }
}

/** All mailboxes with their grants, of which only those are read again that a change was about. */
class RememberedList {
  readonly #store: Pick<MailboxStore, 'listWithGrants'>
  #rows: ReadonlyMap<AddressKey, ListedMailbox> | undefined
  /** Mailboxes that are to be read again, each with the number of what was last told of it. */
  readonly #stale = new Map<AddressKey, number>()
  /** How many changes are under way, to each of them; and to nobody knows which. */
  readonly #underWay = new Map<AddressKey | undefined, number>()
  /** How often was told of a change; and when last of one that may be to any. */
  #told = 0
  #allTold = 0
  /** One reading after the other: an earlier answer must not take the place of a later one. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: Pick<MailboxStore, 'listWithGrants'>) {
    this.#store = store
  }

  read(): Promise<ListedMailbox[]> {
    const turn = this.#turn.then(() => this.#read())
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** The mailbox that has the grant, as far as it is known. */
  withGrant(id: string): Address | undefined {
    for (const { address, grant } of this.#rows?.values() ?? []) if (grant?.id === id) return address
    return undefined
  }

  begin(key: AddressKey | undefined): void {
    this.#underWay.set(key, (this.#underWay.get(key) ?? 0) + 1)
    this.#tell(key)
  }

  end(key: AddressKey | undefined): void {
    const left = (this.#underWay.get(key) ?? 0) - 1
    if (left > 0) this.#underWay.set(key, left)
    else this.#underWay.delete(key)
    this.#tell(key)
  }

  forget(): void {
    this.#tell(undefined)
  }

  #tell(key: AddressKey | undefined): void {
    this.#told += 1
    const isOne = key !== undefined && (this.#stale.has(key) || this.#stale.size < mostReadAgain)
    if (isOne) this.#stale.set(key, this.#told)
    else {
      this.#allTold = this.#told
      this.#rows = undefined
      this.#stale.clear()
    }
  }

  async #read(): Promise<ListedMailbox[]> {
    const [told, before] = [this.#told, this.#rows]
    const keys = [...this.#stale.keys()]
    if (before && keys.length === 0) return [...before.values()]
    const found = await this.#store.listWithGrants(before && keys)
    const rows = before ? withThose(before, keys, found) : rowsOf(found)
    if (this.#allTold <= told && !this.#underWay.has(undefined) && rows.size <= mostListed) {
      this.#rows = rows
      for (const [key, at] of this.#stale) if (at <= told && !this.#underWay.has(key)) this.#stale.delete(key)
    }
    return [...rows.values()]
  }
}

function rowsOf(found: readonly ListedMailbox[]): Map<AddressKey, ListedMailbox> {
  return new Map(found.map((row) => [row.key, frozen(row)]))
}

/** In the order of their keys, as the database gives them. */
function withThose(
  before: ReadonlyMap<AddressKey, ListedMailbox>,
  keys: readonly AddressKey[],
  found: readonly ListedMailbox[],
): ReadonlyMap<AddressKey, ListedMailbox> {
  const rows = new Map(before)
  const again = rowsOf(found)
  let isInOrder = true
  for (const key of keys) {
    const row = again.get(key)
    if (!row) rows.delete(key)
    else {
      isInOrder &&= rows.has(key)
      rows.set(key, row)
    }
  }
  return isInOrder ? rows : new Map([...rows].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Everybody gets the same one, with the lists and records in it. */
function frozen<Answer>(answer: Answer): Answer {
  if (typeof answer !== 'object' || answer === null) return answer
  for (const value of Object.values(answer)) Object.freeze(value)
  return Object.freeze(answer)
}
