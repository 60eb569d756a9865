import { type Address, addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { TokenBroker } from '../grants/token-broker.ts'
import type { Catalogue, Provider } from '../providers/provider.ts'
import type { MailboxStore } from '../store/ports.ts'
import type { Capabilities } from '../wire/capabilities.ts'
import { beginTransaction } from './begin-transaction.ts'
import { createCircuit } from './circuit.ts'
import { createDialer } from './dial.ts'
import { intersect } from './offered.ts'
import { createOpener } from './open-signed-in.ts'
import { createPool, type Pool } from './pool.ts'
import type { Relay } from './relay.ts'

export interface RelayDependencies {
  catalogue: Catalogue
  mailboxes: Pick<MailboxStore, 'find'>
  tokens: TokenBroker
  limits: Limits
  /** PEM text of certification authorities that are trusted beside the public ones. */
  extraCa?: string
  clock: Clock
  log: Log
  /** What to say in EHLO; absent: the machine's full name, or its address. */
  ehloName?: string
}

interface MailboxPool {
  pool: Pool
  /** As registered when somebody last asked. */
  provider: Provider
}

/** The provider's side of postern: a pool of warm connections for each mailbox, and transactions on them. */
export function createRelay(dependencies: RelayDependencies): Relay {
  const { catalogue, mailboxes, limits, clock, log } = dependencies
  const open = createOpener({ dial: createDialer(dependencies), tokens: dependencies.tokens, limits, log })
  const pools = new Map<string, MailboxPool>()
  /** What each provider's own EHLO offered last, by provider id. */
  const heard = new Map<string, Capabilities>()
  const withoutChunking = new Set<string>()
  let closed = false

  async function poolOf(address: Address): Promise<MailboxPool> {
    const mailbox = await mailboxes.find(address)
    if (!mailbox) throw unknownMailbox(address)
    const provider = catalogue.registered(mailbox.providerId)
    // Asked after the wait above: what began before `close` must not open anything after it.
    if (closed) throw stopping()
    const key = addressKey(mailbox.address)
    const known = pools.get(key)
    if (known) {
      known.provider = provider
      return known
    }
    const fresh: MailboxPool = { provider, pool: poolFor(mailbox.address, () => fresh.provider) }
    pools.set(key, fresh)
    return fresh
  }

  function poolFor(mailbox: Address, current: () => Provider): Pool {
    return createPool({
      async open(signal) {
        const provider = current()
        const signedIn = await open(mailbox, provider, signal)
        heard.set(provider.id, signedIn.capabilities)
        return signedIn
      },
      caps: () => current().limits,
      circuit: createCircuit(clock),
      limits,
      clock,
      log: log.child({ mailbox }),
    })
  }

  return {
    async verify(address) {
      const { pool } = await poolOf(address)
      await pool.prove()
    },
    async begin(address, mail, recipients) {
      const { pool, provider } = await poolOf(address)
      const { host } = provider.submission
      // Every warm connection may have died in the same moment; the one after them is new.
      for (let deaths = 0; deaths <= provider.limits.connections; deaths += 1) {
        const lease = await pool.lease()
        const begun = await beginTransaction(lease, mail, recipients, { host, limits, withoutChunking })
        if (begun !== 'dead') return begun
      }
      throw new Failure('provider-unavailable', `${host} closes every connection before its first reply`, {
        fix: 'Try again later.',
      })
    },
    offered(address) {
      const own = address === undefined ? undefined : pools.get(addressKey(address))?.provider
      const registered = catalogue.list().filter((entry) => entry.registered)
      const providers = own ? [own] : registered.map(({ provider }) => provider)
      return intersect(providers.map((provider) => heard.get(provider.id) ?? provider.offers))
    },
    drain(address) {
      const key = addressKey(address)
      const known = pools.get(key)
      known?.pool.drain()
      if (known?.pool.empty()) pools.delete(key)
    },
    async close() {
      closed = true
      await Promise.all([...pools.values()].map(({ pool }) => pool.close()))
    },
  }
}

function unknownMailbox(address: Address): Failure {
  return new Failure('not-found', `There is no mailbox ${address}`, {
    fix: 'Add it with "postern mailbox add".',
  })
}
