import { addressKey } from '../../base/address.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'
import type { Catalogue } from '../../providers/provider.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { endingWords } from './endings-section.ts'
import { flowWords } from './flow-words.ts'
import { providerName, stateOf } from './mailbox-state.ts'
import type { PageContext } from './page-context.ts'
import { time } from './time.ts'

export interface MailboxCardView {
  catalogue: Catalogue
  /** ISO 8601, by `addressKey`. */
  lastSends: ReadonlyMap<string, string>
}

/** One mailbox in the list: how it is, who lets it send, and when it last did. */
export function mailboxCard(mailbox: MailboxStatus, view: MailboxCardView, { t, pages }: PageContext): Html {
  const { address, signedInAs, flow, renewsBy, endings = [] } = mailbox
  const { explanation, badge } = stateOf(mailbox, t)
  const lastSend = view.lastSends.get(addressKey(address))
  // What postern prevents by itself, as long as it runs, is no news in a list.
  const ending = endings.find(({ kind }) => kind !== 'unused')
  return html`<li class="card">
<h2><a href="${pages.path('mailboxes', address)}">${address}</a> ${badge}</h2>
<p>${explanation}</p>
<dl>
<dt>${t`Provider`}</dt><dd>${providerName(view.catalogue, mailbox.provider)}</dd>
${flow !== undefined && html`<dt>${t`Lets it send`}</dt><dd>${signedInAs !== undefined && html`${signedInAs}, `}${t.say(flowWords[flow])}</dd>`}
<dt>${t`Last send`}</dt><dd>${lastSend === undefined ? t`never` : time(lastSend)}</dd>
${renewsBy !== undefined && html`<dt>${t`Next renewal`}</dt><dd>${t`by ${time(renewsBy)}`}</dd>`}
${ending && html`<dt>${t`Ends`}</dt><dd>${ending.endsAt.slice(0, 10)}: ${t.say(endingWords[ending.kind])}</dd>`}
</dl>
</li>
`
}
