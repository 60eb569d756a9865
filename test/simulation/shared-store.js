// The store that all hosts share, as the token broker sees it: in memory, and counted. Its rules are those of the real one: a change
// names the version that it read, and the second of two changes finds another version.
import { Secret } from '#built/base/secret.js'
import { rememberReads } from '#built/store/remembered-reads.js'

export const provider = 'simulated'
/** From the commit on one host to the moment when another one has forgotten what it remembers. */
const notifiedAfterMilliseconds = 3

export class SharedStore {
  #time
  /** How often the grant of each mailbox has been renewed. */
  #renewals
  /** @type {{ forget: () => void }[]} */
  #hosts = []
  /** Statements that a database would have got. */
  statements = { reads: 0, changes: 0 }

  /** @param {import('./virtual-time.js').VirtualTime} time @param {number} mailboxes */
  constructor(time, mailboxes) {
    this.#time = time
    this.#renewals = new Uint32Array(mailboxes)
  }

  /** The store as one host has it, with what that host remembers of it. */
  forHost() {
    const remembering = rememberReads(/** @type {any} */ (this.#asked()))
    this.#hosts.push(remembering)
    return remembering.store
  }

  /** What the host remembered goes with it. */
  hostHasGone(store) {
    this.#hosts = this.#hosts.filter((host) => /** @type {any} */ (host).store !== store)
  }

  #asked() {
    const { statements } = this
    const nothing = async () => []
    return {
      mailboxes: {
        ...{ find: nothing, list: nothing, listWithGrants: nothing, providers: nothing },
        async covering(address) {
          statements.reads += 1
          return { address, providerId: provider }
        },
      },
      grants: {
        ...{
          list: nothing,
          lapsedOrEnding: nothing,
          unusedSince: nothing,
          endingBy: nothing,
          refused: nothing,
        },
        async standing(address) {
          statements.reads += 1
          return {
            providerId: provider,
            grant: { id: address, providerId: provider, flow: 'device', state: 'active' },
          }
        },
        ofMailbox: async (address) => {
          statements.reads += 1
          const version = this.#renewals[numberOf(address)]
          const refreshToken = new Secret(`${address} ${version}`)
          return {
            state: 'active',
            id: address,
            mailbox: address,
            providerId: provider,
            version,
            refreshToken,
            flow: 'device',
            scopes: [],
          }
        },
        renewed: async (id, version) => {
          statements.changes += 1
          const at = numberOf(id)
          if (this.#renewals[at] !== version) return undefined
          this.#renewals[at] += 1
          this.#time.after(notifiedAfterMilliseconds, () => {
            for (const host of this.#hosts) host.forget()
          })
          return {}
        },
      },
    }
  }
}

/** @param {number} at */
export function addressOf(at) {
  return `m${at}@example.com`
}

function numberOf(address) {
  return Number(address.slice(1, address.indexOf('@')))
}
