import { mapOfLines, mappedLines } from '../../mailboxes/mending-options.ts'
import type { LoginStatus, MendingOptions } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { type Fields, lines, one } from './form-fields.ts'

export const mendingNames = ['rewriteFrom', 'mendLineEnds', 'completeAddresses', 'map', 'splitRecipients']

/** What may be mended of a login's mail, each with what it costs. */
export function mendingFields(filled: Fields, t: Phrases): Html {
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

/** Of a whole form: what was not ticked or filled in is off. @throws Failure `invalid` */
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

/** As if somebody had filled the form in so. */
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

/** What is mended, for the list; undefined when nothing is. */
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
