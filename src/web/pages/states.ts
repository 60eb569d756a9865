import type { ApiKeyStatus, LoginStatus } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'

const words: Record<LoginStatus['state'] | ApiKeyStatus['state'], string> = {
  active: phrase('active'),
  expired: phrase('expired'),
  revoked: phrase('revoked'),
}

/** The state of a login or an API key. */
export function credentialState(state: keyof typeof words, t: Phrases): Html {
  return html`<span class="state ${state === 'active' ? 'active' : 'lapsed'}">${t.say(words[state])}</span>`
}
