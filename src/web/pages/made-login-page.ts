import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { PageContext } from './page-context.ts'
import { type MadeLogin, readySettings } from './ready-settings.ts'

/** A login that was just made: its password, this once, and what to enter where. */
export function madeLogin(made: MadeLogin, context: PageContext): Html {
  const { login } = made
  const { t, pages } = context
  return html`<section class="done">
${login.password === 'none' ? html`<p>${t`Whoever comes from ${login.networks.join(', ')} is taken for this login. Nothing is to be entered but the server.`}</p>` : credentials(made, context)}
<p><a href="${pages.path('logins')}">${t`Back to the logins`}</a></p>
</section>
<h2>${t`Ready to copy`}</h2>
${readySettings(made, t).map(
  ({ title, text }) => html`<details>
<summary>${title}</summary>
<pre tabindex="0" data-copy>${text}</pre>
</details>`,
)}`
}

function credentials({ login, password }: MadeLogin, { t }: PageContext): Html {
  return html`<dl>
<dt>${t`User name`}</dt><dd><code data-copy>${login.userName}</code></dd>
<dt>${t`Password`}</dt><dd>${password === undefined ? t`the one that you chose` : html`<code data-copy>${password}</code>`}</dd>
</dl>
${password !== undefined && html`<p>${t`The password is shown this once. Make another login if it gets lost.`}</p>`}`
}
