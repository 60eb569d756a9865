import type { Html } from './html.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'
import { type MadeLogin, readySettings } from './ready-settings.ts'

/** A login that was just made: its password, this once, and what to enter where. */
export function madeLogin(made: MadeLogin, pages: PageSender): Html {
  const { login, password } = made
  return html`<section class="done">
${login.password === 'none' ? html`<p>Whoever comes from ${login.networks.join(' or ')} is taken for this login. Nothing is to be entered but the server.</p>` : credentials(login.userName, password)}
<p><a href="${pages.path('logins')}">Back to the logins</a></p>
</section>
<h2>Ready to copy</h2>
${readySettings(made).map(
  ({ title, text }) => html`<details>
<summary>${title}</summary>
<pre data-copy>${text}</pre>
</details>`,
)}`
}

function credentials(userName: string, password: string | undefined): Html {
  return html`<dl>
<dt>User name</dt><dd><code data-copy>${userName}</code></dd>
<dt>Password</dt><dd>${password === undefined ? 'the one that you chose' : html`<code data-copy>${password}</code>`}</dd>
</dl>
${password !== undefined && html`<p>The password is shown this once. Make another login if it gets lost.</p>`}`
}
