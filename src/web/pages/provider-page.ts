import type { ProviderDetails } from '../../providers/provider-status.ts'
import { evidenceWords } from '../../providers/set-up.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

/** One provider: how well it is known, and how to set it up. */
export function providerPage({
  registered,
  missing,
  standing,
  flows,
  smtp,
  scopes,
  setUp,
}: ProviderDetails): Html {
  return html`<section>
<dl>
<dt>Registration</dt><dd>${registered ? 'there is one' : html`none yet. ${missing}`}</dd>
<dt>Known</dt><dd>${evidenceWords[standing.evidence]}</dd>
<dt>Ways to a grant</dt><dd>${flows.join(', ')}</dd>
<dt>Mail server</dt><dd>${smtp.host}:${smtp.port} (${smtp.tls})</dd>
<dt>Asks for</dt><dd><code>${scopes.join(' ')}</code></dd>
${setUp.redirectUri !== undefined && html`<dt>Redirect URI</dt><dd><code>${setUp.redirectUri}</code></dd>`}
</dl>
${standing.notes.length > 0 && html`<h2>To know</h2><ul>${standing.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
</section>
<section>
<h2>To do at the provider</h2>
<ol>${setUp.steps.map((step) => html`<li>${step}</li>`)}</ol>
</section>
${setUp.commands.map(
  ({ purpose, lines }) => html`<section>
<h2>Exchange Online PowerShell</h2>
<p>${purpose}:</p>
<pre>${lines.join('\n')}</pre>
</section>`,
)}`
}
