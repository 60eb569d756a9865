// What happens to the hosts, and what is read off while it does.
import { Hosts } from './hosts.js'
import { addressOf, SharedStore } from './shared-store.js'
import { TokenEndpoint } from './token-endpoint.js'
import { randomFrom, VirtualTime } from './virtual-time.js'

const minute = 60_000
const hour = 60 * minute
/** Of all messages, so many leave at a full quarter of an hour: reports and the like. */
const shareAtQuarters = 0.1
/** How long after the start the tokens are spread over their lives as on any day. */
const settled = 75 * minute

/**
 * @typedef {object} Size
 * @property {number} mailboxes
 * @property {number} hosts
 * @property {number} messagesPerHour of each mailbox, on average
 * @property {number} seed
 *
 * @typedef {object} Phase what was counted between two moments
 * @property {string} name
 * @property {number} seconds
 * @property {number} requests token requests a second
 * @property {number} mostRequests in the busiest second
 * @property {number} statements of the database a second
 * @property {number} changes of the database a second, which are made one at a time
 * @property {number} messages that got through, a second
 * @property {number} putOff messages a second that were told to come again
 *
 * @typedef {object} Result
 * @property {Phase[]} phases
 * @property {number} reused refresh tokens that were spent twice
 * @property {number} waiting messages that never got through
 * @property {number} [recoverySeconds] from the end of the outage until the last message that had waited got through
 * @property {number} heapPerHost octets, at the end
 */

/** @type {Record<string, (world: World) => Promise<Result>>} */
export const scenarios = {
  'an ordinary hour': async (world) => {
    await world.phase('settling', settled)
    await world.phase('an hour', hour)
    return world.result()
  },
  'the token endpoint is silent for an hour': (world) => outage(world, 'silent'),
  'the token endpoint refuses connections for an hour': (world) => outage(world, 'refuses'),
  'a rolling upgrade': async (world) => {
    await world.phase('settling', settled)
    await world.phase('before', 10 * minute)
    for (let host = 0; host < world.size.hosts; host += 1) {
      world.hosts.restart(host)
      await world.phase(`host ${host + 1} of ${world.size.hosts} anew`, minute)
    }
    await world.phase('after', 10 * minute)
    return world.result()
  },
}

/** @param {string} name @param {Size} size @returns {Promise<Result>} */
export function runScenario(name, size) {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`There is no scenario "${name}"`)
  return scenario(new World(size))
}

/** @param {World} world @param {import('./token-endpoint.js').Mood} mood @returns {Promise<Result>} */
async function outage(world, mood) {
  await world.phase('settling', settled)
  await world.phase('before', 10 * minute)
  world.endpoint.mood = mood
  for (const quarter of [1, 2, 3, 4]) await world.phase(`outage, quarter ${quarter}`, hour / 4)
  world.endpoint.mood = 'works'
  const ended = world.time.passed
  await world.phase('the first minute after', minute)
  await world.phase('until ten minutes after', 9 * minute)
  await world.phase('until half an hour after', 20 * minute)
  return { ...world.result(), recoverySeconds: (world.hosts.lastRecovered - ended) / 1000 }
}

class World {
  size
  time = new VirtualTime()
  endpoint
  hosts
  #store
  #random
  /** @type {Phase[]} */
  #phases = []

  /** @param {Size} size */
  constructor(size) {
    const { mailboxes, hosts, seed } = size
    this.size = size
    this.#random = randomFrom(seed)
    this.#store = new SharedStore(this.time, mailboxes)
    this.endpoint = new TokenEndpoint(this.time)
    this.hosts = new Hosts(
      { time: this.time, store: this.#store, endpoint: this.endpoint, random: this.#random },
      hosts,
    )
    this.#sendAtAnyTime()
    this.#sendAtQuarters()
  }

  /** @param {string} name @param {number} milliseconds */
  async phase(name, milliseconds) {
    const from = Math.floor(this.time.passed / 1000)
    const { hosts, endpoint } = this
    const before = { ...this.#store.counted, delivered: hosts.delivered }
    await this.time.runUntil(this.time.passed + milliseconds)
    const to = Math.floor(this.time.passed / 1000)
    const seconds = to - from
    const asked = [...endpoint.requests.slice(from, to)].map((count) => count ?? 0)
    const { statements, changes } = this.#store.counted
    const sum = (counts) => counts.reduce((total, count) => total + (count ?? 0), 0)
    this.#phases.push({
      name,
      seconds,
      requests: sum(asked) / seconds,
      mostRequests: Math.max(0, ...asked),
      statements: (statements - before.statements) / seconds,
      changes: (changes - before.changes) / seconds,
      messages: (hosts.delivered - before.delivered) / seconds,
      putOff: sum([...hosts.putOff.slice(from, to)]) / seconds,
    })
  }

  /** @returns {Result} */
  result() {
    const { waiting } = this.hosts
    globalThis.gc?.()
    const heapPerHost = process.memoryUsage().heapUsed / this.size.hosts
    return { phases: this.#phases, reused: this.endpoint.reused, waiting, heapPerHost }
  }

  #sendAtAnyTime() {
    const { mailboxes, messagesPerHour } = this.size
    const mean = hour / (mailboxes * messagesPerHour * (1 - shareAtQuarters))
    const next = () => {
      this.#send()
      this.time.after(-mean * Math.log(1 - this.#random()), next)
    }
    next()
  }

  #sendAtQuarters() {
    const { mailboxes, messagesPerHour } = this.size
    const count = Math.round((mailboxes * messagesPerHour * shareAtQuarters) / 4)
    const quarter = () => {
      // Clocks differ by a few seconds.
      for (let sent = 0; sent < count; sent += 1) this.time.after(5000 * this.#random(), () => this.#send())
      this.time.after(hour / 4, quarter)
    }
    this.time.after(hour / 4, quarter)
  }

  #send() {
    const mailbox = addressOf(Math.floor(this.#random() * this.size.mailboxes))
    void this.hosts.sendUntilDelivered(mailbox)
  }
}
