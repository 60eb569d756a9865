import type { Address } from '../../base/address.ts'
import { isDomainMailbox } from '../../base/address.ts'
import type { LoginStatus } from '../../mailboxes/services.ts'
import type { RehearsalStep, StepOutcome } from '../../upstream/rehearse.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { whatToDo } from './mistake-page.ts'
import { form, type PageContext } from './page-context.ts'

/** The form from which a test message leaves. */
export function testMessageForm(
  { address, logins }: { address: Address; logins: readonly LoginStatus[] },
  context: PageContext,
): Html {
  const { t } = context
  const active = logins.filter(({ state }) => state === 'active')
  const fields = html`${isDomainMailbox(address) && html`<label>${t`From`} <input name="from" required maxlength="254" placeholder="you${address.slice(1)}"></label>`}
<label>${t`To`} <input name="to" required maxlength="254" value="${isDomainMailbox(address) ? '' : address}"></label>
${active.length > 0 && html`<label>${t`As`} <select name="login"><option value="">${t`postern itself`}</option>${active.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>`}
<button class="quiet">${t`Send, and show each step`}</button>`
  return html`<section>
<h2>${t`Send a test message`}</h2>
${form(context, ['mailboxes', address, 'test'], fields)}
</section>`
}

/** A step of a test message, the local ones among them. */
export type ShownStep = Omit<StepOutcome, 'step'> & { step: RehearsalStep | 'login' }

const words: Record<ShownStep['step'], string> = {
  login: phrase('The login may send as this sender'),
  token: phrase('There is an access token'),
  connect: phrase('The provider is reached'),
  tls: phrase('The connection is encrypted, and the certificate is right'),
  'sign-in': phrase('The provider accepts us'),
  sender: phrase('It accepts the sender'),
  recipient: phrase('It accepts the recipient'),
  message: phrase('It has taken the message'),
}

/** One step as soon as it is known: green, or red with what to do. */
export function shownStep({ step, failure, said }: ShownStep, t: Phrases): Html {
  if (!failure)
    return html`<li class="card done"><strong>${t.say(words[step])}</strong> <span class="state active">${t`yes`}</span>${said !== undefined && html`<br><code>${said}</code>`}</li>\n`
  return html`<li class="card mistake"><strong>${t.say(words[step])}</strong> <span class="state lapsed">${t`no`}</span>
<p>${t.say(failure.message)}</p>
${said !== undefined && html`<p>${t`The provider said: ${html`<code>${said}</code>`}`}</p>`}
${failure.fix !== undefined && whatToDo(failure.fix, t)}
</li>
`
}
