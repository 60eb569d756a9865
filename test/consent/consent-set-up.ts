import { createHmac } from 'node:crypto'
import { Secret } from '../../src/base/secret.ts'
import { redirectUriOf } from '../../src/consent/consent-service.ts'
import { createConsentService } from '../../src/consent/create-consent-service.ts'
import type { FreshToken } from '../../src/grants/token-broker.ts'
import type { PageAccess } from '../../src/model/page-access.ts'
import type { GrantFlow, OAuthServer, Registration } from '../../src/providers/provider.ts'
import type { OpenedStore } from '../../src/store/store.ts'
import { createPassingMemory } from '../../src/store/unmarked-stores.ts'
import { createPageSignIns } from '../../src/web/page-sign-ins.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { goodAnswer, scriptedOAuthClient } from '../support/scripted-oauth-client.ts'

export const browser = new Secret('cookie-of-this-browser')

/** A consent service over a store with the mailbox Me@example.com and a provider that does as it is told. */
export async function setUpConsent({
  provesIdentity = true,
  publicUrl = 'http://localhost:8587',
  provider = {},
  people = { administrators: [], viewers: [] },
  opened,
}: {
  /** The store of a process that is not alone; its mailbox is there already. */
  opened?: OpenedStore
  people?: PageAccess
  provesIdentity?: boolean
  publicUrl?: string
  provider?: {
    flows?: GrantFlow[]
    oauth?: Partial<OAuthServer>
    registration?: Registration
    isOwn?: true
  }
} = {}) {
  const [clock, log] = [createManualClock(), createRecordingLog()]
  const store = opened?.store ?? createMemoryStore()
  const client = scriptedOAuthClient(goodAnswer())
  const due: { milliseconds: number; run: () => void }[] = []
  const changes: { mailbox: string; fresh: FreshToken | undefined }[] = []
  const deps = {
    catalogue: {
      registered(id: string) {
        if (id === 'bare') throw failureAs('configuration', 'The provider bare has no registration')
        const usual = registeredProvider({ id, provesIdentity })
        return { ...usual, ...provider, oauth: { ...usual.oauth, ...provider.oauth } }
      },
      list: () => [{ provider: registeredProvider({ provesIdentity }), registered: true }],
    },
    oauthClientFor: () => client,
    keyedHash: (purpose: string, value: string) =>
      createHmac('sha256', purpose).update(value).digest('base64url'),
    clock,
    passing: opened?.passing ?? createPassingMemory(clock),
    limits: { consentSeconds: 600, consentLinkSeconds: 86_400 },
  }
  const consent = createConsentService({
    ...deps,
    ...(opened?.others && { chores: opened.others.chores }),
    store,
    log,
    publicUrl: new URL(publicUrl),
    later: (milliseconds, run) => void due.push({ milliseconds, run }),
    grantChanged: (mailbox, fresh) => void changes.push({ mailbox, fresh }),
  })
  const redirectUri = redirectUriOf(new URL(publicUrl))
  const pageSignIns = createPageSignIns({ ...deps, people, redirectUri })
  if (!opened)
    await store.mailboxes.add({ address: 'Me@example.com', providerId: 'custom', createdAt: clock.now() })
  return { store, clock, log, client, changes, consent, pageSignIns, due }
}

/** The callback that the provider's page sends the browser to. */
export function callbackOf(
  authorizationUrl: URL,
  parameters: Record<string, string> = { code: 'the-code' },
): URL {
  const callback = new URL('http://localhost:8587/oauth/callback')
  const state = authorizationUrl.searchParams.get('state') ?? ''
  callback.search = new URLSearchParams({ ...parameters, state }).toString()
  return callback
}

export const tokenOfLink = (url: string): string => url.slice(url.lastIndexOf('/') + 1)
