import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { createOAuthClients, type HttpVia } from './oauth/oauth-clients.ts'
import { tryClient } from './oauth/try-client.ts'
import type { Catalogue, RegisteredProvider } from './provider.ts'
import {
  type CheckedPoint,
  clientPoints,
  type RegistrationCheck,
  redirectUriPoint,
  runningPoint,
  type SettingsNow,
  settingsPoint,
} from './registration-check.ts'

/** Checks what an administrator has set for a provider: the settings as they stand now, and what the provider says of the client in them. */
export interface RegistrationChecks {
  /** At most one question to a provider in ten seconds: until then the last answer comes again. @throws Failure `not-found` */
  check(providerId: string): Promise<RegistrationCheck>
}

export interface RegistrationChecksNeeds {
  /** Reads the settings again. */
  settingsNow(): Promise<SettingsNow>
  /** With what the postern that runs was started; absent: none runs. */
  running?: { catalogue: Catalogue; publicUrl: URL }
  redirectUriOf(publicUrl: URL): string
  http: HttpVia
  clock: Clock
}

const restMilliseconds = 10_000

export function createRegistrationChecks(needs: RegistrationChecksNeeds): RegistrationChecks {
  const { settingsNow, running, http, clock } = needs
  const last = new Map<string, { until: number; answer: Promise<RegistrationCheck> }>()

  async function ask(id: string): Promise<RegistrationCheck> {
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
    { catalogue, publicUrl }: { catalogue: Catalogue; publicUrl: URL },
  ): Promise<CheckedPoint[]> {
    const { id, name, flows, oauth } = registered
    const client = createOAuthClients({ catalogue, http, clock })(id)
    const comesBack = flows.includes('authorization-code') && oauth.redirectUri === undefined
    return [
      runningPoint(registered, publicUrl, running),
      ...(comesBack ? [redirectUriPoint(needs.redirectUriOf(publicUrl), flows)] : []),
      ...clientPoints(await tryClient(client, registered), name),
    ]
  }

  return {
    check(id) {
      const known = last.get(id)
      if (known && known.until > clock.monotonic()) return known.answer
      const answer = ask(id)
      last.set(id, { until: clock.monotonic() + restMilliseconds, answer })
      // Only what there is may be remembered.
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
