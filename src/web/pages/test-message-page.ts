import type { Address } from '../../base/address.ts'
import { isDomainMailbox } from '../../base/address.ts'
import type { LoginStatus } from '../../mailboxes/services.ts'
import type { RehearsalStep, StepOutcome } from '../../upstream/rehearse.ts'
import type { Session } from '../sessions.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'

/** The form from which a test message leaves. */
export function testMessageForm(
  { address, logins }: { address: Address; logins: readonly LoginStatus[] },
  session: Session,
  pages: PageSender,
): Html {
  const active = logins.filter(({ state }) => state === 'active')
  return html`<section>
<h2>Send a test message</h2>
<form method="post" action="${pages.path('mailboxes', address, 'test')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
${isDomainMailbox(address) && html`<label>From <input name="from" required maxlength="254" placeholder="you${address.slice(1)}"></label>`}
<label>To <input name="to" required maxlength="254" value="${isDomainMailbox(address) ? '' : address}"></label>
${active.length > 0 && html`<label>As <select name="login"><option value="">postern itself</option>${active.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>`}
<button class="quiet">Send, and show each step</button>
</form>
</section>`
}

/** A step of a test message, the local ones among them. */
export type ShownStep = Omit<StepOutcome, 'step'> & { step: RehearsalStep | 'login' }

const words: Record<ShownStep['step'], string> = {
  login: 'The login may send as this sender',
  token: 'There is an access token',
  connect: 'The provider is reached',
  tls: 'The connection is encrypted, and the certificate is right',
  'sign-in': 'The provider accepts us',
  sender: 'It accepts the sender',
  recipient: 'It accepts the recipient',
  message: 'It has taken the message',
}

/** One step as soon as it is known: green, or red with what to do. */
export function shownStep({ step, failure, said }: ShownStep): Html {
  if (!failure)
    return html`<li class="card done"><strong>${words[step]}</strong> <span class="state active">yes</span>${said !== undefined && html`<br><code>${said}</code>`}</li>\n`
  return html`<li class="card mistake"><strong>${words[step]}</strong> <span class="state lapsed">no</span>
<p>${failure.message}</p>
${said !== undefined && html`<p>The provider said: <code>${said}</code></p>`}
${failure.fix !== undefined && html`<p><strong>What to do:</strong> ${failure.fix}</p>`}
</li>
`
}
