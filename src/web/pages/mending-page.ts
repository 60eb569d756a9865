import type { LoginStatus } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { Fields } from './form-fields.ts'
import { mendingFields } from './mending-fields.ts'
import { form, type PageContext } from './page-context.ts'

/** What is mended of the mail of a login that there is already. */
export function mendingForm(
  { id, name, mailboxes }: LoginStatus,
  filled: Fields,
  context: PageContext,
): Html {
  const { t, pages } = context
  return html`<section>
<p>${t`The login ${name} sends from ${mailboxes.join(', ')}. What is set here holds from its next sign-in on; its password stays.`}</p>
</section>
${form(context, ['logins', id, 'mending'], html`${mendingFields(filled, t)}<p><button>${t`Set it`}</button></p>`)}
<p><a href="${pages.path('logins')}">${t`Back to the logins`}</a></p>`
}
