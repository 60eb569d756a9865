import { LRUCache } from 'lru-cache'
import { isStoreAway } from '../base/failure.ts'
import { type Address, type AddressKey, addressKey, domainMailbox } from '../model/address.ts'
import type { ListedMailbox } from '../model/mailbox.ts'
import type { GrantStore, MailboxStore, Store } from './ports.ts'

/** Addresses whose answers are remembered: a domain mailbox may serve any number of them. */
const mostAddresses = 10_000
/** A longer list is read anew each time. */
const mostListed = 10_000
/** A change that may take something from more than so many is taken for one to all. */
const mostTaken = 1000
/** Where more than so many of a list have changed, all of it is read anew. */
const mostReadAgain = 500

/**
 * What each sign-in, each message, each token and each look at the pages asks again: answered from
 * memory as long as no mailbox and no grant is changed. A change forgets before it begins what it may
 * be about; until it has ended, the database is asked and nothing of that is remembered. So no answer
 * is older than the last change that was made, not even while that one is not acknowledged yet.
 *
 * A database that does not answer has taken no change either: while it is away, what was forgotten
 * counts again, unless it was forgotten because somebody may have lost something.
 *
 * Where the store has other writers, `forget` is to be called when one of them has changed something.
 * @param look is called before anything is answered from memory
 */
export function rememberReads(
  store: Store,
  look = () => {},
): { store: Store; forget(mailboxes?: readonly Address[]): void } {
  const listed = new RememberedList(store.mailboxes)
  const memory = new Memory(listed, look)
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
  return { store: { ...store, mailboxes, grants }, forget: (mailboxes) => memory.forget(mailboxes) }
}

/** Changes that take nothing from anybody. */
const harmless: readonly string[] = ['renewed', 'noteAccepted']

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
    const change = (...given: unknown[]) => {
      const mailbox = subject?.(...given)
      if (!harmless.includes(name)) memory.taken(mailbox && [mailbox])
      return memory.change(() => method(...given), mailbox)
    }
    return [name, change]
  })
  return Object.fromEntries(methods) as Port
}

class Memory {
  readonly #listed: RememberedList
  readonly #look: () => void
  /** How many changes are under way. */
  #underWay = 0
  /** How many have begun: an answer that was asked for before the last of them is not remembered. */
  #begun = 0
  /** From whom something may have been taken, by the number of the change; and when last from anybody. */
  readonly #taken = new Map<AddressKey, number>()
  #takenFromAll = 0

  constructor(listed: RememberedList, look: () => void) {
    this.#listed = listed
    this.#look = look
  }

  of<Answer>(ask: (address: Address) => Promise<Answer>): (address: Address) => Promise<Answer> {
    const cache = new LRUCache<string, { answer: Answer; begun: number }>({ max: mostAddresses })
    return async (address) => {
      this.#look()
      // By its spelling, too: a domain mailbox answers with the address as it was asked for.
      const known = cache.get(address)
      const [begun, isQuiet] = [this.#begun, this.#underWay === 0]
      if (known?.begun === begun) return known.answer
      try {
        const answer = await ask(address)
        if (isQuiet && this.#begun === begun) cache.set(address, { answer: frozen(answer), begun })
        return answer
      } catch (error) {
        const isAway = isStoreAway(error)
        if (known && isAway && this.#takenAt(addressKey(address)) <= known.begun) return known.answer
        throw error
      }
    }
  }

  /** @param mailboxes those that may have lost something. Undefined: any may have */
  forget(mailboxes?: readonly Address[]): void {
    this.taken(mailboxes)
    this.#begun += 1
    this.#listed.forget()
  }

  /** By the change that begins next. */
  taken(mailboxes: readonly Address[] | undefined): void {
    const at = this.#begun + 1
    if (mailboxes === undefined || this.#taken.size + mailboxes.length > mostTaken) {
      this.#takenFromAll = at
      this.#taken.clear()
    } else for (const mailbox of mailboxes) this.#taken.set(addressKey(mailbox), at)
  }

  #takenAt(key: AddressKey): number {
    const domain = domainMailbox(key)
    const ofDomain = domain === undefined ? 0 : (this.#taken.get(domain) ?? 0)
    return Math.max(this.#takenFromAll, ofDomain, this.#taken.get(key) ?? 0)
  }

  async change<Answer>(make: () => Promise<Answer>, mailbox: Address | undefined): Promise<Answer> {
    const key = mailbox && addressKey(mailbox)
    this.#underWay += 1
    this.#begun += 1
    this.#listed.begin(key)
    try {
      return await make()
    } finally {
      this.#underWay -= 1
      this.#listed.end(key)
    }
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
