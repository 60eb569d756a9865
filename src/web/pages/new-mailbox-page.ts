import type { MailboxRequest } from '../../mailboxes/services.ts'
import type { Catalogue } from '../../providers/provider.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Fields, isAnyFilled, lines, one } from './form-fields.ts'
import { form, type PageContext } from './page-context.ts'

/** The form for a mailbox: of a provider that there is a registration at. */
export function newMailboxForm(catalogue: Catalogue, filled: Fields, context: PageContext): Html {
  const { t, pages } = context
  const registered = catalogue.list().filter((entry) => entry.registered)
  if (registered.length === 0)
    return html`<section><p>${t`There is no app registration at any provider yet.`} <a href="${pages.path()}">${t`Choose one, and register an app there first.`}</a></p></section>`
  const chosen = one(filled, 'provider')
  return form(
    context,
    ['mailboxes'],
    html`<section>
<label>${t`Address`} <input name="address" required maxlength="254" autocomplete="off" placeholder="billing@example.com" value="${one(filled, 'address') ?? ''}"></label>
<label>${t`Provider`} <select name="provider">${registered.map(({ provider: { id, name } }) => html`<option value="${id}"${id === chosen && html` selected`}>${name}</option>`)}</select></label>
<label class="choice"><input type="checkbox" name="appOnly" value="yes"${one(filled, 'appOnly') === 'yes' && html` checked`}> ${t`nobody consents: the app itself may send (for a whole domain, write *@example.com)`}</label>
</section>
<details${isAnyFilled(filled, ['signsInAs', 'saslUser', 'aliases']) && html` open`}>
<summary>${t`More: a shared mailbox, other addresses`}</summary>
<label>${t`Who signs in, when not the mailbox itself`} <input name="signsInAs" maxlength="254" autocomplete="off" value="${one(filled, 'signsInAs') ?? ''}"></label>
<label>${t`The mail server's name for whoever signs in, when that is not their address (such as a UPN)`} <input name="saslUser" maxlength="254" autocomplete="off" value="${one(filled, 'saslUser') ?? ''}"></label>
<label>${t`Other addresses that the provider accepts from it, one on each line`} <textarea name="aliases" rows="3">${one(filled, 'aliases') ?? ''}</textarea></label>
</details>
<p><button>${t`Add the mailbox`}</button></p>`,
  )
}

export function mailboxRequestOf(filled: Fields): MailboxRequest {
  const signsInAs = one(filled, 'signsInAs')?.trim()
  const saslUser = one(filled, 'saslUser')?.trim()
  const aliases = lines(filled, 'aliases')
  return {
    address: one(filled, 'address')?.trim() ?? '',
    provider: one(filled, 'provider') ?? '',
    ...(signsInAs && { signsInAs }),
    ...(saslUser && { saslUser }),
    ...(aliases.length > 0 && { aliases }),
    ...(one(filled, 'appOnly') === 'yes' && { appOnly: true }),
  }
}
