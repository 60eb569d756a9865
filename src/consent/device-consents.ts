import type { Clock } from '../base/clock.ts'
import { asFailure, Failure, failure, stopping } from '../base/failure.ts'
import { freshId } from '../credentials/credential.ts'
import { existingMailbox } from '../mailboxes/mailboxes.ts'
import type { DeviceAuthorization } from '../providers/oauth/oauth-client.ts'
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
  'store' | 'catalogue' | 'oauthClientFor' | 'clock' | 'log' | 'later'
> & {
  adoptGrant: AdoptGrant
}

/** Limit of pending consents, because each polls its provider every few seconds. */
const most = 100
/** How long the outcome of a consent is kept. */
const keptSeconds = 600
/** RFC 8628, section 3.5. */
const slowerSeconds = 5

/**
 * Consents by the device flow (RFC 8628). The codes are in memory only: a restart ends what is
 * pending, and the person starts again.
 */
export function createDeviceConsents(deps: DeviceConsentDeps): DeviceConsents {
  const { store, catalogue, clock, log, adoptGrant, later = unattended } = deps
  const states = new Map<string, DeviceConsentState & { until: number }>()
  /** Consents whose provider has not answered yet. */
  let beginning = 0
  let closed = false

  async function begin(mailboxText: string): Promise<BegunDeviceConsent> {
    const mailbox = await existingMailbox(store.mailboxes, mailboxText)
    const provider = catalogue.registered(mailbox.providerId)
    requireInteractiveConsent(mailbox, provider)
    if (!provider.flows.includes('device')) throw noDeviceFlow(provider.name)
    sweep(clock)
    if (states.size + beginning >= most) throw tooMany()
    beginning += 1
    const begun = await deps
      .oauthClientFor(provider.id)
      .beginDevice()
      .finally(() => {
        beginning -= 1
      })
    const id = freshId()
    const until = clock.monotonic() + begun.expiresInSeconds * 1000
    states.set(id, { state: 'pending', mailbox: mailbox.address, until: until + keptSeconds * 1000 })
    void poll(id, { mailbox, provider, flow: 'device' }, begun, until)
    log.info(
      { event: 'consent.begun', mailbox: mailbox.address, provider: provider.id, flow: 'device' },
      'Consent begun',
    )
    const { deviceCode: _, expiresInSeconds, intervalSeconds: _i, ...shown } = begun
    const expiresAt = new Date(clock.now() + expiresInSeconds * 1000).toISOString()
    return { id, mailbox: mailbox.address, providerName: provider.name, ...shown, expiresAt }
  }

  async function poll(
    id: string,
    asked: AskedConsent,
    begun: DeviceAuthorization,
    until: number,
  ): Promise<void> {
    const { address } = asked.mailbox
    try {
      const done = await logged(log, finish(asked, begun, until), { mailbox: address })
      end(id, { state: 'completed', ...done })
    } catch (error) {
      const { id: failure, code, message, fix } = asFailure(error)
      end(id, {
        state: 'refused',
        mailbox: address,
        failure,
        code,
        message,
        ...(fix !== undefined && { fix }),
      })
    }
  }

  async function finish(
    asked: AskedConsent,
    { deviceCode, intervalSeconds }: DeviceAuthorization,
    until: number,
  ): Promise<AdoptedConsent> {
    const client = deps.oauthClientFor(asked.provider.id)
    let interval = intervalSeconds
    for (;;) {
      await new Promise<void>((resolve) => later(interval * 1000, resolve))
      if (closed) throw stopping()
      if (clock.monotonic() >= until) throw notEntered()
      const answer = await client.pollDevice(deviceCode).catch(passing)
      if (answer === 'slow-down') interval += slowerSeconds
      else if (answer !== 'pending') return adoptGrant(asked, answer)
    }
  }

  function end(id: string, outcome: DeviceConsentState): void {
    states.set(id, { ...outcome, until: clock.monotonic() + keptSeconds * 1000 })
  }

  function sweep({ monotonic }: Pick<Clock, 'monotonic'>): void {
    for (const [id, { until }] of states) if (until <= monotonic()) states.delete(id)
  }

  return {
    begin,
    state(id) {
      sweep(clock)
      const found = states.get(id)
      if (!found) throw unknown()
      const { until: _, ...state } = found
      return state
    },
    close() {
      closed = true
    },
  }
}

/**
 * Network errors do not end the flow: polling continues until the code expires (RFC 8628, section
 * 3.5).
 */
function passing(error: unknown): 'slow-down' {
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
