import { type Address, addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { type Account, openAccount } from './account.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import type { GovernedProvider, Governor, Governors } from './governor.ts'
import { createLooksAt } from './looks.ts'
import { createMailboxGovernor } from './mailbox-governor.ts'

export interface GovernorsNeeds {
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

export function createGovernors({ counts, clock, log }: GovernorsNeeds): Governors {
  /** By provider and the name that signs in: who is called the same elsewhere is another. */
  const accounts = new Map<string, Promise<Account>>()
  /** Those that are forgotten, until what they counted is stored. */
  const closing = new Map<string, Promise<void>>()
  /** By provider id: one registration each. */
  const registrations = new Map<string, Breaker>()
  const looksAt = createLooksAt(clock)

  function registrationOf(provider: string): Breaker {
    const known = registrations.get(provider)
    if (known) return known
    const fresh = createBreaker(clock, log.child({ provider }))
    registrations.set(provider, fresh)
    return fresh
  }

  function accountOf(name: string, mailbox: Address, provider: () => GovernedProvider): Promise<Account> {
    const key = keyOf(provider().id, name)
    const known = accounts.get(key)
    if (known) return known
    const opening = open(name, mailbox, provider)
    accounts.set(key, opening)
    // What the store could not give now it may give to the next who asks.
    opening.catch(() => accounts.delete(key))
    return opening
  }

  /** One that was forgotten during the wait has been closed. */
  async function openedAccount(
    name: string,
    mailbox: Address,
    provider: () => GovernedProvider,
  ): Promise<Account> {
    for (;;) {
      const opening = accountOf(name, mailbox, provider)
      const account = await opening
      if (accounts.get(keyOf(provider().id, name)) === opening) return account
    }
  }

  function governorOf(account: Account, mailbox: Address, provider: () => GovernedProvider): Governor {
    const key = addressKey(mailbox)
    const registration = () => registrationOf(provider().id)
    const own = log.child({ mailbox })
    const needs = {
      mailbox,
      provider,
      account,
      registration,
      looks: () => looksAt(provider().id),
      clock,
      log: own,
    }
    const governor = account.governors.get(key) ?? createMailboxGovernor(needs)
    account.governors.set(key, governor)
    account.follow(provider)
    return governor
  }

  async function open(name: string, mailbox: Address, provider: () => GovernedProvider): Promise<Account> {
    await closing.get(keyOf(provider().id, name))
    return openAccount({ name, mailbox, provider, counts, clock, log })
  }

  /** Nobody uses it: what it counted is kept by the store. */
  function end(key: string, account: Account): void {
    accounts.delete(key)
    closing.set(
      key,
      account.daily.close().then(() => void closing.delete(key)),
    )
  }

  return {
    async of(mailbox, provider, name = mailbox) {
      return governorOf(await openedAccount(name, mailbox, provider), mailbox, provider)
    },
    async look(mailbox, provider, name = mailbox) {
      const known = accounts.get(keyOf(provider.id, name))
      const account = known ? await known : await open(name, mailbox, () => provider)
      const registration = () => registrations.get(provider.id) ?? createBreaker(clock, log)
      return createMailboxGovernor({
        mailbox,
        provider: () => provider,
        account,
        registration,
        clock,
        log,
      }).state()
    },
    forget(mailbox, provider, name = mailbox) {
      const key = keyOf(provider, name)
      const known = accounts.get(key)
      known?.then((account) => {
        account.governors.delete(addressKey(mailbox))
        if (account.governors.size === 0 && accounts.get(key) === known) end(key, account)
      }, ignore)
    },
    async close() {
      await Promise.all([...accounts.values()].map(async (one) => (await one).daily.close()))
      await Promise.all(closing.values())
    },
  }
}

function keyOf(provider: string, name: string): string {
  return `${provider} ${addressKey(name)}`
}

function ignore(): void {}
