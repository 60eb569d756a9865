import type { Clock } from '../base/clock.ts'
import { Failure, failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { canonicalText } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import type { Address } from '../model/address.ts'
import type { GivenTo } from '../model/grant.ts'
import type { KeptRegistration } from '../model/registration.ts'
import type { Store } from '../store/ports.ts'
import type { LiveCatalogue, ProviderChange } from './catalogue.ts'
import { customProvider } from './custom.ts'
import type { ProviderEntry } from './file/providers-file-schema.ts'
import type { RegisteredProvider } from './provider.ts'
import { dayOf, differenceOf, givenTo } from './registration.ts'
import type { RegistrationChecks } from './registration-checks.ts'
import { type ReadRegistration, statusInUse, statusOfUnused } from './registration-status.ts'
import {
  type ChangedRegistration,
  type NewRegistration,
  type RegistrationChanges,
  RegistrationMistakes,
  type RegistrationStatus,
  type Registrations,
  type RemovedRegistration,
} from './registrations.ts'
import type { CustomProvider } from './settings.ts'
import { asFileEntry, entryIn, providerIn, type StoredEntry, sealable } from './stored-entry.ts'

export interface RegistrationsDeps {
  store: Pick<Store, 'registrations' | 'mailboxes' | 'grants'>
  catalogue: LiveCatalogue
  checks: Pick<RegistrationChecks, 'check'>
  clock: Pick<Clock, 'now'>
  log: Log
  /** Something of the providers is not what it was; waited for before a change is answered. */
  onChange?: (changes: readonly ProviderChange[]) => Promise<void> | void
}

/** What of the registrations follows the store. */
export interface FollowingRegistrations extends Registrations {
  /**
   * Reads the store again, and has everything follow what is there now. Called at the start, and
   * whenever the store may have changed. Never rejects: on failure all stays as it was.
   */
  refresh(): Promise<void>
  /** The settings are others: everything follows what they say now. */
  settingsChanged(): Promise<void>
  /** Those of the store that can be used, whatever the settings have. */
  usable(): readonly CustomProvider[]
}

/** How often somebody else may have changed it in between. */
const mostAttempts = 3
/** So many mailboxes are named in a sentence. */
const mostNamed = 5

export function createRegistrations(deps: RegistrationsDeps): FollowingRegistrations {
  return new StoredRegistrations(deps)
}

class StoredRegistrations implements FollowingRegistrations {
  readonly #deps: RegistrationsDeps
  #stored = new Map<string, ReadRegistration>()
  /** Refreshes one after the other: what is read last is applied last. */
  #refreshing: Promise<void> = Promise.resolve()
  readonly #warned = new Set<string>()

  constructor(deps: RegistrationsDeps) {
    this.#deps = deps
  }

  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#refresh())
    return this.#refreshing
  }

  async settingsChanged(): Promise<void> {
    const changes = this.#deps.catalogue.use(this.usable())
    this.#warn()
    if (changes.length > 0) await this.#deps.onChange?.(changes)
  }

  usable(): readonly CustomProvider[] {
    return [...this.#stored.values()].flatMap(({ provider }) => (provider ? [provider] : []))
  }

  async list(): Promise<RegistrationStatus[]> {
    const counts = await this.#counts()
    const entries = this.#deps.catalogue.entries().filter(({ registered }) => registered)
    const used = entries.map(({ registered, ...entry }) => {
      const { id } = registered as RegisteredProvider
      return statusInUse(
        { ...entry, registered: registered as RegisteredProvider },
        this.#stored.get(id),
        counts(id),
      )
    })
    const shown = new Set(used.filter(({ source }) => source === 'stored').map(({ id }) => id))
    const others = [...this.#stored.values()].filter(({ id }) => !shown.has(id))
    return [...used, ...others.map((read) => this.#unused(read, counts(read.id)))]
  }

  async show(id: string): Promise<RegistrationStatus> {
    const found = (await this.list()).filter((one) => one.id === id)
    // The stored one, where the settings have one with the same id: that one says so.
    const status = found.at(-1)
    if (!status) throw unknown(id)
    return status
  }

  async add({ id, ...request }: NewRegistration, by?: Actor): Promise<RegistrationStatus> {
    this.#requireFree(id)
    const { checkEntry, newEntry } = await loadFields()
    const now = this.#deps.clock.now()
    const entry = newEntry(id, request, dayOf(now))
    checkEntry(id, entry, givenIn(request, now))
    const content = sealable(entry)
    await this.#deps.store.registrations.add({ id, content, revision: 1, createdAt: now, changedAt: now })
    this.#deps.log.info(
      { event: 'registration.added', registration: id, ...aboutEntry(entry), ...actorFields(by) },
      'A registration was added',
    )
    return await this.show(id)
  }

  async set(id: string, changes: RegistrationChanges, by?: Actor): Promise<ChangedRegistration> {
    const { changedEntry, checkEntry } = await loadFields()
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      const kept = await this.#kept(id)
      if (kept.content instanceof Failure) throw kept.content
      const before = entryIn({ content: kept.content })
      const now = this.#deps.clock.now()
      const entry = changedEntry(id, before, changes, dayOf(now))
      const changed = changedFields(before, entry)
      if (changed.length === 0) return { ...(await this.#unchanged(id)), changed }
      checkEntry(id, entry, givenIn(changes, now))
      const earlier = providerOf(id, before)
      const next = { ...kept, content: sealable(entry), revision: kept.revision + 1, changedAt: now }
      if (!(await this.#deps.store.registrations.put(next))) continue
      const effect = await this.#effectOn(id, earlier, providerOf(id, entry))
      this.#logChange(id, changed, effect.needConsent, by)
      return { registration: await this.show(id), changed, ...effect }
    }
    throw failure('registration.changing', { id })
  }

  async remove(
    id: string,
    { force = false }: { force?: boolean } = {},
    by?: Actor,
  ): Promise<RemovedRegistration> {
    await this.#kept(id)
    // Where the settings have one with this id, it is theirs that the mailboxes use.
    const isUsed = this.#deps.catalogue
      .entries()
      .some(({ registered }) => registered?.id === id && registered.source === 'stored')
    const all = isUsed ? await this.#deps.store.mailboxes.list() : []
    const mailboxes = all.filter(({ providerId }) => providerId === id).map(({ address }) => address)
    if (mailboxes.length > 0 && !force) throw inUse(id, mailboxes)
    if (!(await this.#deps.store.registrations.remove(id))) throw unknown(id)
    this.#deps.log.info(
      {
        event: 'registration.removed',
        registration: id,
        ...(mailboxes.length > 0 && { mailboxes: mailboxes.length }),
        ...actorFields(by),
      },
      'A registration was removed',
    )
    return { removed: id, mailboxes }
  }

  async check(id: string) {
    await this.show(id)
    return this.#deps.checks.check(id)
  }

  async #refresh(): Promise<void> {
    const { store, log } = this.#deps
    try {
      const kept = await store.registrations.list()
      this.#stored = new Map(kept.map((one) => [one.id, readKept(one)]))
      await this.settingsChanged()
    } catch (error) {
      log.error(
        { event: 'registration.not-read', err: error },
        'the registrations of the store could not be read',
      )
    }
  }

  /** What is kept and not used: once each. */
  #warn(): void {
    const { log } = this.#deps
    for (const { id, trouble, provider } of this.#stored.values()) {
      const setting = provider && this.#settingWith(id)
      const key = trouble ? `${id} ${trouble.id}` : `${id} ${setting}`
      if ((!trouble && setting === undefined) || this.#warned.has(key)) continue
      this.#warned.add(key)
      if (trouble)
        log.error(
          { event: 'registration.unusable', registration: id, failure: trouble.id, fix: trouble.fix },
          `The stored registration "${id}" cannot be used: ${trouble.message}`,
        )
      else
        log.warn(
          { event: 'registration.unused', registration: id, setting },
          `The stored registration "${id}" is not used: the settings have one with this id (${setting})`,
        )
    }
  }

  /** The setting that has a registration with this id. */
  #settingWith(id: string): string | undefined {
    const found = this.#deps.catalogue.entries().find(({ registered }) => registered?.id === id)
    return found?.setting
  }

  #requireFree(id: string): void {
    const setting = this.#settingWith(id)
    if (setting !== undefined) throw failure('registration.in-settings', { id, setting })
    if (this.#stored.has(id)) throw failure('registration.exists', { id })
  }

  /** @throws Failure `not-found`, `invalid` */
  async #kept(id: string): Promise<KeptRegistration> {
    const kept = (await this.#deps.store.registrations.list()).find((one) => one.id === id)
    if (kept) return kept
    const setting = this.#settingWith(id)
    if (setting !== undefined) throw failure('registration.of-settings', { id, setting })
    const { entries } = this.#deps.catalogue
    const isShipped = entries().some(({ registered }) => registered?.id === id)
    throw isShipped ? failure('registration.shipped', { id }) : unknown(id)
  }

  async #unchanged(id: string): Promise<Omit<ChangedRegistration, 'changed'>> {
    return { registration: await this.show(id), needConsent: [], keepConsent: [] }
  }

  /** Which consents were given to another registration than this one is now. */
  async #effectOn(
    id: string,
    before: RegisteredProvider | undefined,
    after: RegisteredProvider | undefined,
  ): Promise<Pick<ChangedRegistration, 'needConsent' | 'keepConsent'>> {
    const grants = await this.#deps.store.grants.list()
    const [needConsent, keepConsent]: [Address[], Address[]] = [[], []]
    for (const { mailbox, providerId, state, flow, givenTo: known } of grants) {
      const isConsent = flow !== 'client-credentials' && flow !== 'service-account'
      if (providerId !== id || state !== 'active' || !isConsent) continue
      const given: GivenTo | undefined = known ?? (before && givenTo(before))
      const isOther = given && after && differenceOf(given, givenTo(after)) !== undefined
      ;(isOther ? needConsent : keepConsent).push(mailbox)
    }
    return { needConsent, keepConsent }
  }

  #logChange(id: string, changed: readonly string[], needConsent: readonly Address[], by?: Actor): void {
    this.#deps.log.info(
      {
        event: 'registration.changed',
        registration: id,
        changed,
        ...(needConsent.length > 0 && { needConsent: needConsent.length }),
        ...actorFields(by),
      },
      'A registration was changed',
    )
  }

  /** How many mailboxes each is for. */
  async #counts(): Promise<(id: string) => number> {
    const counts = new Map<string, number>()
    for (const { providerId } of await this.#deps.store.mailboxes.list())
      counts.set(providerId, (counts.get(providerId) ?? 0) + 1)
    return (id) => counts.get(id) ?? 0
  }

  /** Where the settings have one with this id, the mailboxes are theirs. */
  #unused(read: ReadRegistration, mailboxes: number): RegistrationStatus {
    const hiddenBy = this.#settingWith(read.id)
    return statusOfUnused(read, hiddenBy, hiddenBy === undefined ? mailboxes : 0)
  }
}

function givenIn({ certificate: given }: Pick<RegistrationChanges, 'certificate'>, now: number) {
  return given ? { certificate: given.certificate, now } : undefined
}

function loadFields() {
  return import('./registration-fields.ts')
}

function readKept({ content, ...kept }: KeptRegistration): ReadRegistration {
  if (content instanceof Failure) return { ...kept, trouble: content }
  const entry = entryIn({ content })
  const { provider, mistakes } = providerIn(entry, asFileEntry(kept.id, entry) as unknown as ProviderEntry)
  if (mistakes.length === 0) return { ...kept, entry, provider }
  return { ...kept, entry, trouble: new RegistrationMistakes(kept.id, mistakes) }
}

function providerOf(id: string, entry: StoredEntry): RegisteredProvider | undefined {
  const { provider, mistakes } = providerIn(entry, asFileEntry(id, entry) as unknown as ProviderEntry)
  return mistakes.length > 0 ? undefined : customProvider(provider)
}

/** For the journal: nothing of it is secret. */
function aboutEntry({ preset, issuer, clientId, tenant }: StoredEntry) {
  return {
    ...(preset !== undefined && { preset }),
    ...(issuer !== undefined && { issuer }),
    ...(clientId !== undefined && { clientId }),
    ...(tenant !== undefined && { tenant }),
  }
}

function changedFields(before: StoredEntry, after: StoredEntry): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof StoredEntry>
  return [...names].filter((name) => canonicalText([before[name]]) !== canonicalText([after[name]]))
}

function unknown(id: string): Failure {
  return failure('registration.unknown', { id: printable(id) })
}

function inUse(id: string, mailboxes: readonly Address[]): Failure {
  const named = mailboxes.slice(0, mostNamed).join(', ')
  const list = mailboxes.length > mostNamed ? `${named}, …` : named
  return failure('registration.in-use', { id, count: mailboxes.length, mailboxes: list })
}
