import { printable } from '../../base/address.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'
import type { Catalogue } from '../../providers/provider.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

export interface ShownState {
  badge: Html
  explanation: Html
  /** What the button says that begins a consent. */
  action: string
}

/** The state of a mailbox's grant in words. */
export function stateOf(mailbox: MailboxStatus): ShownState {
  const badge = html`<span class="state ${mailbox.state}">${mailbox.state}</span>`
  switch (mailbox.state) {
    case 'absent':
      return {
        badge,
        explanation: html`Nobody has consented yet: this mailbox cannot send.`,
        action: 'Connect',
      }
    case 'active':
      return { badge, explanation: html`Ready to send.`, action: 'Reconnect' }
    case 'lapsed': {
      // The reason is the provider's own text as often as not.
      const reason = mailbox.reason === undefined ? '' : `: ${printable(mailbox.reason, 200)}`
      return {
        badge,
        explanation: html`The consent lapsed ${mailbox.since && html`on ${time(mailbox.since)}`}${reason}`,
        action: 'Reconnect',
      }
    }
  }
}

/** @param iso ISO 8601 */
export function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, '$1 $2 UTC')}</time>`
}

export function providerName(catalogue: Catalogue, id: string): string {
  return catalogue.list().find(({ provider }) => provider.id === id)?.provider.name ?? id
}
