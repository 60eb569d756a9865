import type { Address } from '../../base/address.ts'
import type { LoginStatus, RemovedMailbox } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { phrase } from '../texts/phrases.ts'
import { whatToDo } from './mistake-page.ts'
import { form, type PageContext } from './page-context.ts'

/** Asked before a mailbox goes: what goes with it. */
export function removalQuestion(
  { address, logins }: { address: Address; logins: readonly LoginStatus[] },
  context: PageContext,
): Html {
  const { t, pages } = context
  const gone = logins.filter(({ mailboxes, state }) => mailboxes.length === 1 && state !== 'revoked')
  return html`<section class="mistake">
<p>${t`Its grant goes with it, and is ended at the provider, where that can be.`}</p>
${gone.length > 0 && html`<p>${t`These logins have no other mailbox, and end:`}</p><ul>${gone.map(({ name, userName }) => html`<li>${name} (${userName})</li>`)}</ul>`}
${form(context, ['mailboxes', address, 'remove'], html`<button>${t`Remove ${address}`}</button>`)}
<p><a href="${pages.path('mailboxes', address)}">${t`Keep it`}</a></p>
</section>`
}

const outcomes: Record<RemovedMailbox['revocation'], string> = {
  revoked: phrase('The consent has ended at the provider, too.'),
  nothing: phrase('There was no consent to end at the provider.'),
  kept: phrase('The consent lives on at the provider, because another mailbox may live on it.'),
  unsupported: phrase('The provider has no way to end a consent from here.'),
  failed: phrase('The consent could not be ended at the provider.'),
}

export function removedMailbox(
  { removed, revocation, advice }: RemovedMailbox,
  { t, pages }: PageContext,
): Html {
  return html`<section class="done">
<p>${t`${html`<strong>${removed}</strong>`} is removed.`} ${t.say(outcomes[revocation])}</p>
${advice !== undefined && whatToDo(advice, t)}
<p><a href="${pages.path()}">${t`Back to the mailboxes`}</a></p>
</section>`
}
