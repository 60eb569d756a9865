import type { ApiKeyStatus } from '../../credentials/api-keys.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import type { Flow } from '../../model/grant.ts'
import { type Html, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'

/** @param when ISO 8601, or milliseconds since 1970 */
export function time(when: string | number): Html {
  const iso = typeof when === 'number' ? new Date(when).toISOString() : when
  return html`<time datetime="${iso}">${iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC')}</time>`
}

/** Milliseconds as seconds, to the hundredth. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2)
}

const credentialStates: Record<LoginStatus['state'] | ApiKeyStatus['state'], Phrase> = {
  active: phrase('active'),
  expired: phrase('expired'),
  revoked: phrase('revoked'),
}

/** The state of a login or an API key. */
export function credentialState(state: keyof typeof credentialStates, t: Phrases): Html {
  return html`<span class="state ${state === 'active' ? 'active' : 'lapsed'}">${t.say(credentialStates[state])}</span>`
}

/** How a grant came about. */
export const flowWords: Record<Flow, Phrase> = {
  'authorization-code': phrase('by a consent in a browser'),
  device: phrase('by a code that was entered at the provider'),
  'client-credentials': phrase('by the app registration itself, without a person'),
  'service-account': phrase('by a service account, without a person'),
  adopted: phrase('by a refresh token that was handed over'),
}

/** Who asks for a consent that is asked for on the pages, as it is stored. */
export const theAdministrator = phrase('the administrator')

/** Who asked for a consent: everybody else is a name. */
export function askedBy(requestedBy: string, t: Phrases): string {
  return requestedBy === theAdministrator ? t.say(theAdministrator) : requestedBy
}
