import { Secret } from '../../base/secret.ts'
import type { LoginRequest, LoginStatus } from '../../credentials/logins.ts'
import { type MendingOptions, mapOfLines, mappedLines } from '../../mailboxes/mending-options.ts'
import { type Address, isDomainMailbox } from '../../model/address.ts'
import { type Html, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { checkField, type FailureFields, type FormState, passwordRefusals, textField } from './form-parts.ts'
import { limitFailureFields, limitFields, limitNames, limitOptionsOf } from './limit-forms.ts'
import { type Fields, form, isAnyFilled, lines, one, type PageContext, several } from './page-context.ts'
import { type DeviceChoice, deviceKinds, kindOptions, placeOptions } from './ready-settings.ts'

/** Which field of the forms a failure is about. */
export const loginFailureFields: FailureFields = {
  ...limitFailureFields,
  'address.no-mail-address': ['mailbox', 'mailboxes', 'senders', 'recipients', 'map'],
  'address.no-network': 'networks',
  'sender.no-pattern': 'senders',
  'login.without-mailbox': 'mailbox',
  'login.mailbox-gone': 'mailbox',
  'mailbox.unknown': 'mailbox',
  'login.only-domain-mailbox': 'mailbox',
  'login.label-unfit': 'name',
  'login.user-name-length': 'userName',
  'login.user-name-characters': 'userName',
  'login.user-name-spaces': 'userName',
  'login.user-name-taken': 'userName',
  'login.network-needed': 'networks',
  'login.network-needed-for-cram-md5': 'networks',
  'login.network-too-wide': 'networks',
  'login.password-not-wanted': 'password',
  ...Object.fromEntries(passwordRefusals.map((id) => [id, 'password'])),
  'login.date-unreadable': 'expires',
  'login.date-passed': 'expires',
  'login.map-unreadable': 'map',
  'login.map-too-long': 'map',
  'login.map-name': 'map',
}

interface NewLoginView {
  /** Those that there are. */
  addresses: readonly Address[]
  choice: DeviceChoice
}

/** The form for a new login: four fields, and the rest behind "More". */
export function newLoginForm(
  { addresses, choice }: NewLoginView,
  state: FormState,
  context: PageContext,
): Html {
  const { t, pages } = context
  if (addresses.length === 0)
    return html`<section><p>${t`There is no mailbox yet that a login could be for.`} <a href="${pages.path('mailboxes', 'new')}">${t`Add one first.`}</a></p></section>`
  return form(
    context,
    ['logins'],
    html`<section>
${textField({ name: 'name', label: t`Device or app name`, placeholder: t`Printer, 2nd floor`, maxlength: 200, autocomplete: 'off', isFirst: true }, state)}
${mailboxField(addresses, state, t)}
<div class="field"><label for="place-field">${t`Where is it?`}</label><select id="place-field" name="place">${placeOptions(choice.place, t)}</select></div>
<div class="field"><label for="kind-field">${t`What is it?`}</label><select id="kind-field" name="kind">${kindOptions(choice.kind, t)}</select></div>
${furtherFields(addresses, state, t)}
<p><button>${t`Create the login`}</button></p>
</section>`,
  )
}

/** More would make the page long; what is not suggested can be typed all the same. */
const mostSuggested = 500

/** One address, typed or chosen from what is suggested: there may be hundreds. */
function mailboxField(addresses: readonly Address[], state: FormState, t: Phrases): Html {
  const only = addresses.length === 1 ? addresses[0] : undefined
  const [first = only ?? ''] = several(state.values, 'mailbox')
  return textField(
    {
      name: 'mailbox',
      label: t`Mailbox that it sends from`,
      required: true,
      maxlength: 254,
      autocomplete: 'off',
      suggestions: addresses.slice(0, mostSuggested),
    },
    { ...state, values: { ...state.values, mailbox: first } },
  )
}

const mendingNames = ['rewriteFrom', 'mendLineEnds', 'completeAddresses', 'map', 'splitRecipients']

const furtherNames = [
  'mailboxes',
  'userName',
  'senders',
  'rewriteSender',
  'personal',
  'networks',
  'expires',
  'cramMd5',
  'password',
  ...limitNames,
  ...mendingNames,
]

/** Open when somebody has filled something in there, or has to. */
function furtherFields(addresses: readonly Address[], state: FormState, t: Phrases): Html {
  const { values, wrong = {} } = state
  const way = one(values, 'way') ?? 'generated'
  const isOpen =
    way !== 'generated' || isAnyFilled(values, furtherNames) || furtherNames.some((name) => wrong[name])
  const choice = (value: string, words: Html) =>
    html`<label class="choice"><input type="radio" name="way" value="${value}"${way === value && html` checked`}> <span>${words}</span></label>`
  return html`<details${isOpen && html` open`}>
<summary>${t`More: password, user name, senders, networks, end`}</summary>
<fieldset>
<legend>${t`How it signs in`}</legend>
${choice('generated', t`by a password that postern makes (best)`)}
${choice('chosen', t`by a password that you choose, for a device that cannot take a long one`)}
${choice('none', t`No password: allow by IP address`)}
${textField({ name: 'password', type: 'password', label: t`The password that you choose`, autocomplete: 'new-password' }, state)}
${textField({ name: 'networks', rows: 3, label: t`Only from these IP addresses or networks, one on each line`, hint: t`such as 192.0.2.7 or 192.0.2.0/28`, placeholder: '192.0.2.7' }, state)}
${checkField({ name: 'cramMd5', label: t`for a device that knows only CRAM-MD5: its password is kept sealed instead of hashed, and it must be bound to a network` }, state)}
</fieldset>
${textField({ name: 'userName', label: t`User name (otherwise the address)`, maxlength: 254, autocomplete: 'off' }, state)}
${textField({ name: 'mailboxes', rows: 3, label: t`Further mailboxes that it sends from, one on each line` }, state)}
${textField({ name: 'senders', rows: 3, label: t`Also allowed senders, one on each line: addresses, or *@example.com` }, state)}
${checkField({ name: 'rewriteSender', label: t`Other senders: rewrite to the mailbox address` }, state)}
${addresses.some(isDomainMailbox) && checkField({ name: 'personal', label: t`of a whole domain, send also from mailboxes that a person has consented for` }, state)}
${textField({ name: 'expires', type: 'date', label: t`Ends on` }, state)}
${limitFields(state, t)}
${mendingFields(state, t)}
</details>
`
}

/** What the settings are shown for, from a form or an address. */
export function deviceChoiceOf(fields: Fields, usual: DeviceChoice['place']): DeviceChoice {
  const [place, kind] = [one(fields, 'place'), one(fields, 'kind')]
  return {
    place: place === 'here' || place === 'elsewhere' ? place : usual,
    kind: deviceKinds.find((known) => known === kind) ?? 'form',
  }
}

export function loginRequestOf(filled: Fields): LoginRequest {
  const [name, userName, expires] = ['name', 'userName', 'expires'].map((field) => one(filled, field)?.trim())
  const way = one(filled, 'way')
  return {
    mailboxes: [
      ...several(filled, 'mailbox').map((text) => text.trim()),
      ...lines(filled, 'mailboxes'),
    ].filter((address) => address !== ''),
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
    limits: limitOptionsOf(filled),
    ...mendingOptionsOf(filled),
  }
}

/** The form that changes the mending options of an existing login. */
export function mendingForm(
  { id, name, mailboxes }: LoginStatus,
  state: FormState,
  context: PageContext,
): Html {
  const { t, pages } = context
  return html`<section>
<p>${t`The login ${name} sends from ${mailboxes.join(', ')}. What is set here holds from its next sign-in on; its password stays.`}</p>
${form(context, ['logins', id, 'mending'], html`${mendingFields(state, t)}<p><button>${t`Save`}</button></p>`)}
</section>
<p><a href="${pages.path('logins', id)}">${t`Back to ${name}`}</a></p>`
}

/** The fields for what may be mended of a login's mail, each with its cost. */
function mendingFields(state: FormState, t: Phrases): Html {
  return html`<fieldset>
<legend>${t`Mend what an old device sends`}</legend>
${checkField({ name: 'rewriteFrom', label: t`put the mailbox into From: and Sender: of the header; the old address goes into Reply-To:, and a signature (DKIM) that the program made no longer fits` }, state)}
${checkField({ name: 'mendLineEnds', label: t`take a bare CR or LF in a message for the end of a line; where nobody meant one, a line is cut there` }, state)}
${textField({ name: 'completeAddresses', label: t`Domain of senders and recipients that have none, such as example.com; a mistyped name is a stranger's address there`, maxlength: 254, autocomplete: 'off' }, state)}
${textField({ name: 'map', rows: 3, label: t`What stands for a sender or recipient, one on each line: root=admin@example.com` }, state)}
${checkField({ name: 'splitRecipients', label: t`take several addresses in one RCPT for several recipients; when one of them is refused, the message goes to none` }, state)}
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
