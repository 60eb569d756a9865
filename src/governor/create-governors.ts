import { type Address, addressKey, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { type ConnectionCap, createConnectBreaker, createConnectionCap } from './connect-breaker.ts'
import { type DailyRecipients, openDailyRecipients } from './daily-recipients.ts'
import type { GovernedProvider, Governor, Governors, Pause } from './governor.ts'
import { createLooksAt, type Looks } from './looks.ts'
import { createRefusals } from './refusals.ts'
import { createSendPermit } from './send-permit.ts'
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts'

interface GovernorsDeps {
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

export function createGovernors({ counts, clock, log }: GovernorsDeps): Governors {
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
    const deps = {
      mailbox,
      provider,
      account,
      registration,
      looks: () => looksAt(provider().id),
      clock,
      log: own,
    }
    const governor = account.governors.get(key) ?? createMailboxGovernor(deps)
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

interface MailboxGovernorDeps {
  mailbox: Address
  provider(): GovernedProvider
  /** Of everybody that the same name signs in for. */
  account: Account
  /** Of every mailbox of this registration. */
  registration(): Breaker
  /** Of every mailbox of this provider. */
  looks?: () => Looks
  clock: Clock
  log: Log
}

function createMailboxGovernor(deps: MailboxGovernorDeps): Governor {
  const { clock, log } = deps
  const { cap, rate, breaker: mailbox, daily } = deps.account
  const limits = () => deps.provider().limits
  const refusals = createRefusals({ mailbox: deps.mailbox, limits, clock, log })
  // Its own: whether the provider takes its grant says nothing of the others'.
  const connectBreaker = createConnectBreaker(clock, cap, deps.looks)

  return {
    connections: cap.allowed,
    // Those who were let in before the provider complained wait as well.
    delay: (ahead) => Math.max(rate.delay(ahead), mailbox.remaining(), deps.registration().remaining()),
    recordSend: rate.recordSend,
    permit(sender, login, source) {
      const breakers = { mailbox, registration: deps.registration() }
      return createSendPermit({ breakers, refusals, daily, cap }, { sender, login, source })
    },
    connectBreaker,
    reset() {
      mailbox.close()
      refusals.reset()
      connectBreaker.reset()
      cap.reset()
    },
    state() {
      const { connections: limit, messagesPerMinute, recipientsPerDay } = limits()
      const tripped = [deps.registration().state(), mailbox.state(), ...refusals.states()]
      const recipientsRoomAt = daily.roomAt()
      const pauses = [...tripped, connectBreaker.pause()].filter((one) => one !== undefined)
      return {
        connections: { allowed: cap.allowed(), limit },
        messagesLastMinute: rate.lastMinute(),
        ...(messagesPerMinute !== undefined && { messagesPerMinute }),
        recipientsLastDay: daily.total(),
        ...(recipientsPerDay !== undefined && { recipientsPerDay }),
        ...(recipientsRoomAt !== undefined && { recipientsRoomAt }),
        pauses: pauses.map(shown),
      }
    },
  }
}

/** A sentence, and not a long one: addresses and host names of others are in it. */
function shown({ about, sender, login, source, since, until, reason, said, fix }: Pause): Pause {
  return {
    about,
    since,
    until,
    reason: `${printable(reason, 298)}.`,
    ...(sender !== undefined && { sender }),
    ...(login !== undefined && { login }),
    ...(source !== undefined && { source }),
    ...(said !== undefined && { said }),
    ...(fix !== undefined && { fix }),
  }
}

/**
 * What a provider counts by the name that signs in, and not by what is sent from: its connections, its rate, its recipients of a day, and what it thinks
 * of the account. Shared mailboxes that one person signs in for have one in common.
 */
interface Account {
  cap: ConnectionCap
  rate: SlidingWindow
  breaker: Breaker
  daily: DailyRecipients
  /** As registered now. */
  provider(): GovernedProvider
  follow(provider: () => GovernedProvider): void
  /** Of the mailboxes that this name signs in for, by their `addressKey`. */
  governors: Map<string, Governor>
}

interface AccountDeps {
  /** The name that signs in. */
  name: string
  /** Who asked first: for the log. */
  mailbox: Address
  provider(): GovernedProvider
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

/** @throws Failure `store-unavailable` */
async function openAccount(deps: AccountDeps): Promise<Account> {
  const { name, mailbox, counts, clock } = deps
  let provider = deps.provider
  const limits = () => provider().limits
  const log = deps.log.child({ mailbox, ...(name !== mailbox && { signsInAs: name }) })
  const limit = () => limits().recipientsPerDay
  const daily = await openDailyRecipients({ mailbox: name, counts, limit, clock, log })
  return {
    cap: createConnectionCap(clock, () => limits().connections),
    rate: createSlidingWindow(clock, () => limits().messagesPerMinute),
    breaker: createBreaker(clock, log),
    daily,
    provider: () => provider(),
    follow(latest) {
      provider = latest
    },
    governors: new Map(),
  }
}
