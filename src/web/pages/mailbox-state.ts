import { printable } from '../../base/address.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'
import type { Catalogue } from '../../providers/provider.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { time } from './time.ts'

export interface ShownState {
  badge: Html
  explanation: Html
  /** What the button says that begins a consent. */
  action: Html
}

const words: Record<MailboxStatus['state'], string> = {
  absent: phrase('needs a consent'),
  active: phrase('active'),
  lapsed: phrase('lapsed'),
}

/** The state of a mailbox's grant in words. */
export function stateOf(mailbox: MailboxStatus, t: Phrases): ShownState {
  const { state } = mailbox
  const badge = html`<span class="state ${state}">${t.say(words[state])}</span>`
  if (state === 'absent') {
    return { badge, explanation: t`Nobody has consented yet: this mailbox cannot send.`, action: t`Connect` }
  }
  const action = t`Reconnect`
  if (state === 'active') return { badge, explanation: t`Ready to send.`, action }
  return { badge, explanation: html`${lapse(mailbox, t)}`, action }
}

function lapse({ since, reason }: MailboxStatus, t: Phrases): Html {
  const lapsed = since === undefined ? t`The consent lapsed` : t`The consent lapsed on ${time(since)}`
  // The reason is the provider's own text as often as not.
  return html`${lapsed}${reason !== undefined && `: ${printable(t.say(reason), 200)}`}`
}

export function providerName(catalogue: Catalogue, id: string): string {
  return catalogue.list().find(({ provider }) => provider.id === id)?.provider.name ?? id
}
