import type { Clock } from '../base/clock.ts'
import { byId, Failure, failure, filled, type Sentence, type SentenceById } from '../base/failure.ts'
import { canonicalText } from '../base/secret.ts'
import { text } from '../failures/texts.ts'
import { isLoopbackHost } from '../net/connect.ts'
import { findRegistered } from './catalogue.ts'
import { explainedBy } from './errors/explained.ts'
import { createOAuthClients, type HttpVia } from './oauth/oauth-clients.ts'
import { type ClientTrial, tryClient } from './oauth/try-client.ts'
import type { Catalogue, GrantFlow, RegisteredProvider, Registration } from './provider.ts'
import { dayOf } from './registration.ts'

/**
 * Checks what an administrator has set for a provider: the current settings, and how the provider
 * answers the client in them.
 */
export interface RegistrationChecks {
  /**
   * Makes at most one request to a provider in ten seconds; until then the last result is returned
   * again.
   * @throws Failure `not-found`
   */
  check(providerId: string): Promise<RegistrationCheck>
}

interface RegistrationChecksDeps {
  /** Reads the settings again. */
  settingsNow(): Promise<SettingsNow>
  /** The settings that the running postern was started with; absent: none runs. */
  running?: { catalogue: Catalogue; publicUrl: URL }
  redirectUriOf(publicUrl: URL): string
  http: HttpVia
  clock: Clock
}

const restMilliseconds = 10_000

export function createRegistrationChecks(deps: RegistrationChecksDeps): RegistrationChecks {
  const { settingsNow, running, http, clock } = deps
  const last = new Map<
    string,
    { until: number; of: RegisteredProvider | undefined; answer: Promise<RegistrationCheck> }
  >()

  async function ask(id: string): Promise<RegistrationCheck> {
    const kept = running && findRegistered(running.catalogue, id)
    // One that is not of the settings is in use as it is, whatever became of them.
    if (running && kept?.source) {
      const points = [
        good('settings', textOf(text('check.registration-complete'))),
        ...(await askedPoints(kept, running)),
      ]
      return { provider: id, checkedAt: new Date(clock.now()).toISOString(), points }
    }
    const now = await settingsNow()
    const catalogue = 'catalogue' in now ? now.catalogue : running?.catalogue
    if (catalogue) requireKnown(catalogue, id)
    const { point, registered } = settingsPoint(now, id)
    const points: CheckedPoint[] = [point]
    if (registered && 'catalogue' in now) points.push(...(await pointsOf(registered, now)))
    return { provider: id, checkedAt: new Date(clock.now()).toISOString(), points }
  }

  async function pointsOf(
    registered: RegisteredProvider,
    now: { catalogue: Catalogue; publicUrl: URL },
  ): Promise<CheckedPoint[]> {
    return [runningPoint(registered, now.publicUrl, running), ...(await askedPoints(registered, now))]
  }

  async function askedPoints(
    registered: RegisteredProvider,
    { catalogue, publicUrl }: { catalogue: Catalogue; publicUrl: URL },
  ): Promise<CheckedPoint[]> {
    const { id, name, flows, oauth, registration } = registered
    const client = createOAuthClients({ catalogue, http, clock })(id)
    const comesBack = flows.includes('authorization-code') && oauth.redirectUri === undefined
    return [
      ...(comesBack ? [redirectUriPoint(deps.redirectUriOf(publicUrl), flows)] : []),
      ...certificatePoints(registration, clock.now()),
      ...clientPoints(await tryClient(client, registered), name),
    ]
  }

  return {
    check(id) {
      const known = last.get(id)
      // One that has been changed is another one.
      const of = running && findRegistered(running.catalogue, id)
      if (known && known.of === of && known.until > clock.monotonic()) return known.answer
      const answer = ask(id)
      last.set(id, { until: clock.monotonic() + restMilliseconds, of, answer })
      // Failures are not remembered.
      answer.catch(() => last.delete(id))
      return answer
    },
  }
}

/** @throws Failure `not-found` */
function requireKnown(catalogue: Catalogue, id: string): void {
  try {
    catalogue.registered(id)
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') throw error
  }
}

/**
 * The result of the check, point by point. Field names are those of the API. Contains no secret.
 */
export interface RegistrationCheck {
  provider: string
  checkedAt: string
  points: readonly CheckedPoint[]
}

export interface CheckedPoint {
  point: 'settings' | 'running' | 'redirect-uri' | 'certificate' | 'endpoint' | 'client'
  outcome: 'good' | 'wrong' | 'unknown'
  /** One sentence. */
  what: string
  /** Each mistake. */
  details?: readonly string[]
  /** What to do. */
  fix?: string
  /** The same by its id: a failure, or another text. */
  failure: SentenceById
}

type PointText = Pick<CheckedPoint, 'what' | 'details' | 'fix' | 'failure'>

/** The current settings, or every mistake in them. */
export type SettingsNow = { catalogue: Catalogue; publicUrl: URL } | { mistakes: readonly string[] }

function settingsPoint(
  now: SettingsNow,
  id: string,
): { point: CheckedPoint; registered?: RegisteredProvider } {
  if ('mistakes' in now) {
    return { point: wrong('settings', { ...textOf(text('check.settings-mistaken')), details: now.mistakes }) }
  }
  try {
    const registered = now.catalogue.registered(id)
    return {
      point: good('settings', textOf(text('check.settings-complete'))),
      registered,
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { point: wrong('settings', textOf(error)) }
  }
}

/** Compares with the settings of the running postern. */
function runningPoint(
  registered: RegisteredProvider,
  publicUrl: URL,
  running: { catalogue: Catalogue; publicUrl: URL } | undefined,
): CheckedPoint {
  if (!running) return unknown('running', textOf(text('check.none-runs')))
  const current = findRegistered(running.catalogue, registered.id)
  const same =
    running.publicUrl.href === publicUrl.href &&
    current !== undefined &&
    canonicalText(current) === canonicalText(registered)
  return same
    ? good('running', textOf(text('check.runs-so')))
    : wrong('running', textOf(text('check.runs-otherwise')))
}

/** Only a browser shows whether the provider knows the redirect URI. */
function redirectUriPoint(redirectUri: string, flows: readonly GrantFlow[]): CheckedPoint {
  const { protocol, hostname } = new URL(redirectUri)
  if (protocol === 'https:' || !isLoopbackHost(hostname))
    return good('redirect-uri', textOf(text('check.back-from-anywhere', { address: redirectUri })))
  const id = flows.includes('device') ? 'check.back-or-code' : 'check.back-or-paste'
  return good('redirect-uri', textOf(text(id, { address: redirectUri })))
}

/** When it ends. The provider is not asked for that. */
function certificatePoints({ certificate }: Registration, now: number): CheckedPoint[] {
  if (!certificate) return []
  const day = dayOf(certificate.expiresAt)
  if (certificate.expiresAt > now) return [good('certificate', textOf(text('check.certificate', { day })))]
  return [wrong('certificate', textOf(text('check.certificate-ended', { day })))]
}

/** What the provider answered about our client. */
function clientPoints(trial: ClientTrial, name: string): CheckedPoint[] {
  if (trial.outcome === 'unreachable') {
    const { failure: reason, why } = trial
    const found = reason
      ? filled('provider.not-asked', { provider: name, reason })
      : filled('provider.cannot-be-asked', { provider: name, reason: why })
    return [wrong('endpoint', textOf(found))]
  }
  if (trial.outcome === 'not-asked') return [notTold(name, trial.why)]
  return [good('endpoint', textOf(text('check.reached', { provider: name }))), clientPoint(trial, name)]
}

function clientPoint(
  trial: Exclude<ClientTrial, { outcome: 'unreachable' | 'not-asked' }>,
  name: string,
): CheckedPoint {
  switch (trial.outcome) {
    case 'accepted':
      return good('client', textOf(text('check.client-accepted', { provider: name })))
    case 'id-accepted':
      return good('client', textOf(text('check.client-known', { provider: name })))
    case 'refused': {
      const refused = failure('registration.client-refused', { provider: name, reason: trial.why })
      return wrong('client', textOf(trial.explained ? explainedBy(trial.explained, refused) : refused))
    }
    case 'unclear':
      return notTold(name, trial.why)
  }
}

function notTold(name: string, why: string | Sentence): CheckedPoint {
  return unknown('client', textOf(filled('registration.client-not-told', { provider: name, reason: why })))
}

function textOf(sentence: Sentence): PointText {
  const { message: what, fix } = sentence
  return { what, ...(fix !== undefined && { fix }), failure: byId(sentence) }
}

function withOutcome(
  outcome: CheckedPoint['outcome'],
): (point: CheckedPoint['point'], said: PointText) => CheckedPoint {
  return (point, said) => ({ point, outcome, ...said })
}

const good = withOutcome('good')
const wrong = withOutcome('wrong')
const unknown = withOutcome('unknown')
