import { Secret } from '../../base/secret.ts'
import type { LoginRequest, LoginStatus } from '../../credentials/logins.ts'
import { type MendingOptions, mapOfLines, mappedLines } from '../../mailboxes/mending-options.ts'
import { type Address, isDomainMailbox } from '../../model/address.ts'
import { type Html, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { type Fields, form, isAnyFilled, lines, one, type PageContext, several } from './page-context.ts'

/**
 * The form for a new login. A typed password is not shown again.
 * @param filled the values of a form that had an error
 */
export function newLoginForm(mailboxes: readonly Address[], filled: Fields, context: PageContext): Html {
  const { t, pages } = context
  if (mailboxes.length === 0)
    return html`<section><p>${t`There is no mailbox yet that a login could be for.`} <a href="${pages.path()}">${t`Add one first.`}</a></p></section>`
  return form(
    context,
    ['logins'],
    html`${usualFields(mailboxes, filled, t)}${furtherFields(filled, mailboxes.some(isDomainMailbox), t)}<p><button>${t`Make the login`}</button></p>`,
  )
}

function usualFields(mailboxes: readonly Address[], filled: Fields, t: Phrases): Html {
  const chosen = several(filled, 'mailbox')
  const isChosen = (address: Address) => chosen.includes(address) || mailboxes.length === 1
  const way = one(filled, 'way') ?? 'generated'
  const choice = (value: string, words: Html) =>
    html`<label class="choice"><input type="radio" name="way" value="${value}"${checked(way === value)}> ${words}</label>`
  return html`<section>
<label>${t`Name, as people call it`} <input name="name" maxlength="200" placeholder="${t`Printer, 2nd floor`}" value="${one(filled, 'name') ?? ''}"></label>
<fieldset>
<legend>${t`Mailboxes that it sends from`}</legend>
${mailboxes.map((address) => html`<label class="choice"><input type="checkbox" name="mailbox" value="${address}"${checked(isChosen(address))}> ${address}</label>`)}
</fieldset>
<fieldset>
<legend>${t`How it signs in`}</legend>
${choice('generated', t`by a password that postern makes (best)`)}
${choice('chosen', t`by a password that you choose, for a device that cannot take a long one`)}
${choice('none', t`not at all: whoever comes from its networks is this login`)}
<label>${t`The password that you choose`} <input type="password" name="password" autocomplete="new-password"></label>
</fieldset>
</section>
`
}

const mendingNames = ['rewriteFrom', 'mendLineEnds', 'completeAddresses', 'map', 'splitRecipients']

const furtherNames = [
  'userName',
  'senders',
  'rewriteSender',
  'personal',
  'networks',
  'expires',
  'cramMd5',
  ...mendingNames,
]

/** @param domains whether a mailbox for a whole domain exists */
function furtherFields(filled: Fields, domains: boolean, t: Phrases): Html {
  const text = (name: string) => one(filled, name) ?? ''
  const box = (name: string, words: Html) =>
    html`<label class="choice"><input type="checkbox" name="${name}" value="yes"${checked(text(name) === 'yes')}> ${words}</label>`
  return html`<details${isAnyFilled(filled, furtherNames) && html` open`}>
<summary>${t`More: user name, senders, networks, end`}</summary>
<label>${t`User name (otherwise the address)`} <input name="userName" maxlength="254" autocomplete="off" value="${text('userName')}"></label>
<label>${t`Further senders, one on each line: addresses, or *@example.com`} <textarea name="senders" rows="3">${text('senders')}</textarea></label>
${box('rewriteSender', t`replace any other sender by the mailbox`)}
${mendingFields(filled, t)}
${domains && box('personal', t`of a whole domain, send also from mailboxes that a person has consented for`)}
<label>${t`Only from these networks, one on each line, such as 192.0.2.7 or 192.0.2.0/28`} <textarea name="networks" rows="3">${text('networks')}</textarea></label>
<label>${t`Ends on`} <input type="date" name="expires" value="${text('expires')}"></label>
${box('cramMd5', t`for a device that knows only CRAM-MD5: its password is kept sealed instead of hashed, and it must be bound to a network`)}
</details>
`
}

/** The attribute `checked`, or nothing. */
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
    ...(one(filled, 'personal') === 'yes' && { personal: true }),
    ...(one(filled, 'cramMd5') === 'yes' && { cramMd5: true }),
    ...mendingOptionsOf(filled),
  }
}

/** The form that changes the mending options of an existing login. */
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

/** The fields for what may be mended of a login's mail, each with its cost. */
function mendingFields(filled: Fields, t: Phrases): Html {
  const text = (name: string) => one(filled, name) ?? ''
  const box = (name: string, words: Html) =>
    html`<label class="choice"><input type="checkbox" name="${name}" value="yes"${text(name) === 'yes' ? html` checked` : undefined}> ${words}</label>`
  return html`<fieldset>
<legend>${t`Mend what an old device sends`}</legend>
${box('rewriteFrom', t`put the mailbox into From: and Sender: of the header; the old address goes into Reply-To:, and a signature (DKIM) that the program made no longer fits`)}
${box('mendLineEnds', t`take a bare CR or LF in a message for the end of a line; where nobody meant one, a line is cut there`)}
<label>${t`Domain of senders and recipients that have none, such as example.com; a mistyped name is a stranger's address there`} <input name="completeAddresses" maxlength="254" autocomplete="off" value="${text('completeAddresses')}"></label>
<label>${t`What stands for a sender or recipient, one on each line: root=admin@example.com`} <textarea name="map" rows="3">${text('map')}</textarea></label>
${box('splitRecipients', t`take several addresses in one RCPT for several recipients; when one of them is refused, the message goes to none`)}
</fieldset>`
}

/**
 * Reads a whole form: fields that were not ticked or filled in are off.
 * @throws Failure `invalid`
 */
export function mendingOptionsOf(filled: Fields): MendingOptions {
  const isOn = (name: string) => one(filled, name) === 'yes'
  return {
    rewriteFrom: isOn('rewriteFrom'),
    mendLineEnds: isOn('mendLineEnds'),
    completeAddresses: one(filled, 'completeAddresses') ?? '',
    map: mapOfLines(lines(filled, 'map')),
    splitRecipients: isOn('splitRecipients'),
  }
}

/** The mending options of a login as the fields of a filled-in form. */
export function filledMending(login: LoginStatus): Fields {
  const { rewriteFrom, mendLineEnds, completeAddresses, map, splitRecipients } = login
  return {
    ...(rewriteFrom && { rewriteFrom: 'yes' }),
    ...(mendLineEnds && { mendLineEnds: 'yes' }),
    ...(completeAddresses !== undefined && { completeAddresses }),
    ...(map && { map: mappedLines(map).join('\n') }),
    ...(splitRecipients && { splitRecipients: 'yes' }),
  }
}

/** The mending options of a login for the list; undefined when it has none. */
export function shownMending(login: LoginStatus, t: Phrases): Html | undefined {
  const { rewriteFrom, mendLineEnds, completeAddresses, map, splitRecipients } = login
  const parts = [
    ...(rewriteFrom ? [t`From: and Sender: become its mailbox`] : []),
    ...(mendLineEnds ? [t`a bare CR or LF ends a line`] : []),
    ...(completeAddresses === undefined
      ? []
      : [t`an address without a domain is one of ${completeAddresses}`]),
    ...(map ? [html`${mappedLines(map).join(', ')}`] : []),
    ...(splitRecipients ? [t`several addresses in one RCPT are several recipients`] : []),
  ]
  if (parts.length === 0) return undefined
  return html`<dt>${t`Mends`}</dt>${parts.map((part) => html`<dd>${part}</dd>`)}`
}
