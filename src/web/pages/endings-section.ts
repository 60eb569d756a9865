import type { EndingStatus } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'

export const endingWords: Record<EndingStatus['kind'], string> = {
  unused: phrase('The consent, if nobody uses it'),
  'refresh-token': phrase('The consent, as the provider has said'),
  'test-phase': phrase('The consent, because the app registration is in a test phase'),
  'client-secret': phrase('The client secret of the app registration'),
  'old-client-secret': phrase('An earlier client secret of the app registration'),
  certificate: phrase('The certificate of the app registration'),
}

/** What will end, and when. */
export function endingsSection(endings: readonly EndingStatus[] = [], t: Phrases): Html | undefined {
  if (endings.length === 0) return undefined
  return html`<section>
<h2>${t`What will end`}</h2>
<dl>
${endings.map(({ kind, endsAt, fix }) => html`<dt>${t.say(endingWords[kind])}</dt><dd>${endsAt.slice(0, 10)}. ${t.say(fix)}</dd>`)}
</dl>
</section>`
}
