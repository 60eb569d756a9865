import type { ProviderDetails } from '../../providers/provider-status.ts'
import { evidenceWords } from '../../providers/set-up.ts'
import type { SettingsToMake } from '../../providers/settings-to-make.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { flowWords } from './flow-words.ts'
import { form, mayChange, type PageContext } from './page-context.ts'

/** One provider: how well it is known, and how to set it up. */
export function providerPage(details: ProviderDetails, context: PageContext): Html {
  const { t } = context
  const { registered, missing, standing, flows, smtp, scopes, setUp } = details
  const state = registered
    ? t`there is one`
    : html`${t`none yet.`} ${missing !== undefined && t.say(missing)}`
  return html`<section>
<dl>
<dt>${t`Registration`}</dt><dd>${state}</dd>
<dt>${t`Known`}</dt><dd>${t.say(evidenceWords[standing.evidence])}</dd>
<dt>${t`Ways to a grant`}</dt><dd>${flows.map((flow) => t.say(flowWords[flow])).join(', ')}</dd>
<dt>${t`Mail server`}</dt><dd>${smtp.host}:${smtp.port} (${smtp.tls})</dd>
<dt>${t`Asks for`}</dt><dd><code>${scopes.join(' ')}</code></dd>
${setUp.redirectUri !== undefined && html`<dt>${t`Redirect URI`}</dt><dd><code data-copy>${setUp.redirectUri}</code></dd>`}
</dl>
${standing.notes.length > 0 && html`<h2>${t`To know`}</h2><ul>${standing.notes.map((note) => html`<li>${t.say(note)}</li>`)}</ul>`}
</section>
<section>
<h2>${t`To do at the provider`}</h2>
<ol>${setUp.steps.map((step) => html`<li>${t.say(step)}</li>`)}</ol>
</section>
${setUp.settings && settingsSection(setUp.settings, t)}
${mayChange(context) && checkForm(details.id, context)}
${setUp.commands.map(
  ({ purpose, lines }) => html`<section>
<h2>Exchange Online PowerShell</h2>
<p>${t.say(purpose)}:</p>
<pre tabindex="0" data-copy>${lines.join('\n')}</pre>
</section>`,
)}`
}

function settingsSection({ lines, file }: SettingsToMake, t: Phrases): Html {
  return html`<section>
<h2>${t`To put into .env`}</h2>
<p>${t`What stands behind your-… is yours: the provider's page of the app shows it. Restart postern afterwards.`}</p>
<pre tabindex="0" data-copy>${lines.join('\n')}</pre>
${
  file !== undefined &&
  html`<p>${t`And into the file that is named there:`}</p>
<pre tabindex="0" data-copy>${file}</pre>`
}
</section>`
}

/** Sends the settings to be checked. */
export function checkForm(id: string, context: PageContext): Html {
  const { t } = context
  return html`<section>
<h2>${t`Check`}</h2>
<p>${t`Reads the settings again, and asks the provider whether it takes them. Nothing is changed.`}</p>
${form(context, ['providers', id, 'check'], html`<button>${t`Check what is set`}</button>`)}
</section>`
}
