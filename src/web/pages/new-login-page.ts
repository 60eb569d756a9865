import type { Address } from '../../base/address.ts'
import { Secret } from '../../base/secret.ts'
import type { LoginRequest } from '../../mailboxes/services.ts'
import type { Session } from '../sessions.ts'
import { type Fields, lines, one, several } from './form-fields.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { PageSender } from './page.ts'

export interface NewLoginView {
  /** To choose from. */
  mailboxes: readonly Address[]
  /** What was filled in before, when something was wrong with it. */
  filled: Fields
  session: Session
  pages: PageSender
}

/** The form for a login. A password that was typed is not shown again. */
export function newLoginForm({ mailboxes, filled, session, pages }: NewLoginView): Html {
  if (mailboxes.length === 0)
    return html`<section><p>There is no mailbox yet that a login could be for. <a href="${pages.path()}">Add one first.</a></p></section>`
  const chosen = several(filled, 'mailbox')
  const way = one(filled, 'way') ?? 'generated'
  return html`<form method="post" action="${pages.path('logins')}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
<section>
<label>Name, as people call it <input name="name" maxlength="200" placeholder="Printer, 2nd floor" value="${one(filled, 'name') ?? ''}"></label>
<fieldset>
<legend>Mailboxes that it sends from</legend>
${mailboxes.map((address) => html`<label class="choice"><input type="checkbox" name="mailbox" value="${address}"${checked(chosen.includes(address) || mailboxes.length === 1)}> ${address}</label>`)}
</fieldset>
<fieldset>
<legend>How it signs in</legend>
<label class="choice"><input type="radio" name="way" value="generated"${checked(way === 'generated')}> by a password that postern makes (best)</label>
<label class="choice"><input type="radio" name="way" value="chosen"${checked(way === 'chosen')}> by a password that you choose, for a device that cannot take a long one</label>
<label class="choice"><input type="radio" name="way" value="none"${checked(way === 'none')}> not at all: whoever comes from its networks is this login</label>
<label>The password that you choose <input type="password" name="password" autocomplete="new-password"></label>
</fieldset>
</section>
<details>
<summary>More: user name, senders, networks, end</summary>
<label>User name (otherwise the address) <input name="userName" maxlength="254" autocomplete="off" value="${one(filled, 'userName') ?? ''}"></label>
<label>Further senders, one on each line: addresses, or *@example.com <textarea name="senders" rows="3">${one(filled, 'senders') ?? ''}</textarea></label>
<label class="choice"><input type="checkbox" name="rewriteSender" value="yes"${checked(one(filled, 'rewriteSender') === 'yes')}> replace any other sender by the mailbox</label>
<label>Only from these networks, one on each line, such as 192.0.2.7 or 192.0.2.0/28 <textarea name="networks" rows="3">${one(filled, 'networks') ?? ''}</textarea></label>
<label>Ends on <input type="date" name="expires" value="${one(filled, 'expires') ?? ''}"></label>
<label class="choice"><input type="checkbox" name="cramMd5" value="yes"${checked(one(filled, 'cramMd5') === 'yes')}> for a device that knows only CRAM-MD5: its password is kept sealed instead of hashed, and it must be bound to a network</label>
</details>
<p><button>Make the login</button></p>
</form>`
}

/** An attribute, or none. */
function checked(is: boolean): Html | undefined {
  return is ? html` checked` : undefined
}

export function loginRequestOf(filled: Fields): LoginRequest {
  const [name, userName, expires] = ['name', 'userName', 'expires'].map((field) => one(filled, field)?.trim())
  const way = one(filled, 'way')
  return {
    mailboxes: several(filled, 'mailbox'),
    senders: lines(filled, 'senders'),
    networks: lines(filled, 'networks'),
    ...(name && { name }),
    ...(userName && { userName }),
    ...(expires && { expires }),
    ...(way === 'chosen' && { password: new Secret(one(filled, 'password') ?? '') }),
    ...(way === 'none' && { withoutPassword: true }),
    ...(one(filled, 'rewriteSender') === 'yes' && { rewriteSender: true }),
    ...(one(filled, 'cramMd5') === 'yes' && { cramMd5: true }),
  }
}
