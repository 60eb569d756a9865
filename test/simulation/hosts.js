// The hosts behind a load balancer: each has the real token broker, and takes the mail of whichever client comes.
import { silentLog } from '#built/base/log.js'
import { createTokenBroker } from '#built/grants/create-token-broker.js'
import { createSharedRenewals } from '#built/grants/shared-renewals.js'

/** A client whose message was put off comes again after so long, as mail servers and programs do. */
const retryMilliseconds = 300_000

export class Hosts {
  #world
  #brokers
  /** Messages that were put off and have not got through yet. */
  waiting = 0
  /** By the second since the beginning. @type {number[]} */
  putOff = []
  delivered = 0
  /** When the last message that had been put off got through, in milliseconds since the beginning. */
  lastRecovered = 0
  /** When the first one got a token after the outage. */
  /** @type {number | undefined} */
  firstRecovered

  /**
   * @param {{ time: import('./virtual-time.js').VirtualTime, store: import('./shared-store.js').SharedStore, endpoint: import('./token-endpoint.js').TokenEndpoint, random: () => number }} world
   * @param {number} count
   */
  constructor(world, count) {
    this.#world = world
    this.#brokers = Array.from({ length: count }, () => this.#start())
  }

  /**
   * A new process in place of the one before, which ends what it has begun: what that had in memory is gone.
   *
   * @param {number} at
   */
  restart(at) {
    const before = this.#brokers[at]
    this.#brokers[at] = this.#start()
    void before?.broker.close().then(before.leave)
  }

  /** @param {import('#built/model/address.js').Address} mailbox */
  async send(mailbox) {
    const { time, random } = this.#world
    const host = this.#brokers[Math.floor(random() * this.#brokers.length)]
    try {
      await host?.broker.accessTokenFor(mailbox)
      this.delivered += 1
      return true
    } catch {
      const second = Math.floor(time.passed / 1000)
      this.putOff[second] = (this.putOff[second] ?? 0) + 1
      return false
    }
  }

  /** Until it has got through. @param {import('#built/model/address.js').Address} mailbox */
  async sendUntilDelivered(mailbox) {
    if (await this.send(mailbox)) return
    const { time, random } = this.#world
    this.waiting += 1
    do await time.pause(retryMilliseconds * (0.8 + 0.4 * random()))
    while (!(await this.send(mailbox)))
    this.waiting -= 1
    this.lastRecovered = time.passed
  }

  #start() {
    const { time, store: shared, endpoint, random } = this.#world
    const { store, tokens, leave } = shared.forHost()
    const client = endpoint.client()
    const registrationOf = () => ({ clientId: 'simulated' })
    const broker = createTokenBroker({
      store,
      oauthClientFor: () => client,
      registrationOf,
      shareRenewals: (clock) =>
        createSharedRenewals({ tokens, store, registrationOf, refreshMarginFor: () => 0, clock }),
      onLapsed: () => {},
      clock: time.clock,
      log: silentLog,
      random,
      later: (milliseconds, run) => time.after(milliseconds, run),
    })
    return { broker, leave }
  }
}
