import { createLooksAt, type Looks } from '../base/circuit-breaker.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { printable, withoutCase } from '../base/text.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { createSendBreaker, MailboxConnectBreaker, Origin, type SendBreaker } from './breakers.ts'
import { type DailyRecipients, openDailyRecipients } from './daily-recipients.ts'
import type { GovernedProvider, Governor, Governors, Pause } from './governor.ts'
import { type ConnectionCap, createConnectionCap, createSlidingWindow, type SlidingWindow } from './limits.ts'
import { createRefusals } from './refusals.ts'
import { createSendPermit } from './send-permit.ts'

interface GovernorsDeps {
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

export function createGovernors({ counts, clock, log }: GovernorsDeps): Governors {
  /** By provider and sign-in name: the same name at another provider is another account. */
  const accounts = new Map<string, Promise<Account>>()
  /** Accounts that were forgotten, until their counts are stored. */
  const closing = new Map<string, Promise<void>>()
  /** By provider id, which is one registration each. */
  const registrations = new Map<string, SendBreaker>()
  const looksAt = createLooksAt(clock)

  function registrationOf(provider: string): SendBreaker {
    const known = registrations.get(provider)
    if (known) return known
    const fresh = createSendBreaker(clock, log.child({ provider }))
    registrations.set(provider, fresh)
    return fresh
  }

  function accountOf(name: string, mailbox: Address, provider: () => GovernedProvider): Promise<Account> {
    const key = keyOf(provider().id, name)
    const known = accounts.get(key)
    if (known) return known
    const opening = open(name, mailbox, provider)
    accounts.set(key, opening)
    // The next caller asks the store again.
    opening.catch(() => accounts.delete(key))
    return opening
  }

  /** An account that was forgotten during the wait is closed already. */
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

  /** Nothing uses the account any more. The store keeps its counts. */
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
      const registration = () => registrations.get(provider.id) ?? createSendBreaker(clock, log)
      return createMailboxGovernor({
        mailbox,
        provider: () => provider,
        account,
        registration,
        clock,
        log,
      }).state()
    },
    async pauses(mailbox, provider, name) {
      // One that could not be opened has no pauses.
      const account = await accounts.get(keyOf(provider, name))?.catch(ignore)
      const governor = account?.governors.get(mailbox)
      if (governor) return governor.state().pauses
      const shared = [registrations.get(provider)?.pause(), account?.breaker.pause()]
      return shared.filter((one) => one !== undefined).map(shown)
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
  return `${provider} ${withoutCase(name)}`
}

function ignore(): void {}

interface MailboxGovernorDeps {
  mailbox: Address
  provider(): GovernedProvider
  /** Shared by all mailboxes that the same name signs in for. */
  account: Account
  /** Shared by all mailboxes of this registration. */
  registration(): SendBreaker
  /** Shared by all mailboxes of this provider. */
  looks?: () => Looks
  clock: Clock
  log: Log
}

function createMailboxGovernor(deps: MailboxGovernorDeps): Governor {
  const { clock, log } = deps
  const { cap, rate, breaker: mailbox, daily } = deps.account
  const limits = () => deps.provider().limits
  const refusals = createRefusals({ mailbox: deps.mailbox, limits, clock, log })
  // Not shared: whether the provider accepts this mailbox's grant says nothing of the others.
  const connectBreaker = new MailboxConnectBreaker(clock, cap, deps.looks)

  return {
    connections: cap.allowed,
    // Transactions that were permitted before the provider complained wait as well.
    delay: (ahead) => Math.max(rate.delay(ahead), mailbox.remaining(), deps.registration().remaining()),
    recordSend: rate.recordSend,
    permit(sender, login, source) {
      const breakers = { mailbox, registration: deps.registration() }
      return createSendPermit({ breakers, refusals, daily, cap }, new Origin({ sender, login, source }))
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
      const tripped = [deps.registration().pause(), mailbox.pause(), ...refusals.states()]
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

/** One sentence of bounded length: it holds addresses and host names from outside. */
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
 * What a provider counts by the sign-in name, and not by the sender: connections, rate, recipients
 * of a day, and its opinion of the account. Shared mailboxes that one person signs in for have one
 * account.
 */
interface Account {
  cap: ConnectionCap
  rate: SlidingWindow
  breaker: SendBreaker
  daily: DailyRecipients
  /** The provider as registered now. */
  provider(): GovernedProvider
  follow(provider: () => GovernedProvider): void
  /** Of the mailboxes that this name signs in for, by address. */
  governors: Map<AddressKey, Governor>
}

interface AccountDeps {
  /** The name that signs in. */
  name: string
  /** The mailbox that asked first, for the log. */
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
  const daily = await openDailyRecipients({ account: name, counts, limit, clock, log })
  return {
    cap: createConnectionCap(clock, () => limits().connections),
    rate: createSlidingWindow(clock, () => limits().messagesPerMinute),
    breaker: createSendBreaker(clock, log),
    daily,
    provider: () => provider(),
    follow(latest) {
      provider = latest
    },
    governors: new Map(),
  }
}
