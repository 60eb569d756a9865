import { X509Certificate } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import { isGuid, printable } from '../base/text.ts'
import { HttpError } from '../net/network-failure.ts'
import {
  type EntraApplication,
  entraApplication,
  entraThumbprint,
  GraphRefusal,
  type PemPair,
} from './entra-application.ts'
import { readClientCertificate } from './file/credentials.ts'
import { renewalDays } from './forecast.ts'
import { createOAuthClient } from './oauth/create-oauth-client.ts'
import { judge, OAuthError } from './oauth/oauth-client.ts'
import type { HttpVia } from './oauth/oauth-clients.ts'
import { tryClient } from './oauth/try-client.ts'
import type {
  CertificateKeeper,
  KeptCertificates,
  NextCertificate,
  OldCertificate,
  OwnCertificateStatus,
  OwnCertificates,
  ShownCertificate,
} from './own-certificates.ts'
import type { RegisteredProvider } from './provider.ts'
import { isOneTenant } from './registration.ts'

export interface OwnCertificatesDeps {
  keeper: CertificateKeeper
  http: HttpVia
  /** A new pair of a key and its self-signed certificate. */
  issue(commonName: string, life: { notBefore: Date; notAfter: Date }): Promise<{ cert: string; key: string }>
  clock: Clock
  log: Log
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const lifeDays = 365
/** All servers of Entra know the next one after that, so that the old one can go. */
const settleMilliseconds = hour
/** Entra was asked and did not answer: it may know the certificate by now, or may be asked again. */
const unansweredMilliseconds = 10 * minute
/** A registered one that is not taken after that never will be. */
const propagationMilliseconds = day
const refusedAgainMilliseconds = day

/** When to look again, in milliseconds; 0: there is more to do at once. */
type Wait = number

export function createOwnCertificates({
  keeper,
  http,
  issue,
  clock,
  log,
}: OwnCertificatesDeps): OwnCertificates {
  /** By id, in milliseconds of the monotonic clock. */
  const waits = new Map<string, number>()
  /** Ids whose trouble has been said. */
  const troubled = new Set<string>()
  const running = new Map<string, Promise<void>>()

  async function round(): Promise<void> {
    try {
      for (const id of await keeper.ids()) if ((waits.get(id) ?? 0) <= clock.monotonic()) await walk(id)
    } catch (error) {
      log.warn(
        { event: 'certificate.look-failed' },
        `Certificates cannot be looked at now: ${reasonOf(error)}`,
      )
    }
  }

  /** All the steps that can be taken now, one walk at a time. */
  async function walk(id: string): Promise<void> {
    const before = running.get(id) ?? Promise.resolve()
    const now = before.then(() => steps(id))
    running.set(id, now)
    await now
    if (running.get(id) === now) running.delete(id)
  }

  async function steps(id: string): Promise<void> {
    try {
      let wait: Wait = 0
      for (let taken = 0; wait === 0 && taken < 8; taken += 1) wait = await step(id)
      waits.set(id, clock.monotonic() + Math.max(wait, 30 * second))
      troubled.delete(id)
    } catch (error) {
      waits.set(id, clock.monotonic() + 10 * minute)
      const fields = { registration: id, reason: reasonOf(error) }
      const what = 'A step with the certificate of a registration has to wait'
      if (troubled.has(id)) log.debug(fields, what)
      else log.warn({ event: 'certificate.step-failed', ...fields }, what)
      troubled.add(id)
    }
  }

  async function step(id: string): Promise<Wait> {
    const kept = await keeper.read(id)
    if (!kept?.own) return day
    if (kept.own.old) return removeOld(id, kept, kept.own.old)
    if (kept.own.next) return useNext(id, kept, kept.own.next)
    if (!kept.inUse || endOf(kept.inUse) - clock.now() > renewalDays * day) return hour
    await makeNext(id, kept)
    return 0
  }

  /** Where there is nothing to lose it is in use at once, and works when Entra has it. */
  async function makeFirst(id: string, kept: KeptCertificates, by?: Actor): Promise<void> {
    const first = await newPair(kept.provider)
    await write(id, kept, { inUse: first, own: kept.own ?? {} })
    reportMade(id, first, by)
  }

  /** Kept before anybody is told of it. */
  async function makeNext(id: string, kept: KeptCertificates, by?: Actor): Promise<void> {
    const next = await newPair(kept.provider)
    const { refused: _, ...own } = kept.own ?? {}
    await write(id, kept, { own: { ...own, next } })
    reportMade(id, next, by)
  }

  function reportMade(registration: string, pair: PemPair, by: Actor | undefined): void {
    const fields = { event: 'certificate.made', registration, ...shownFields(pair), ...actorFields(by) }
    log.info(fields, 'A certificate was made for a registration')
  }

  async function newPair({ registration }: RegisteredProvider): Promise<PemPair> {
    const now = clock.now()
    const life = { notBefore: new Date(now - hour), notAfter: new Date(now + lifeDays * day) }
    const { cert, key } = await issue(`postern ${registration.clientId}`, life)
    return { certificate: cert, key }
  }

  /** In use as soon as Entra takes it, whoever has registered it. */
  async function useNext(id: string, kept: KeptCertificates, next: NextCertificate): Promise<Wait> {
    const { refused } = kept.own ?? {}
    const now = clock.now()
    if (!kept.inUse || next.sentAt !== undefined || refused) {
      const trial = await tryPair(kept.provider, next)
      if (trial === 'accepted') return switchOver(id, kept, next)
      if (trial === 'unclear') return 5 * minute
    }
    // The first one of all is uploaded by hand.
    if (!kept.inUse) return 5 * minute
    if (refused && now - refused.at < refusedAgainMilliseconds) return hour
    if (next.registeredAt !== undefined) {
      if (now - next.registeredAt < propagationMilliseconds)
        return now - next.registeredAt < hour ? minute : 10 * minute
      const why = 'it was registered a day ago, and is not taken for a sign-in'
      return refuse(id, kept, { certificate: next.certificate, key: next.key }, why)
    }
    if (next.sentAt !== undefined && now - next.sentAt < unansweredMilliseconds && !refused) return minute
    return register(id, kept, kept.inUse, next)
  }

  async function register(
    id: string,
    kept: KeptCertificates,
    by: PemPair,
    { registeredAt: _, ...next }: NextCertificate,
  ): Promise<Wait> {
    try {
      const application = await applicationOf(kept.provider)
      const objectId = kept.own?.objectId ?? (await lookUp(application, id)).objectId
      const { refused: _refused, ...own } = kept.own ?? {}
      const sent = { ...own, objectId, next: { ...next, sentAt: clock.now() } }
      await write(id, kept, { own: sent })
      const keyId = await application.addKey(next.certificate, { objectId, by, now: clock.now() })
      const registered = { ...sent.next, registeredAt: clock.now(), ...(keyId !== undefined && { keyId }) }
      await write(id, { ...kept, revision: kept.revision + 1 }, { own: { ...sent, next: registered } })
      log.info(
        { event: 'certificate.registered', registration: id, ...shownFields(next) },
        'The next certificate of a registration is registered at its provider',
      )
      return 0
    } catch (error) {
      if (isPassing(error)) throw error
      return refuse(id, await again(id, kept), next, reasonOf(error))
    }
  }

  async function refuse(
    id: string,
    kept: KeptCertificates,
    next: NextCertificate,
    why: string,
  ): Promise<Wait> {
    await write(id, kept, { own: { ...kept.own, next, refused: { at: clock.now(), why } } })
    reportRefused(failure('certificate.renewal-refused', { provider: id, reason: why }), id)
    return hour
  }

  /** From now on both are tried, the next one first. */
  async function switchOver(id: string, kept: KeptCertificates, next: NextCertificate): Promise<Wait> {
    const { inUse, own = {} } = kept
    const { certificate, key, keyId } = next
    const old = inUse && {
      ...inUse,
      since: clock.now(),
      ...(own.keyId !== undefined && { keyId: own.keyId }),
    }
    await write(id, kept, {
      inUse: { certificate, key },
      own: {
        ...(own.objectId !== undefined && { objectId: own.objectId }),
        ...(keyId !== undefined && { keyId }),
        ...(old && { old }),
      },
    })
    log.info(
      { event: 'certificate.in-use', registration: id, ...shownFields(next) },
      'The provider takes a certificate that postern has made: it is in use',
    )
    return 0
  }

  async function removeOld(id: string, kept: KeptCertificates, old: OldCertificate): Promise<Wait> {
    const left = old.since + settleMilliseconds - clock.now()
    if (left > 0) return left
    const { old: _, ...own } = kept.own ?? {}
    let leftBehind: string | undefined
    try {
      await forget(id, kept, old)
    } catch (error) {
      if (isPassing(error) && endOf(old) > clock.now()) throw error
      leftBehind = reasonOf(error)
    }
    // Its key goes with it, so what stays at Entra is of no use to anybody.
    await write(id, kept, { own })
    if (leftBehind === undefined)
      log.info(
        { event: 'certificate.removed', registration: id, ...shownFields(old) },
        'The old certificate of a registration was removed at its provider',
      )
    else reportRefused(failure('certificate.old-stays', { provider: id, reason: leftBehind }), id)
    return 0
  }

  async function forget(
    id: string,
    { provider, own, inUse }: KeptCertificates,
    old: OldCertificate,
  ): Promise<void> {
    if (!inUse) return
    const application = await applicationOf(provider)
    const known = old.keyId !== undefined && own?.objectId !== undefined
    const { objectId, keyIds } = known
      ? { objectId: own.objectId as string, keyIds: undefined }
      : await lookUp(application, id, own?.objectId)
    const keyId = old.keyId ?? keyIds?.get(entraThumbprint(old.certificate))
    if (keyId === undefined) {
      if (keyIds) return
      throw failure('certificate.key-id-unknown')
    }
    try {
      await application.removeKey(keyId, { objectId, by: inUse, now: clock.now() })
    } catch (error) {
      // Postern has asked before, and did not hear the answer.
      if (!isGone(error)) throw error
    }
  }

  /** @throws Failure where Entra may not say it, and nobody else has */
  async function lookUp(
    application: EntraApplication,
    provider: string,
    objectId?: string,
  ): Promise<{ objectId: string; keyIds?: ReadonlyMap<string, string> }> {
    try {
      return await application.look()
    } catch (error) {
      if (!(error instanceof GraphRefusal) || error.isPassing) throw error
      if (objectId !== undefined) return { objectId }
      throw failure('certificate.object-id-needed', { provider })
    }
  }

  async function applicationOf(provider: RegisteredProvider): Promise<EntraApplication> {
    const { graphEndpoint = '' } = provider.oauth
    const { tokenClaims: _, ...oauth } = provider.oauth
    const forGraph = { ...provider, oauth: { ...oauth, applicationScopes: [`${graphEndpoint}/.default`] } }
    const fetch = http.via(provider.proxy)
    const client = createOAuthClient({ provider: forGraph, fetch, clock })
    const { accessToken } = await client.appOnlyToken('client-credentials', 'nobody@example.com')
    const { clientId } = provider.registration
    return entraApplication({ origin: graphEndpoint, clientId, accessToken, fetch })
  }

  async function tryPair(
    provider: RegisteredProvider,
    pair: PemPair,
  ): Promise<'accepted' | 'refused' | 'unclear'> {
    const withPair = withCertificate(provider, pair)
    const client = createOAuthClient({ provider: withPair, fetch: http.via(provider.proxy), clock })
    const { outcome } = await tryClient(client, withPair)
    return outcome === 'accepted' || outcome === 'refused' ? outcome : 'unclear'
  }

  /** @throws Failure where somebody else has changed it meanwhile: the step begins anew, later. */
  async function write(
    id: string,
    { inUse, revision }: Pick<KeptCertificates, 'inUse' | 'revision'>,
    now: Pick<KeptCertificates, 'inUse' | 'own'>,
  ): Promise<void> {
    const kept = { ...(inUse && { inUse }), ...now }
    if (!(await keeper.write(id, kept, revision)))
      throw failure('certificate.changed-meanwhile', { provider: id })
  }

  /** As it is kept now, after a step that may have written. */
  async function again(id: string, before: KeptCertificates): Promise<KeptCertificates> {
    return (await keeper.read(id)) ?? before
  }

  function reportRefused(refused: Failure, registration: string): void {
    const { message, fix, values } = refused
    const fields = { event: 'certificate.renewal-failed', registration, reason: values.reason, fix }
    log.warn(fields, message)
  }

  async function existing(id: string): Promise<KeptCertificates> {
    const kept = await keeper.read(id)
    if (!kept) throw failure('certificate.no-such-registration', { provider: id })
    return kept
  }

  async function show(id: string): Promise<OwnCertificateStatus> {
    return statusOf(await existing(id))
  }

  return {
    show,
    round,

    async make(id, { objectId, renew = false } = {}, by) {
      let kept = await existing(id)
      const isFirst = kept.own === undefined
      requireAtEntra(kept.provider)
      if (objectId !== undefined) {
        requireObjectId(objectId, kept.provider.registration.clientId)
        const { refused: _, ...own } = kept.own ?? {}
        await write(id, kept, { own: { ...own, objectId: objectId.toLowerCase() } })
        kept = await existing(id)
      }
      if (!hasAny(kept)) await makeFirst(id, kept, by)
      else if (needsNext(kept, renew || isFirst)) await makeNext(id, kept, by)
      waits.delete(id)
      return show(id)
    },

    async tryNow(id) {
      const kept = await existing(id)
      const { refused, ...own } = kept.own ?? {}
      if (refused) await write(id, kept, { own })
      await walk(id)
      return show(id)
    },
  }
}

/** Whether it has anything to authenticate with. */
function hasAny({ provider, inUse, own }: KeptCertificates): boolean {
  return inUse !== undefined || own?.next !== undefined || provider.registration.clientSecrets.length > 0
}

/** In the place of another, or of client secrets; one of its own only when it is asked to. */
function needsNext({ inUse, own }: KeptCertificates, isAskedFor: boolean): boolean {
  if (own?.next || own?.old) return false
  return isAskedFor || !inUse
}

/** @throws Failure `invalid` */
function requireAtEntra({
  id,
  oauth,
  flows,
  registration: { clientId, tenant = '' },
}: RegisteredProvider): void {
  const isThere = oauth.graphEndpoint !== undefined && flows.includes('client-credentials')
  if (!isThere || !isOneTenant(tenant) || tenant === '')
    throw failure('certificate.not-ours-to-make', { provider: id })
  if (!isGuid(clientId)) throw failure('exchange.no-id', { what: 'client id', text: clientId })
}

/** @throws Failure `invalid`, where it is none of the application object */
function requireObjectId(objectId: string, clientId: string): void {
  if (!isGuid(objectId)) throw failure('certificate.no-object-id', { text: printable(objectId) })
  if (objectId.toLowerCase() === clientId.toLowerCase()) throw failure('certificate.client-id-as-object-id')
}

/** The same registration, as it is with this pair alone. */
function withCertificate(provider: RegisteredProvider, pair: PemPair): RegisteredProvider {
  const reading = readClientCertificate(pair.certificate, pair.key)
  if (!('certificate' in reading)) throw failure('postern.fault')
  const { spareCertificate: _, ...registration } = provider.registration
  return {
    ...provider,
    oauth: { ...provider.oauth, clientAuthentication: 'private_key_jwt' },
    registration: { ...registration, clientSecrets: [], certificate: reading.certificate },
  }
}

function statusOf({ inUse, own = {} }: KeptCertificates): OwnCertificateStatus {
  const { next, objectId, refused } = own
  return {
    ...(inUse && { inUse: shown(inUse) }),
    ...(next && { next: { ...shown(next), registered: next.registeredAt !== undefined } }),
    ...(objectId !== undefined && { objectId }),
    ...(refused && { refused: { at: new Date(refused.at).toISOString(), why: refused.why } }),
  }
}

function shown(pair: PemPair): ShownCertificate {
  const { certificate } = pair
  return {
    certificate,
    thumbprint: entraThumbprint(certificate),
    endsAt: new Date(endOf(pair)).toISOString(),
  }
}

function shownFields(pair: PemPair): { thumbprint: string; endsAt: string } {
  const { thumbprint, endsAt } = shown(pair)
  return { thumbprint, endsAt }
}

function endOf({ certificate }: PemPair): number {
  return Date.parse(new X509Certificate(certificate).validTo)
}

/** Everything but a refusal by Graph, and what is missing, may pass by itself. */
function isPassing(error: unknown): boolean {
  if (error instanceof GraphRefusal) return error.isPassing
  if (error instanceof OAuthError) return judge(error).kind === 'try-later'
  return asFailure(error).code !== 'provider-setup'
}

/** There is no such key at Entra. */
function isGone(error: unknown): boolean {
  if (!(error instanceof GraphRefusal)) return false
  return (
    error.status === 404 ||
    (error.status === 400 && /\bno\b.*\b(credentials?|keys?)\b.*\bfound\b/i.test(error.message))
  )
}

function reasonOf(error: unknown): string {
  const isSaid = error instanceof GraphRefusal || error instanceof OAuthError || error instanceof HttpError
  return isSaid ? error.message : asFailure(error).message
}
