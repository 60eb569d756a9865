// The provider's token endpoint: rotates strictly, counts the requests of each second, and can be away.
import { Secret } from '#built/base/secret.js'
import { limitSettings } from '#built/config/limit-settings.js'
import { networkFailure } from '#built/net/network-failure.js'

const answerMilliseconds = 150
/** As long as those of large providers. */
const tokenOctets = 1500
const lifeSeconds = 3600
/** postern's own time-out, as it is by default. */
const silenceMilliseconds = 1000 * Number(limitSettings.tokenRequestSeconds.default)
const refusalMilliseconds = 5

/** @typedef {'works' | 'silent' | 'refuses'} Mood `silent`: nothing answers until postern's own time-out */

export class TokenEndpoint {
  #time
  #given = new Map()
  /** @type {Mood} */
  mood = 'works'
  /** By the second since the beginning. @type {number[]} */
  requests = []
  /** A refresh token that was spent twice would cost a consent at a provider that rotates. */
  reused = 0

  /** @param {import('./virtual-time.js').VirtualTime} time */
  constructor(time) {
    this.#time = time
  }

  /** As one host sees it. @returns {any} */
  client() {
    return { refresh: (refreshToken) => this.#refresh(refreshToken.reveal()) }
  }

  async #refresh(spent) {
    const second = Math.floor(this.#time.passed / 1000)
    this.requests[second] = (this.requests[second] ?? 0) + 1
    if (this.mood !== 'works') return this.#fail()
    const [mailbox, number] = spent.split(' ')
    if ((this.#given.get(mailbox) ?? 0) !== Number(number)) this.reused += 1
    this.#given.set(mailbox, Number(number) + 1)
    await this.#time.pause(answerMilliseconds)
    const accessToken = new Secret(`${spent} `.padEnd(tokenOctets, 't'))
    const refreshToken = new Secret(`${mailbox} ${Number(number) + 1}`)
    return { accessToken, refreshToken, expiresInSeconds: lifeSeconds, scopes: [] }
  }

  async #fail() {
    const silent = this.mood === 'silent'
    await this.#time.pause(silent ? silenceMilliseconds : refusalMilliseconds)
    const error = Object.assign(new Error('no answer'), { code: silent ? 'ETIMEDOUT' : 'ECONNREFUSED' })
    throw networkFailure(error, { host: 'login.example.com', kind: 'endpoint' })
  }
}
