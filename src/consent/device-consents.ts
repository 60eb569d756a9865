import { createPeriodicTask } from '../base/async.ts'
import { asFailure, Failure, failure, stopping } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { freshId } from '../credentials/credential.ts'
import { existingMailbox } from '../mailboxes/mailboxes.ts'
import type { Address } from '../model/address.ts'
import { type AdoptedConsent, type AdoptGrant, type AskedConsent, logged } from './adopt-grant.ts'
import type {
  BegunDeviceConsent,
  ConsentDeps,
  DeviceConsentState,
  DeviceConsents,
} from './consent-service.ts'
import { requireInteractiveConsent } from './validate-token-response.ts'

type DeviceConsentDeps = Pick<
  ConsentDeps,
  'store' | 'catalogue' | 'oauthClientFor' | 'passing' | 'chores' | 'clock' | 'log' | 'later'
> & {
  adoptGrant: AdoptGrant
}

/** Limit of pending consents, because each polls its provider every few seconds. */
const most = 100
/** How long the outcome of a consent is kept. */
const keptSeconds = 600
/** RFC 8628, section 3.5. */
const slowerSeconds = 5
/** How often it is looked for consents whose process has ended. */
const lookSeconds = 5

/** What is kept of one: for a process that alone has the store, in its memory. */
interface KeptConsent {
  state: DeviceConsentState
  /** While it is pending. */
  asking?: Asking
}

/** How the provider is asked for the answer. */
interface Asking {
  providerId: string
  deviceCode: string
  intervalSeconds: number
  /** When the code ends, in milliseconds since 1970. */
  endsAt: number
}

/**
 * Consents by the device flow (RFC 8628). One process asks the provider for the answer; where there
 * are several, another one goes on when that has ended, and each knows how the consent stands. Where
 * there is one, a restart ends what is pending, and the person starts again.
 */
export function createDeviceConsents(deps: DeviceConsentDeps): DeviceConsents {
  const { store, catalogue, passing, chores, clock, log, adoptGrant, later = unattended } = deps
  /** Those whose provider this process asks. */
  const asked = new Set<string>()
  /** Consents whose provider has not answered yet. */
  let beginning = 0
  let closed = false
  const looking = createPeriodicTask(lookSeconds, () => takeOver().catch(() => {}))
  if (chores) looking.start()

  async function begin(mailboxText: string): Promise<BegunDeviceConsent> {
    const mailbox = await existingMailbox(store.mailboxes, mailboxText)
    const provider = catalogue.registered(mailbox.providerId)
    requireInteractiveConsent(mailbox, provider)
    if (!provider.flows.includes('device')) throw noDeviceFlow(provider.name)
    if (asked.size + beginning >= most) throw tooMany()
    beginning += 1
    try {
      const begun = await deps.oauthClientFor(provider.id).beginDevice()
      const { deviceCode, expiresInSeconds, intervalSeconds, ...shown } = begun
      const id = freshId()
      const endsAt = clock.now() + expiresInSeconds * 1000
      const asking = { providerId: provider.id, deviceCode: deviceCode.reveal(), intervalSeconds, endsAt }
      await chores?.isMine(choreOf(id))
      const state = { state: 'pending' as const, mailbox: mailbox.address }
      await keep(id, { state, asking }, expiresInSeconds + keptSeconds)
      void ask(id, { mailbox, provider, flow: 'device' }, asking)
      log.info(
        { event: 'consent.begun', mailbox: mailbox.address, provider: provider.id, flow: 'device' },
        'Consent begun',
      )
      const expiresAt = new Date(endsAt).toISOString()
      return { id, mailbox: mailbox.address, providerName: provider.name, ...shown, expiresAt }
    } finally {
      beginning -= 1
    }
  }

  async function keep(id: string, kept: KeptConsent, seconds: number): Promise<void> {
    await passing.put('device-consent', id, new Secret(JSON.stringify(kept)), seconds)
  }

  async function ask(id: string, consent: AskedConsent, asking: Asking): Promise<void> {
    asked.add(id)
    const { address } = consent.mailbox
    try {
      const done = await logged(log, finish(id, consent, asking), { mailbox: address })
      if (done) await end(id, { state: 'completed', ...done })
    } catch (error) {
      await end(id, refusedState(address, error)).catch(() => {})
    } finally {
      asked.delete(id)
    }
  }

  /** Undefined where another process goes on. */
  async function finish(
    id: string,
    consent: AskedConsent,
    { deviceCode, intervalSeconds, endsAt }: Asking,
  ): Promise<AdoptedConsent | undefined> {
    const client = deps.oauthClientFor(consent.provider.id)
    const until = clock.monotonic() + endsAt - clock.now()
    let interval = intervalSeconds
    for (;;) {
      await new Promise<void>((resolve) => later(interval * 1000, resolve))
      if (closed && chores) return undefined
      if (closed) throw stopping()
      if (clock.monotonic() >= until) throw notEntered()
      const turn = await whose(id)
      if (turn === 'of another') return undefined
      // The answer could not be stored.
      if (turn === 'unknown') continue
      const answer = await client.pollDevice(new Secret(deviceCode)).catch(ofNetwork)
      if (answer === 'slow-down') interval += slowerSeconds
      else if (answer !== 'pending') return adoptGrant(consent, answer)
    }
  }

  async function whose(id: string): Promise<'ours' | 'of another' | 'unknown'> {
    if (!chores) return 'ours'
    return chores.isMine(choreOf(id)).then(
      (isMine) => (isMine ? 'ours' : 'of another'),
      () => 'unknown',
    )
  }

  async function end(id: string, state: DeviceConsentState): Promise<void> {
    await keep(id, { state }, keptSeconds)
    await chores?.end(choreOf(id))
  }

  /** Goes on with those whose process has ended. */
  async function takeOver(): Promise<void> {
    for (const { key: id, value } of await passing.list('device-consent')) {
      const { state, asking } = JSON.parse(value.reveal()) as KeptConsent
      if (!asking || asked.has(id) || closed || (await whose(id)) !== 'ours') continue
      try {
        const mailbox = await existingMailbox(store.mailboxes, state.mailbox)
        const provider = catalogue.registered(asking.providerId)
        void ask(id, { mailbox, provider, flow: 'device' }, asking)
      } catch (error) {
        await end(id, refusedState(state.mailbox, error))
      }
    }
  }

  return {
    begin,
    async state(id) {
      const found = await passing.find('device-consent', id)
      if (!found) throw unknown()
      return (JSON.parse(found.reveal()) as KeptConsent).state
    },
    close() {
      closed = true
      void looking.close()
    },
  }
}

function choreOf(id: string): string {
  return `device-consent ${id}`
}

function refusedState(mailbox: Address, error: unknown): DeviceConsentState {
  const { id: failure, code, message, fix } = asFailure(error)
  return { state: 'refused', mailbox, failure, code, message, ...(fix !== undefined && { fix }) }
}

/**
 * Network errors do not end the flow: polling continues until the code expires (RFC 8628, section
 * 3.5).
 */
function ofNetwork(error: unknown): 'slow-down' {
  if (error instanceof Failure && error.code === 'provider-unavailable') return 'slow-down'
  throw error
}

function noDeviceFlow(name: string): Failure {
  return failure('consent.no-device-flow', { provider: name })
}

function notEntered(): Failure {
  return failure('consent.code-not-entered')
}

function tooMany(): Failure {
  return failure('consent.too-many-devices', { most })
}

function unknown(): Failure {
  return failure('consent.device-unknown')
}

function unattended(milliseconds: number, run: () => void): void {
  setTimeout(run, milliseconds).unref()
}
