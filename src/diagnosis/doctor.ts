import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure } from '../base/failure.ts'
import type { Actor } from '../base/log.ts'
import { text } from '../failures/texts.ts'
import type { AccessToken, TokenBroker } from '../grants/token-broker.ts'
import type { PauseStatus } from '../mailboxes/mailboxes.ts'
import { namesThatSignIn } from '../mailboxes/sender-policy.ts'
import { type Address, addressKey, isDomainMailbox, parseAddress } from '../model/address.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { explanationIn, withMeaning } from '../providers/errors/explained.ts'
import type { EndpointLook } from '../providers/oauth/endpoint-look.ts'
import type { Catalogue, RegisteredProvider } from '../providers/provider.ts'
import type { CheckedPoint, RegistrationChecks } from '../providers/registration-checks.ts'
import { exists, requirePrivateFiles, unusable } from '../store/data-dir.ts'
import type { GrantStore, MailboxStore } from '../store/ports.ts'
import type { HeldBack } from '../upstream/relay.ts'
import type { LookAtServer } from '../upstream/server-look.ts'
import type { SendTestMessage, TestMessageStep } from '../upstream/test-message.ts'
import { type Finding, fault, good, type Seen, unknown } from './finding.ts'

/**
 * Looks at a set-up step by step, and ends with the first fault. Nothing is changed by it but what
 * every use changes: a token that is missing is fetched by the token broker. Never throws for a
 * fault of the set-up.
 */
export interface Doctor {
  /** What can be seen of a provider without a mailbox. */
  provider(id: string): AsyncIterable<Finding>
  /**
   * The way of a mailbox, up to the sender; to the end with a recipient, who gets a test message.
   * @throws Failure `not-found`, `invalid`
   */
  mailbox(mailbox: string, recipient?: string, by?: Actor): Promise<AsyncIterable<Finding>>
}

export interface ProviderDoctorDeps {
  catalogue: Pick<Catalogue, 'registered'>
  registrationChecks: RegistrationChecks
  lookAtEndpoint(provider: RegisteredProvider): Promise<EndpointLook | undefined>
  lookAtServer: LookAtServer
  clock: Pick<Clock, 'monotonic'>
}

export interface DoctorDeps extends ProviderDoctorDeps {
  mailboxes: Pick<MailboxStore, 'covering'>
  grants: Pick<GrantStore, 'ofMailbox'>
  tokens: Pick<TokenBroker, 'accessTokenFor'>
  pauses(mailbox: HeldBack): Promise<readonly PauseStatus[]>
  sendTestMessage: SendTestMessage
}

/** For a provider alone: no store is opened for that. */
export function createProviderDoctor(deps: ProviderDoctorDeps): Doctor['provider'] {
  return (id) => timed(providerSteps(deps, id), deps.clock)
}

export function createDoctor(deps: DoctorDeps): Doctor {
  return {
    provider: createProviderDoctor(deps),
    async mailbox(mailbox, recipient, by) {
      const address = parseAddress(mailbox)
      const to = recipient === undefined ? undefined : parseAddress(recipient)
      for (const one of to === undefined ? [address] : [address, to])
        if (isDomainMailbox(one)) throw failure('doctor.whole-domain', { mailbox: one })
      const found = await deps.mailboxes.covering(address)
      if (!found) throw failure('mailbox.unknown', { mailbox: address })
      return timed(mailboxSteps(deps, { ...found, address }, { to, by }), deps.clock)
    },
  }
}

/** The data directory and the key, of a postern that does not run. */
export async function* storeSteps({
  dataDir,
  inspectStore,
}: {
  dataDir: string
  inspectStore(): Promise<boolean>
}): AsyncGenerator<Seen> {
  try {
    await requirePrivateFiles(dataDir)
    if (!(await exists(dataDir))) {
      yield unknown('data-directory', text('doctor.directory-new', { dataDir }))
      return
    }
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    yield good('data-directory', text('doctor.directory-private', { dataDir }))
  } catch (error) {
    yield fault('data-directory', unusable(error, 'file.data-directory', dataDir))
    return
  }
  try {
    const isThere = await inspectStore()
    yield isThere ? good('key', text('doctor.key-fits')) : unknown('key', text('doctor.key-new'))
  } catch (error) {
    yield fault('key', asFailure(error))
  }
}

async function* providerSteps(deps: ProviderDoctorDeps, id: string): AsyncGenerator<Seen> {
  for await (const seen of shownByProvider(deps, id)) yield seen.finding
}

/** `client`: what the provider thinks of our client, which the caller may know better. */
async function* shownByProvider(
  deps: ProviderDoctorDeps,
  id: string,
): AsyncGenerator<{ finding: Seen; client?: true }> {
  let provider: RegisteredProvider
  let points: readonly CheckedPoint[]
  const begun = deps.clock.monotonic()
  try {
    points = (await deps.registrationChecks.check(id)).points
    provider = deps.catalogue.registered(id)
  } catch (error) {
    yield { finding: fault('provider', asFailure(error)) }
    return
  }
  const [client] = points.filter(({ point }) => point === 'client')
  // Only the provider was waited for.
  const asked = deps.clock.monotonic() - begun
  for (const point of points)
    if (point !== client)
      yield { finding: { ...ofPoint(point), milliseconds: point.point === 'endpoint' ? asked : 0 } }
  try {
    const look = await deps.lookAtEndpoint(provider)
    if (look) yield { finding: ofClock(look) }
  } catch (error) {
    yield { finding: fault('endpoint', asFailure(error)) }
  }
  for await (const outcome of deps.lookAtServer(provider)) {
    const { step, milliseconds, failure: found, seen } = outcome
    if (found) yield { finding: { ...fault(step, found), milliseconds } }
    else if (seen) yield { finding: { ...good(step, seen), milliseconds } }
  }
  if (client) yield { finding: ofPoint(client), client: true }
}

/** The test message, if there is to be one. */
interface AskedTest {
  to: Address | undefined
  by: Actor | undefined
}

async function* mailboxSteps(deps: DoctorDeps, mailbox: Mailbox, test: AskedTest): AsyncGenerator<Seen> {
  const { address, providerId } = mailbox
  const { clock } = deps
  const begun = clock.monotonic()
  let ofClient: Seen | undefined
  for await (const { finding, client } of shownByProvider(deps, providerId)) {
    if (client) ofClient = finding
    else yield finding
  }

  let token: AccessToken
  try {
    token = await deps.tokens.accessTokenFor(address)
  } catch (error) {
    if (ofClient) yield ofClient
    yield await withoutToken(deps, mailbox, asFailure(error))
    return
  }
  // A token that has just come shows that the provider accepts the client, whatever it said to a
  // question without a grant. One that is older shows it for its own time only.
  const isFresh = token.ageSeconds() * 1000 <= clock.monotonic() - begun
  if (!isFresh && ofClient) yield ofClient
  if (isFresh) yield good('client', text('doctor.client-proven'))
  const minutes = Math.floor(token.remainingSeconds() / 60)
  yield good('token', text(isFresh ? 'doctor.token-fresh' : 'doctor.token-there', { minutes }))
  yield* signInSteps(deps, mailbox, token, test)
}

/** Why there is no token: what the provider said when it was asked last says more than that there is none. */
async function withoutToken(deps: DoctorDeps, mailbox: Mailbox, found: Failure): Promise<Seen> {
  // What is wrong with a token that came is in its claims.
  const seen = fault(found.id === 'token.unusable' ? 'claims' : 'token', found)
  if (found.code !== 'consent-needed') return seen
  const grant = await deps.grants.ofMailbox(mailbox.address)
  if (grant.state !== 'lapsed') return seen
  const meant = await explanationIn(grant.reason, { mailbox: mailbox.address, provider: mailbox.providerId })
  if (!meant) return { ...seen, said: grant.reason }
  const { known, fix } = meant
  return { ...seen, what: withMeaning(seen.what, meant), said: grant.reason, known, fix }
}

/** Steps of a test message that were taken before it. */
const seenBefore: ReadonlySet<TestMessageStep> = new Set(['token', 'name', 'connect', 'tls', 'mechanism'])

/** From the sign-in to the end. */
async function* signInSteps(
  deps: DoctorDeps,
  mailbox: Mailbox,
  { warning, scopes }: AccessToken,
  { to, by }: AskedTest,
): AsyncGenerator<Seen> {
  const { address } = mailbox
  if (!warning)
    yield good(
      'claims',
      scopes.length === 0 ? text('doctor.claims-good') : text('doctor.claims', { scopes: scopes.join(' ') }),
    )
  for await (const { step, failure, said } of deps.sendTestMessage(address, to, { by })) {
    // Seen already.
    if (!failure && seenBefore.has(step)) continue
    // A server may take a token that seems to lack something: only a refusal makes it a fault.
    const isOfClaims = step === 'sign-in' && warning !== undefined
    if (failure) return yield fault(isOfClaims ? 'claims' : step, failure, said)
    if (isOfClaims) yield unknown('claims', warning)
    yield good(
      step,
      said === undefined ? text('doctor.accepted') : text('doctor.accepted-so', { said }),
      said,
    )
    if (step === 'sender') yield* heldBack(deps, mailbox)
  }
}

async function* heldBack(deps: DoctorDeps, mailbox: Mailbox): AsyncGenerator<Seen> {
  const { address } = mailbox
  const [{ name: account }] = namesThatSignIn(mailbox)
  const pauses = await deps.pauses({ key: addressKey(address), providerId: mailbox.providerId, account })
  for (const { about, until, said, fix, failure: cause, ...pause } of pauses) {
    const reason = cause ? { ...cause, message: pause.reason, fix } : pause.reason
    const held = failure('doctor.held-back', { mailbox: address, until, reason })
    // Of one sender or program: the others send.
    if (about === 'sender' || about === 'program') yield unknown('held-back', held)
    else yield { ...fault('held-back', held, said), ...(fix !== undefined && { fix }) }
  }
  if (pauses.length === 0) yield good('held-back', text('doctor.nothing-held-back'))
}

/** Only a fault counts; what is unknown says what to do where that is worth knowing. */
function ofPoint({ point, outcome, what, details, fix, failure: said }: CheckedPoint): Seen {
  // Mail goes on with the settings that postern was started with.
  const isFault = outcome === 'wrong' && point !== 'running'
  return {
    ...said,
    step: point,
    outcome: isFault ? 'fault' : outcome === 'good' ? 'good' : 'unknown',
    what,
    ...(details && { details }),
    ...(fix !== undefined && { fix }),
  }
}

function ofClock({ host, clockAhead }: EndpointLook): Seen {
  if (clockAhead === undefined) return good('clock', text('doctor.clock-agrees', { host }))
  const minutes = Math.round(Math.abs(clockAhead) / 60_000)
  return fault(
    'clock',
    failure(clockAhead > 0 ? 'doctor.clock-ahead' : 'doctor.clock-behind', { minutes, host }),
  )
}

/** Adds how long each step took, and ends with the first fault. */
export async function* timed(
  steps: AsyncIterable<Seen>,
  clock: Pick<Clock, 'monotonic'>,
): AsyncGenerator<Finding> {
  let since = clock.monotonic()
  for await (const seen of steps) {
    const { milliseconds = clock.monotonic() - since } = seen
    yield { ...seen, milliseconds: Math.round(milliseconds) }
    if (seen.outcome === 'fault') return
    since = clock.monotonic()
  }
}
