import type { EndingStatus } from '../../mailboxes/services.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

const what: Record<EndingStatus['kind'], string> = {
  unused: 'The consent, if nobody uses it',
  'refresh-token': 'The consent, as the provider has said',
  'test-phase': 'The consent, because the app registration is in a test phase',
  'client-secret': 'The client secret of the app registration',
  'old-client-secret': 'An earlier client secret of the app registration',
  certificate: 'The certificate of the app registration',
}

/** What will end, and when. */
export function endingsSection(endings: readonly EndingStatus[] = []): Html | undefined {
  if (endings.length === 0) return undefined
  return html`<section>
<h2>What will end</h2>
<dl>
${endings.map(({ kind, endsAt, fix }) => html`<dt>${what[kind]}</dt><dd>${endsAt.slice(0, 10)}. ${fix}</dd>`)}
</dl>
</section>`
}
