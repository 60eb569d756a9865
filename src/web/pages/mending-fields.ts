import type { LoginStatus, MendingOptions } from '../../mailboxes/services.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { type Fields, one } from './form-fields.ts'

export const mendingNames = ['rewriteFrom', 'mendLineEnds']

/** What may be mended of a login's mail, each with what it costs. */
export function mendingFields(filled: Fields, t: Phrases): Html {
  const box = (name: string, words: Html) =>
    html`<label class="choice"><input type="checkbox" name="${name}" value="yes"${one(filled, name) === 'yes' ? html` checked` : undefined}> ${words}</label>`
  return html`<fieldset>
<legend>${t`Mend what an old device sends`}</legend>
${box('rewriteFrom', t`make the mailbox of From: and Sender: in the header; the old address goes into Reply-To:, and a signature (DKIM) that the program made no longer fits`)}
${box('mendLineEnds', t`take a bare CR or LF in a message for the end of a line; where nobody meant one, a line is cut there`)}
</fieldset>`
}

/** Of a whole form: what was not ticked is off. */
export function mendingOptionsOf(filled: Fields): MendingOptions {
  return {
    rewriteFrom: one(filled, 'rewriteFrom') === 'yes',
    mendLineEnds: one(filled, 'mendLineEnds') === 'yes',
  }
}

/** As if somebody had filled the form in so. */
export function filledMending({ rewriteFrom, mendLineEnds }: LoginStatus): Fields {
  return { ...(rewriteFrom && { rewriteFrom: 'yes' }), ...(mendLineEnds && { mendLineEnds: 'yes' }) }
}

/** What is mended, for the list; undefined when nothing is. */
export function shownMending({ rewriteFrom, mendLineEnds }: LoginStatus, t: Phrases): Html | undefined {
  const parts = [
    ...(rewriteFrom ? [t`From: and Sender: become its mailbox`] : []),
    ...(mendLineEnds ? [t`a bare CR or LF ends a line`] : []),
  ]
  if (parts.length === 0) return undefined
  return html`<dt>${t`Mends`}</dt>${parts.map((part) => html`<dd>${part}</dd>`)}`
}
