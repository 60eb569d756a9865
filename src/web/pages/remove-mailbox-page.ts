import type { Address } from '../../base/address.ts'
import type { LoginStatus, RemovedMailbox } from '../../mailboxes/services.ts'
import type { Session } from '../sessions.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'

/** Asked before a mailbox goes: what goes with it. */
export function removalQuestion(
  { address, logins }: { address: Address; logins: readonly LoginStatus[] },
  session: Session,
  pages: PageSender,
): Html {
  const gone = logins.filter(({ mailboxes, state }) => mailboxes.length === 1 && state !== 'revoked')
  return html`<section class="mistake">
<p>Its grant goes with it, and is ended at the provider, where that can be.</p>
${gone.length > 0 && html`<p>These logins have no other mailbox, and end:</p><ul>${gone.map(({ name, userName }) => html`<li>${name} (${userName})</li>`)}</ul>`}
<form method="post" action="${pages.path('mailboxes', address, 'remove')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<button>Remove ${address}</button>
</form>
<p><a href="${pages.path('mailboxes', address)}">Keep it</a></p>
</section>`
}

const outcomes: Record<RemovedMailbox['revocation'], string> = {
  revoked: 'The consent has ended at the provider, too.',
  nothing: 'There was no consent to end at the provider.',
  kept: 'The consent lives on at the provider, because another mailbox may live on it.',
  unsupported: 'The provider has no way to end a consent from here.',
  failed: 'The consent could not be ended at the provider.',
}

export function removedMailbox({ removed, revocation, advice }: RemovedMailbox, pages: PageSender): Html {
  return html`<section class="done">
<p><strong>${removed}</strong> is removed. ${outcomes[revocation]}</p>
${advice !== undefined && html`<p><strong>What to do:</strong> ${advice}</p>`}
<p><a href="${pages.path()}">Back to the mailboxes</a></p>
</section>`
}
