import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { asFailure, failure } from '../base/failure.ts'
import { type Actor, actorFields, causeBeside, type Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import {
  type Address,
  type AddressKey,
  addressKey,
  domainMailbox,
  isDomainMailbox,
  parseAddress,
  sameAddress,
} from '../model/address.ts'
import type { Grant, LapsedGrant, ListedGrant, NewGrant } from '../model/grant.ts'
import type { ListedMailbox, Mailbox } from '../model/mailbox.ts'
import type { LastOutcome } from '../model/mailbox-outcome.ts'
import {
  bySoonest,
  type Expiry,
  expiryFixes,
  grantExpiries,
  registrationExpiries,
} from '../providers/forecast.ts'
import type { OAuthClient } from '../providers/oauth/oauth-client.ts'
import type { Catalogue, Provider, RegisteredProvider } from '../providers/provider.ts'
import type { Store } from '../store/ports.ts'
import { type AppOnlyFlow, appOnlyFlow, isAppOnlyFlow, isPersonal } from './app-only.ts'
import type { RemovedMailbox } from './mailboxes.ts'
import {
  conditionOf,
  coveredMailbox,
  type EndingStatus,
  existingMailbox,
  isFailing,
  type Mailboxes,
  type MailboxRequest,
  type MailboxStatus,
  type PauseStatus,
  type SendingStatus,
} from './mailboxes.ts'
import { createRevocation } from './revocation.ts'
import { namesThatSignIn, namesWithToken } from './sender-policy.ts'

export interface MailboxesDeps {
  store: Pick<Store, 'mailboxes' | 'grants'>
  catalogue: Pick<Catalogue, 'registered' | 'list'>
  oauthClientFor(providerId: string): OAuthClient
  clock: Clock
  log: Log
  /** As `JournalReader.outcomes`. */
  outcomes(mailbox?: AddressKey): Promise<readonly LastOutcome[]>
  /** How long a grant may stay unused before it is renewed. */
  readonly renewalSeconds: number
  /** What the mailbox may send now. Absent when no server runs. */
  sending?: (address: Address) => Promise<SendingStatus | undefined>
  /** What holds the mailbox back now, from memory. Absent when no server runs. */
  pauses?: (mailbox: { key: AddressKey; providerId: string; account: string }) => Promise<PauseStatus[]>
  /**
   * Ends the waits of the mailbox and tries to sign in at its provider. Absent when no server runs.
   */
  tryNow?: (address: Address) => Promise<void>
}

/** A grant as it is shown, without its sealed values. */
type ShownGrant = ListedGrant | Extract<Grant, { state: 'absent' }>

const listedInARow = 100
/** What will end is foretold by the day. */
const saidForMilliseconds = 60_000

/** Adds, shows and removes mailboxes. */
export function createMailboxes(deps: MailboxesDeps): Mailboxes {
  return new StoredMailboxes(deps)
}

class StoredMailboxes implements Mailboxes {
  readonly #deps: MailboxesDeps
  readonly #revoke: ReturnType<typeof createRevocation>
  /** Of rows as the store has them in memory: those that are forgotten there are forgotten here. */
  readonly #saidOf = new WeakMap<
    ListedMailbox,
    { grounds: Grounds; provider: RegisteredProvider | undefined; at: number }
  >()

  constructor(deps: MailboxesDeps) {
    this.#deps = deps
    this.#revoke = createRevocation({ ...deps, grants: deps.store.grants })
  }

  async add(request: MailboxRequest, by?: Actor): Promise<MailboxStatus> {
    const provider = this.#deps.catalogue.registered(request.provider)
    const flow = appOnlyFlow(request, provider)
    const mailbox = this.#readRequest(flow === undefined ? await this.#withPersonBefore(request) : request)
    const refreshToken = request.refreshToken && readRefreshToken(request.refreshToken)
    const grant =
      flow === undefined
        ? refreshToken && adopted(mailbox.address, refreshToken, this.#deps.clock.now())
        : appOnlyGrant(mailbox.address, flow, provider, this.#deps.clock.now())
    if (request.replace) await this.#deps.store.mailboxes.put(mailbox, grant)
    else await this.#deps.store.mailboxes.add(mailbox, grant)
    this.#logPut(mailbox, request, by)
    return await this.#statusOf(await existingMailbox(this.#deps.store.mailboxes, mailbox.address))
  }

  async show(address: string): Promise<MailboxStatus> {
    return this.#show(await coveredMailbox(this.#deps.store.mailboxes, address))
  }

  async named(address: string): Promise<Address> {
    return (await this.#oneMailbox(address)).address
  }

  async isPersonal(address: string): Promise<boolean> {
    return isPersonal(await this.#deps.store.grants.standing(parseAddress(address)))
  }

  async signInName(address: string, token: { grant: { personal: boolean } }): Promise<string> {
    return namesWithToken(
      namesThatSignIn(await coveredMailbox(this.#deps.store.mailboxes, address)),
      token,
    )[0].name
  }

  async tryNow(address: string, by?: Actor): Promise<MailboxStatus> {
    const mailbox = await this.#oneMailbox(address)
    this.#deps.log.info(
      { event: 'mailbox.tried', mailbox: mailbox.address, ...actorFields(by) },
      'Mailbox tried on demand',
    )
    try {
      await this.#deps.tryNow?.(mailbox.address)
    } catch (error) {
      const { message } = asFailure(error)
      this.#deps.log.info(
        { event: 'mailbox.not-let-in', mailbox: mailbox.address, detail: message, [causeBeside]: error },
        'The provider does not let the mailbox in',
      )
      throw error
    }
    this.#deps.log.info(
      { event: 'mailbox.let-in', mailbox: mailbox.address },
      'The provider lets the mailbox in',
    )
    return await this.#show(mailbox)
  }

  async list(): Promise<MailboxStatus[]> {
    const listed = await this.#deps.store.mailboxes.listWithGrants()
    const lastOf = lastByMailbox(await this.#deps.outcomes(), new Set(listed.map(({ key }) => key)))
    const providers = new Map<string, RegisteredProvider | undefined>()
    const statuses: MailboxStatus[] = []
    for (const mailbox of listed) {
      const { providerId } = mailbox
      if (!providers.has(providerId)) providers.set(providerId, this.#registered(providerId))
      const status = this.#listedGrounds(mailbox, providers.get(providerId))
      const pauses = await this.#pausesOf(status)
      statuses.push(this.#judged(pauses.length > 0 ? { ...status, pauses } : status, lastOf.get(mailbox.key)))
      // Gives way to sessions that send mail, in a long list.
      if (statuses.length % listedInARow === 0) await turnOfOthers()
    }
    return statuses
  }

  addresses(): Promise<Address[]> {
    return this.#deps.store.mailboxes.addresses()
  }

  async remove(address: string, by?: Actor): Promise<RemovedMailbox> {
    const mailbox = await existingMailbox(this.#deps.store.mailboxes, address)
    const grant = await this.#deps.store.grants.ofMailbox(mailbox.address)
    await this.#deps.store.mailboxes.remove(mailbox.address)
    const fields = { event: 'mailbox.removed', mailbox: mailbox.address, ...actorFields(by) }
    this.#deps.log.info(fields, 'Mailbox removed')
    const unwanted = grant.state === 'absent' ? {} : grant
    // The mailbox may have another provider since the grant was given.
    return { removed: mailbox.address, ...(await this.#revoke({ ...mailbox, ...unwanted }, unwanted)) }
  }

  async #show(mailbox: Mailbox): Promise<MailboxStatus> {
    const [status, sending, last] = await Promise.all([
      this.#groundsOf(mailbox),
      this.#sendingOf(mailbox.address),
      this.#lastOf(mailbox.address),
    ])
    return this.#judged(sending ? { ...status, sending } : status, last)
  }

  async #lastOf(address: Address): Promise<LastOutcome | undefined> {
    const key = addressKey(address)
    const found = await this.#deps.outcomes(key)
    if (!isDomainMailbox(address) || found.length === 0) return found[0]
    const others = await this.#deps.store.mailboxes.list()
    return lastByMailbox(found, new Set(others.map((one) => one.key))).get(key)
  }

  /** With its condition, by everything that is known of it. */
  #judged(grounds: Grounds, last: LastOutcome | undefined): MailboxStatus {
    const status = { ...grounds, ...outcomeStatus(last, grounds) }
    return { ...status, condition: conditionOf(status, this.#deps.clock.now()) }
  }

  /** Undefined for a whole domain, which sends nothing by itself. */
  async #sendingOf(address: Address): Promise<SendingStatus | undefined> {
    return isDomainMailbox(address) ? undefined : await this.#deps.sending?.(address)
  }

  /** A whole domain sends nothing by itself. */
  async #pausesOf(status: Grounds): Promise<readonly PauseStatus[]> {
    const { address, provider: providerId, acceptedName, saslUser, signsInAs } = status
    if (isDomainMailbox(address)) return []
    const account = acceptedName ?? saslUser ?? signsInAs ?? address
    return (await this.#deps.pauses?.({ key: addressKey(address), providerId, account })) ?? []
  }

  async #oneMailbox(address: string): Promise<Mailbox> {
    const mailbox = await coveredMailbox(this.#deps.store.mailboxes, address)
    if (!isDomainMailbox(mailbox.address)) return mailbox
    throw failure('mailbox.whole-domain', { mailbox: mailbox.address })
  }

  #logPut(mailbox: Mailbox, request: MailboxRequest, by: Actor | undefined): void {
    const { address, providerId: provider } = mailbox
    const event = request.replace ? 'mailbox.changed' : 'mailbox.added'
    const adopted = request.refreshToken !== undefined
    this.#deps.log.info(
      { event, mailbox: address, provider, adopted, ...actorFields(by) },
      request.replace ? 'Mailbox added or changed' : 'Mailbox added',
    )
  }

  /**
   * A replacement without `signsInAs` keeps the person; one that names the mailbox itself removes
   * it. `saslUser` belongs to the person and is kept or dropped with it.
   */
  async #withPersonBefore(request: MailboxRequest): Promise<MailboxRequest> {
    const before = request.replace
      ? await this.#deps.store.mailboxes.find(parseAddress(request.address))
      : undefined
    if (!before) return request
    const { signsInAs = before.signsInAs, saslUser } = request
    const samePerson = sameAddress(signsInAs ?? before.address, expectedPerson(before))
    const name = saslUser ?? (samePerson ? before.saslUser : undefined)
    return {
      ...request,
      ...(signsInAs !== undefined && { signsInAs }),
      ...(name !== undefined && { saslUser: name }),
    }
  }

  #readRequest(request: MailboxRequest): Mailbox {
    const address = parseAddress(request.address)
    const signsInAs = request.signsInAs === undefined ? address : parseAddress(request.signsInAs)
    return {
      address,
      providerId: this.#deps.catalogue.registered(request.provider).id,
      ...(sameAddress(signsInAs, address) ? {} : { signsInAs }),
      ...(request.saslUser && { saslUser: readSaslUser(request.saslUser) }),
      ...(request.aliases === undefined ? {} : { aliases: readAliases(request.aliases, address) }),
      createdAt: this.#deps.clock.now(),
    }
  }

  /** Without its registration nothing is foretold; what is missing is said elsewhere. */
  #registered(providerId: string): RegisteredProvider | undefined {
    try {
      return this.#deps.catalogue.registered(providerId)
    } catch {
      return undefined
    }
  }

  #endingStatus(grant: ShownGrant, provider: RegisteredProvider | undefined): Pick<MailboxStatus, 'endings'> {
    if (grant.state !== 'active' || !provider) return {}
    const endings = [
      ...grantExpiries(grant, provider),
      ...registrationExpiries(provider.registration, this.#deps.clock.now()),
    ]
    return endings.length === 0 ? {} : { endings: endings.sort(bySoonest).map(shownEnding) }
  }

  #renewalStatus(grant: ShownGrant): Pick<MailboxStatus, 'renewsBy'> {
    if (grant.state !== 'active' || isAppOnlyFlow(grant.flow)) return {}
    return { renewsBy: new Date(grant.renewedAt + this.#deps.renewalSeconds * 1000).toISOString() }
  }

  async #statusOf(mailbox: Mailbox): Promise<MailboxStatus> {
    return this.#judged(await this.#groundsOf(mailbox), await this.#lastOf(mailbox.address))
  }

  async #groundsOf(mailbox: Mailbox): Promise<Grounds> {
    const grant = await this.#deps.store.grants.ofMailbox(mailbox.coveredBy ?? mailbox.address)
    return this.#statusWith(mailbox, grant, this.#registered(mailbox.providerId))
  }

  /** As it was said before, where the store gives the very same row and its registration is the same. */
  #listedGrounds(mailbox: ListedMailbox, provider: RegisteredProvider | undefined): Grounds {
    const now = this.#deps.clock.now()
    const before = this.#saidOf.get(mailbox)
    if (before?.provider === provider && before && Math.abs(now - before.at) < saidForMilliseconds)
      return before.grounds
    const grounds = this.#statusWith(mailbox, mailbox.grant ?? { state: 'absent' }, provider)
    this.#saidOf.set(mailbox, { grounds, provider, at: now })
    return grounds
  }

  #statusWith(mailbox: Mailbox, grant: ShownGrant, provider: RegisteredProvider | undefined): Grounds {
    return {
      address: mailbox.address,
      provider: mailbox.providerId,
      ...(mailbox.coveredBy === undefined ? {} : { coveredBy: mailbox.coveredBy }),
      ...(mailbox.signsInAs === undefined ? {} : { signsInAs: mailbox.signsInAs }),
      ...(mailbox.saslUser === undefined ? {} : { saslUser: mailbox.saslUser }),
      ...acceptedName(mailbox),
      ...(mailbox.aliases === undefined ? {} : { aliases: mailbox.aliases }),
      ...grantStatus(grant),
      ...this.#renewalStatus(grant),
      ...this.#endingStatus(grant, provider),
    }
  }
}

/** A mailbox before its condition is known. */
type Grounds = Omit<MailboxStatus, 'condition'>

/**
 * The last outcome of each mailbox. That of a whole domain is of its addresses that have no entry of
 * their own: one that is failing before the others, then the latest.
 */
function lastByMailbox(
  outcomes: readonly LastOutcome[],
  own: ReadonlySet<AddressKey>,
): ReadonlyMap<AddressKey, LastOutcome> {
  const found = new Map<AddressKey, LastOutcome>()
  for (const outcome of outcomes) {
    const key = own.has(outcome.mailbox)
      ? outcome.mailbox
      : (domainMailbox(outcome.mailbox) ?? outcome.mailbox)
    const before = found.get(key)
    if (!before) found.set(key, outcome)
    else {
      const sentAt = Math.max(before.sentAt ?? 0, outcome.sentAt ?? 0)
      const shown = comesFirst(before, outcome) ? before : outcome
      found.set(key, { ...shown, ...(sentAt > 0 && { sentAt }) })
    }
  }
  return found
}

function comesFirst(one: LastOutcome, other: LastOutcome): boolean {
  return isFailing(one) === isFailing(other) ? one.at >= other.at : isFailing(one)
}

/** What failed with an earlier grant says nothing of this one. */
function outcomeStatus(
  last: LastOutcome | undefined,
  { state, grantedAt }: Grounds,
): Pick<MailboxStatus, 'lastOutcome' | 'lastSentAt'> {
  if (last === undefined) return {}
  const { at, tried, outcome, login, failures, failingSince, sentAt, why } = last
  const isPast = last.outcome !== 'done' && state === 'active' && at < Date.parse(grantedAt ?? '')
  return {
    ...(sentAt !== undefined && { lastSentAt: new Date(sentAt).toISOString() }),
    ...(!isPast && {
      lastOutcome: {
        tried,
        outcome,
        failures,
        ...(login !== undefined && { login }),
        ...why,
        at: new Date(at).toISOString(),
        ...(failingSince !== undefined && { failingSince: new Date(failingSince).toISOString() }),
      },
    }),
  }
}

function expectedPerson({ signsInAs, address }: Mailbox): Address {
  return signsInAs ?? address
}

/**
 * RFC 4422, section 5: what stands for a user is any text; it ends where a control character begins
 * something else.
 */
function readSaslUser(text: string): string {
  const name = text.trim()
  if (name !== '' && !/[\p{Cc}\p{Cs}]/u.test(name) && Buffer.byteLength(name) <= 254) return name
  throw failure('mailbox.user-unusable', { text: printable(text) })
}

/** Where there are two, and one has been accepted. */
function acceptedName(mailbox: Mailbox): Pick<MailboxStatus, 'acceptedName'> {
  const [first, second] = namesThatSignIn(mailbox)
  return second && mailbox.acceptedName !== undefined ? { acceptedName: first.name } : {}
}

/** Each once, and not the mailbox itself. @throws Failure `invalid` */
function readAliases(texts: readonly string[], mailbox: Address): Address[] {
  if (isDomainMailbox(mailbox) && texts.length > 0) {
    throw failure('mailbox.domain-without-aliases', { mailbox })
  }
  const aliases = new Map(texts.map((text) => readAlias(text)).map((alias) => [addressKey(alias), alias]))
  aliases.delete(addressKey(mailbox))
  return [...aliases.values()]
}

function readAlias(text: string): Address {
  const alias = parseAddress(text.trim())
  if (!alias.startsWith('*@')) return alias
  throw failure('mailbox.alias-of-domain', { text: printable(text) })
}

function grantStatus(grant: ShownGrant): Omit<Grounds, 'address' | 'provider'> {
  if (grant.state === 'absent') return { state: 'absent' }
  return {
    state: grant.state,
    ...(grant.state === 'lapsed' ? lapseStatus(grant) : {}),
    ...(grant.signedInAs === undefined ? {} : { signedInAs: grant.signedInAs }),
    flow: grant.flow,
    scopes: grant.scopes,
    grantedAt: new Date(grant.grantedAt).toISOString(),
    renewedAt: new Date(grant.renewedAt).toISOString(),
  }
}

function lapseStatus({ since, reason, reasonText, refused }: LapsedGrant) {
  const refusedAt = refused && new Date(refused.at).toISOString()
  return {
    since: new Date(since).toISOString(),
    reason,
    ...(reasonText && { reasonText }),
    ...(refusedAt !== undefined && { refusedAt }),
  }
}

function shownEnding({ kind, endsAt }: Expiry): EndingStatus {
  return { kind, endsAt: new Date(endsAt).toISOString(), fix: expiryFixes[kind].en }
}

/**
 * RFC 6749, appendix A.17: visible ASCII. The end of line that a file leaves behind it is cut off.
 */
function readRefreshToken(token: Secret): Secret {
  const text = token.reveal().trim()
  if (/^[\x21-\x7e]{1,16384}$/.test(text)) return new Secret(text)
  throw failure('mailbox.no-refresh-token')
}

function appOnlyGrant(mailbox: Address, flow: AppOnlyFlow, { oauth }: Provider, now: number): NewGrant {
  return { mailbox, flow, scopes: oauth.applicationScopes, grantedAt: now, renewedAt: now }
}

/** Nobody proved who signed in for an adopted token, nor for which scopes. */
function adopted(mailbox: Address, refreshToken: Secret, now: number): NewGrant {
  return { mailbox, refreshToken, flow: 'adopted', scopes: [], grantedAt: now, renewedAt: now }
}
