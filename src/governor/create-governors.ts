import { createLooksAt, type Looks } from '../base/circuit-breaker.ts'
import type { Clock } from '../base/clock.ts'
import type { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { printable, withoutCase } from '../base/text.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { ProviderLimits } from '../providers/provider.ts'
import type { BudgetedAccount } from '../store/budget-store.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { createSendBreaker, MailboxConnectBreaker, Origin, type SendBreaker } from './breakers.ts'
import { type DailyRecipients, openDailyRecipients } from './daily-recipients.ts'
import type {
  GovernedProvider,
  Governor,
  GovernorState,
  Governors,
  LimitedProgram,
  Pause,
  ProgramBounds,
  RecordedSend,
  SendPermit,
} from './governor.ts'
import { type ConnectionCap, createConnectionCap, createSlidingWindow, type SlidingWindow } from './limits.ts'
import type { Programs } from './program-limits.ts'
import type { Refusals } from './refusals.ts'
import { createRefusals } from './refusals.ts'
import { createSendPermit } from './send-permit.ts'
import type { SharedBudgets } from './shared-budgets.ts'
import type { Telling } from './told-pauses.ts'

interface GovernorsDeps {
  /** Where other processes have a part of what a provider allows an account. */
  shared?: SharedBudgets | undefined
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

export function createGovernors(deps: GovernorsDeps): Governors {
  return new MailboxGovernors(deps)
}

class MailboxGovernors implements Governors {
  readonly #deps: GovernorsDeps
  /** By provider and sign-in name: the same name at another provider is another account. */
  readonly #accounts = new Map<string, Promise<Account>>()
  /** Accounts that were forgotten, until their counts are stored. */
  readonly #closing = new Map<string, Promise<void>>()
  /** By provider id, which is one registration each. */
  readonly #registrations = new Map<string, SendBreaker>()
  readonly #looksAt: (provider: string) => Looks

  /** Made for the first program that has limits. */
  #programs: Promise<Programs> | undefined

  readonly sharing: SharedBudgets | undefined

  constructor(deps: GovernorsDeps) {
    this.#deps = deps
    this.sharing = deps.shared
    this.#looksAt = createLooksAt(deps.clock)
  }

  async of(mailbox: Address, provider: () => GovernedProvider, name: string = mailbox): Promise<Governor> {
    return this.#governorOf(await this.#openedAccount(name, mailbox, provider), mailbox, provider)
  }

  async look(mailbox: Address, provider: GovernedProvider, name: string = mailbox): Promise<GovernorState> {
    const known = this.#accounts.get(keyOf(provider.id, name))
    const { counts, clock, log } = this.#deps
    const account = known
      ? await known
      : await openAccount({ name, mailbox, provider: () => provider, counts, clock, log })
    const registration = () => this.#registrations.get(provider.id) ?? createSendBreaker(clock, log)
    const deps = { mailbox, provider: () => provider, account, registration, clock, log }
    return new MailboxGovernor(deps).state()
  }

  async pauses(mailbox: AddressKey, provider: string, name: string): Promise<readonly Pause[]> {
    // One that could not be opened has no pauses.
    const account = await this.#accounts.get(keyOf(provider, name))?.catch(ignore)
    const governor = account?.governors.get(mailbox)
    if (governor) return governor.state().pauses
    const shared = [this.#registrations.get(provider)?.pause(), account?.breaker.pause()]
    return shared.filter((one) => one !== undefined).map(shown)
  }

  forget(mailbox: Address, provider: string, name: string = mailbox): void {
    const key = keyOf(provider, name)
    const known = this.#accounts.get(key)
    known?.then((account) => {
      account.governors.get(addressKey(mailbox))?.end()
      account.governors.delete(addressKey(mailbox))
      if (account.governors.size === 0 && this.#accounts.get(key) === known) this.#end(key, account)
    }, ignore)
  }

  async program(program: LimitedProgram): Promise<ProgramBounds> {
    this.#programs ??= loadPrograms(this.#deps)
    return (await this.#programs).of(program)
  }

  async close(): Promise<void> {
    await (await this.#programs)?.close()
    await Promise.all([...this.#accounts.values()].map(async (one) => (await one).daily.close()))
    await Promise.all(this.#closing.values())
    await this.sharing?.close()
  }

  #registrationOf(provider: string): SendBreaker {
    const known = this.#registrations.get(provider)
    if (known) return known
    const told = this.sharing?.pauses.faults('registration', provider)
    const fresh = createSendBreaker(this.#deps.clock, this.#deps.log.child({ provider }), told)
    told?.goesTo(fresh)
    this.#registrations.set(provider, fresh)
    return fresh
  }

  #accountOf(name: string, mailbox: Address, provider: () => GovernedProvider): Promise<Account> {
    const key = keyOf(provider().id, name)
    const known = this.#accounts.get(key)
    if (known) return known
    const opening = this.#open(name, mailbox, provider)
    this.#accounts.set(key, opening)
    // The next caller asks the store again.
    opening.catch(() => this.#accounts.delete(key))
    return opening
  }

  /** An account that was forgotten during the wait is closed already. */
  async #openedAccount(name: string, mailbox: Address, provider: () => GovernedProvider): Promise<Account> {
    for (;;) {
      const opening = this.#accountOf(name, mailbox, provider)
      const account = await opening
      if (this.#accounts.get(keyOf(provider().id, name)) === opening) return account
    }
  }

  #governorOf(account: Account, mailbox: Address, provider: () => GovernedProvider): Governor {
    const key = addressKey(mailbox)
    const registration = () => this.#registrationOf(provider().id)
    const looks = () => this.#looksAt(provider().id)
    const { clock, log } = this.#deps
    account.follow(provider)
    const known = account.governors.get(key)
    if (known) return known
    const told = this.sharing?.pauses.failures('sign-in', `${account.key} ${key}`)
    const deps = { mailbox, provider, account, registration, looks, told, clock, log: log.child({ mailbox }) }
    const governor = new MailboxGovernor(deps)
    account.governors.set(key, governor)
    return governor
  }

  async #open(name: string, mailbox: Address, provider: () => GovernedProvider): Promise<Account> {
    await this.#closing.get(keyOf(provider().id, name))
    return openAccount({ name, mailbox, provider, ...this.#deps })
  }

  /** Nothing uses the account any more. The store keeps its counts. */
  #end(key: string, account: Account): void {
    this.#accounts.delete(key)
    this.#closing.set(
      key,
      account.close().then(() => void this.#closing.delete(key)),
    )
  }
}

async function loadPrograms(deps: GovernorsDeps): Promise<Programs> {
  const { Programs } = await import('./program-limits.ts')
  return new Programs(deps)
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
  /** What other processes are told of its sign-ins, and tell. */
  told?: Telling<Failure> | undefined
  clock: Clock
  log: Log
}

class MailboxGovernor implements Governor {
  readonly #deps: MailboxGovernorDeps
  readonly #cap: ConnectionCap
  readonly #rate: SlidingWindow
  readonly #mailbox: SendBreaker
  readonly #daily: DailyRecipients
  readonly #refusals: Refusals
  // Not shared: whether the provider accepts this mailbox's grant says nothing of the others.
  readonly connectBreaker: MailboxConnectBreaker

  constructor(deps: MailboxGovernorDeps) {
    this.#deps = deps
    this.#cap = deps.account.cap
    this.#rate = deps.account.rate
    this.#mailbox = deps.account.breaker
    this.#daily = deps.account.daily
    this.#refusals = createRefusals({
      mailbox: deps.mailbox,
      limits: () => this.#limits(),
      clock: deps.clock,
      log: deps.log,
    })
    this.connectBreaker = new MailboxConnectBreaker(deps.clock, this.#cap, deps.looks, deps.told)
    deps.told?.goesTo(this.connectBreaker)
  }

  connections(): number {
    return this.#deps.account.connections()
  }

  // Transactions that were permitted before the provider complained wait as well.
  delay(ahead?: number): number {
    return Math.max(this.#rate.delay(ahead), this.#mailbox.remaining(), this.#deps.registration().remaining())
  }

  recordSend(): RecordedSend {
    return this.#rate.recordSend()
  }

  permit(sender: string, login: string, source?: string): SendPermit {
    const breakers = { mailbox: this.#mailbox, registration: this.#deps.registration() }
    return createSendPermit(
      { breakers, refusals: this.#refusals, daily: this.#daily, cap: this.#cap },
      new Origin({ sender, login, source }),
    )
  }

  reset(): void {
    this.#mailbox.close()
    this.#refusals.reset()
    this.connectBreaker.reset()
    this.#cap.reset()
  }

  /** Nothing is sent through it any more. */
  end(): void {
    this.#deps.told?.end()
  }

  state(): GovernorState {
    const { connections: limit, messagesPerMinute, recipientsPerDay } = this.#limits()
    const tripped = [this.#deps.registration().pause(), this.#mailbox.pause(), ...this.#refusals.states()]
    const recipientsRoomAt = this.#daily.roomAt()
    const pauses = [...tripped, this.connectBreaker.pause()].filter((one) => one !== undefined)
    return {
      connections: { allowed: this.#cap.allowed(), limit },
      messagesLastMinute: this.#rate.lastMinute(),
      ...(messagesPerMinute !== undefined && { messagesPerMinute }),
      recipientsLastDay: this.#daily.total(),
      ...(recipientsPerDay !== undefined && { recipientsPerDay }),
      ...(recipientsRoomAt !== undefined && { recipientsRoomAt }),
      pauses: pauses.map(shown),
    }
  }

  #limits(): ProviderLimits {
    return this.#deps.provider().limits
  }
}

/** One sentence of bounded length: it holds addresses and host names from outside. */
function shown({ about, sender, login, source, since, until, reason, said, fix, failure }: Pause): Pause {
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
    ...(failure && { failure }),
  }
}

/**
 * What a provider counts by the sign-in name, and not by the sender: connections, rate, recipients
 * of a day, and its opinion of the account. Shared mailboxes that one person signs in for have one
 * account.
 */
interface Account {
  /** Provider and name that signs in. */
  key: string
  cap: ConnectionCap
  /** How many of them this process may have. */
  connections(): number
  rate: SlidingWindow
  breaker: SendBreaker
  daily: DailyRecipients
  /** The provider as registered now. */
  provider(): GovernedProvider
  follow(provider: () => GovernedProvider): void
  /** Of the mailboxes that this name signs in for, by address. */
  governors: Map<AddressKey, MailboxGovernor>
  /** Resolves when all counts are stored. */
  close(): Promise<void>
}

interface AccountDeps {
  /** The name that signs in. */
  name: string
  /** The mailbox that asked first, for the log. */
  mailbox: Address
  provider(): GovernedProvider
  counts: RecipientCountStore
  shared?: SharedBudgets | undefined
  clock: Clock
  log: Log
}

/** @throws Failure `store-unavailable` */
async function openAccount(deps: AccountDeps): Promise<Account> {
  const { name, mailbox, counts, shared, clock } = deps
  let provider = deps.provider
  const limits = () => provider().limits
  const log = deps.log.child({ mailbox, ...(name !== mailbox && { signsInAs: name }) })
  const limit = () => limits().recipientsPerDay
  const connections = () => limits().connections
  const messagesPerMinute = () => limits().messagesPerMinute
  const key = keyOf(provider().id, name)
  const told = shared?.pauses.faults('account', key)
  const breaker = createSendBreaker(clock, log, told)
  const asked = { name, key, limit, connections, messagesPerMinute, clock, log }
  const budgets = shared ? await sharedBudgetsOf(shared, asked) : await ownBudgets(counts, asked)
  told?.goesTo(breaker)
  return {
    ...budgets,
    key,
    breaker,
    provider: () => provider(),
    follow(latest) {
      provider = latest
    },
    governors: new Map(),
    async close() {
      told?.end()
      await budgets.close()
    },
  }
}

type Budgets = Pick<Account, 'cap' | 'connections' | 'rate' | 'daily' | 'close'>

interface LimitedAccount extends BudgetedAccount {
  /** The provider's limit for any 24 hours. */
  limit(): number | undefined
  connections(): number
  messagesPerMinute(): number | undefined
  clock: Clock
  log: Log
}

/** All of what the provider allows. */
async function ownBudgets(counts: RecipientCountStore, asked: LimitedAccount): Promise<Budgets> {
  const { name, connections, messagesPerMinute, clock } = asked
  const daily = await openDailyRecipients({ ...asked, account: name, counts })
  const cap = createConnectionCap(clock, connections)
  const rate = createSlidingWindow(clock, messagesPerMinute)
  return { cap, connections: () => cap.allowed(), rate, daily, close: () => daily.close() }
}

/** What this process has of it. */
async function sharedBudgetsOf(shared: SharedBudgets, asked: LimitedAccount): Promise<Budgets> {
  // Loaded where the store is shared.
  const { openShare } = await import('./shared-account.ts')
  return openShare(shared, asked)
}
