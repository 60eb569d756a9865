// The store that all hosts share, as the token broker sees it: in memory, and counted. Its rules are those of the real one: a change
// names the version that it read, and the second of two changes finds another version; one host at a time has the turn of a mailbox; the
// token of a renewal is there for all as soon as that is stored.
import { Secret } from '#built/base/secret.js'
import { rememberReads } from '#built/store/remembered-reads.js'

export const provider = 'simulated'
/** From the commit on one host to the moment when another one has heard of it. */
const notifiedAfterMilliseconds = 3
/** As the real one looks again where no notification comes. */
const lookMilliseconds = 500
/** For how long a failed request holds back all hosts. */
const pauseMilliseconds = 5000
/** What each of the other hosts does after a change: it reads what was changed, and says that it has. */
const statementsToTakeUp = 2

/**
 * @typedef {import('#built/store/ports.js').IssuedToken} IssuedToken
 * @typedef {{ by?: number, failed?: { until: number, grantId: string, failure: any } }} Turn
 * @typedef {{ number: number, forget: () => void, store: any, seeStored: (mailbox: any) => void }} Host
 */

export class SharedStore {
  #time
  /** How often the grant of each mailbox has been renewed. */
  #renewals
  /** @type {Map<string, IssuedToken & { at: number }>} */
  #tokens = new Map()
  /** @type {Map<string, Turn>} */
  #turns = new Map()
  /** Who waits for the turn of another host to end. @type {Map<string, Set<() => void>>} */
  #waiting = new Map()
  /** @type {Host[]} */
  #hosts = []
  #begun = 0
  /** What a database would have been asked: statements in all, and changes, which are made one at a time. */
  counted = { statements: 0, changes: 0 }

  /** @param {import('./virtual-time.js').VirtualTime} time @param {number} mailboxes */
  constructor(time, mailboxes) {
    this.#time = time
    this.#renewals = new Uint32Array(mailboxes)
  }

  /** The store as one host has it, with what that host remembers of it, and what it shares with the others. */
  forHost() {
    this.#begun += 1
    const remembering = rememberReads(/** @type {any} */ (this.#port()))
    /** @type {Host} */
    const host = { number: this.#begun, ...remembering, seeStored: () => {} }
    this.#hosts.push(host)
    return { store: remembering.store, tokens: this.#tokensFor(host), leave: () => this.#leave(host) }
  }

  /** @param {Host} host */
  #leave(host) {
    this.#hosts = this.#hosts.filter((one) => one !== host)
    for (const turn of this.#turns.values()) if (turn.by === host.number) delete turn.by
  }

  #port() {
    const { counted } = this
    const nothing = async () => []
    const unused = { find: nothing, list: nothing, listWithGrants: nothing, providers: nothing }
    const notAsked = { lapsedOrEnding: nothing, unusedSince: nothing, endingBy: nothing, refused: nothing }
    return {
      mailboxes: {
        ...unused,
        async covering(address) {
          counted.statements += 1
          return { address, providerId: provider }
        },
      },
      grants: {
        ...{ list: nothing, ...notAsked },
        async standing(address) {
          counted.statements += 1
          const grant = { id: address, providerId: provider, flow: 'device', state: 'active' }
          return { providerId: provider, grant }
        },
        ofMailbox: async (address) => {
          counted.statements += 1
          const version = this.#renewals[numberOf(address)]
          const refreshToken = new Secret(`${address} ${version}`)
          const of = { id: address, mailbox: address, providerId: provider, version }
          return { state: 'active', ...of, refreshToken, flow: 'device', scopes: [] }
        },
        renewed: async (id, version, _renewed, issued) => {
          counted.statements += 6
          counted.changes += 1
          const at = numberOf(id)
          if (this.#renewals[at] !== version) return undefined
          this.#renewals[at] += 1
          this.#turns.delete(id)
          this.#tokens.set(id, { ...issued, at: this.#time.passed - issued.ageMilliseconds })
          this.#tell(id)
          return {}
        },
      },
    }
  }

  /** @param {string} mailbox whose token is a new one */
  #tell(mailbox) {
    this.counted.statements += statementsToTakeUp * (this.#hosts.length - 1)
    this.#time.after(notifiedAfterMilliseconds, () => {
      for (const host of this.#hosts) {
        host.forget()
        host.seeStored(mailbox)
      }
      this.#wake(mailbox)
    })
  }

  #wake(mailbox) {
    for (const wake of this.#waiting.get(mailbox) ?? []) wake()
  }

  /** @param {Host} host @returns {import('#built/store/ports.js').SharedTokens} */
  #tokensFor(host) {
    const { counted } = this
    const turnOf = (mailbox) => {
      const turn = this.#turns.get(mailbox) ?? {}
      this.#turns.set(mailbox, turn)
      return turn
    }
    /** @param {Turn} turn */
    const failureOf = ({ failed }) => (failed && failed.until > this.#time.passed ? failed : undefined)
    return {
      look: async (mailbox, anyway) => {
        counted.statements += 1
        const issued = this.#tokens.get(mailbox)
        const turn = this.#turns.get(mailbox) ?? {}
        const failed = anyway ? undefined : failureOf(turn)
        const isTaken = turn.by !== undefined && turn.by !== host.number
        const token = issued && { ...issued, ageSeconds: (this.#time.passed - issued.at) / 1000 }
        return { isTaken, ...(token && { token }), ...(failed && { failed }) }
      },
      take: async (mailbox, anyway) => {
        counted.statements += 1
        const turn = turnOf(mailbox)
        if (turn.by !== undefined && turn.by !== host.number) return undefined
        if (!anyway && failureOf(turn)) return undefined
        turn.by = host.number
        delete turn.failed
        return { mailbox, at: { database: 0, monotonic: 0 }, isOurs: () => true }
      },
      giveBack: async ({ mailbox }, failed) => {
        counted.statements += 1
        const turn = this.#turns.get(mailbox)
        if (turn?.by !== host.number) return
        delete turn.by
        if (failed) turn.failed = { ...failed, until: this.#time.passed + pauseMilliseconds }
        else this.#turns.delete(mailbox)
        this.#time.after(notifiedAfterMilliseconds, () => this.#wake(mailbox))
      },
      put: async () => {},
      ended: (mailbox) =>
        new Promise((resolve) => {
          const all = this.#waiting.get(mailbox) ?? new Set()
          const wake = () => {
            all.delete(wake)
            if (all.size === 0) this.#waiting.delete(mailbox)
            resolve()
          }
          this.#waiting.set(mailbox, all.add(wake))
          this.#time.after(lookMilliseconds, wake)
        }),
      follow: (see) => {
        host.seeStored = see
      },
    }
  }
}

/** @param {number} at @returns {import('#built/model/address.js').Address} */
export function addressOf(at) {
  return `m${at}@example.com`
}

function numberOf(address) {
  return Number(address.slice(1, address.indexOf('@')))
}
