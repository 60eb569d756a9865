import { printable } from '../../base/address.ts'
import type { MailboxStatus, PauseStatus } from '../../mailboxes/services.ts'
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

/** What a mailbox is like for somebody who looks: its grant, and whether anything keeps it from sending now. */
type State = MailboxStatus['state'] | 'failing' | 'suspended'

const words: Record<State, string> = {
  absent: phrase('needs a consent'),
  active: phrase('active'),
  lapsed: phrase('needs a new consent'),
  failing: phrase('failing'),
  suspended: phrase('suspended for a while'),
}

const classes: Record<State, string> = {
  absent: 'absent',
  active: 'active',
  lapsed: 'lapsed',
  failing: 'lapsed',
  suspended: 'lapsed',
}

/** The state of a mailbox in words. */
export function stateOf(mailbox: MailboxStatus, t: Phrases): ShownState {
  const pause = mailbox.state === 'active' ? holdingUp(mailbox) : undefined
  const state = pause ? (pause.about === 'token' ? 'failing' : 'suspended') : mailbox.state
  const badge = html`<span class="state ${classes[state]}">${t.say(words[state])}</span>`
  const action = mailbox.state === 'absent' ? t`Connect` : t`Reconnect`
  return { badge, action, explanation: pause ? paused(pause, t) : explained(mailbox, t) }
}

/** What keeps all of its mail back; a sender or a program that was refused is no matter of the others. */
function holdingUp({ sending }: MailboxStatus): PauseStatus | undefined {
  const pauses = sending?.pauses.filter(({ about }) => about !== 'sender' && about !== 'program') ?? []
  return pauses.find(({ about }) => about === 'token') ?? pauses[0]
}

function paused({ until, reason, said, fix }: PauseStatus, t: Phrases): Html {
  return html`${t.say(reason)}${said !== undefined && html` ${t`The provider said: ${html`<code>${said}</code>`}`}`} ${t`It is tried again at ${time(until)}.`}${fix !== undefined && html` <strong>${t`What to do:`}</strong> ${t.say(fix)}`}`
}

function explained(mailbox: MailboxStatus, t: Phrases): Html {
  switch (mailbox.state) {
    case 'absent':
      return t`Nobody has consented yet: this mailbox cannot send.`
    case 'active':
      return t`Ready to send.`
    case 'lapsed':
      return lapse(mailbox, t)
  }
}

function lapse({ since, reason, refusedAt }: MailboxStatus, t: Phrases): Html {
  const lapsed = since === undefined ? t`The consent lapsed` : t`The consent lapsed on ${time(since)}`
  // The reason is the provider's own text as often as not.
  const why = reason !== undefined && `: ${printable(t.say(reason), 200)}`
  if (refusedAt === undefined) return html`${lapsed}${why}`
  return html`${lapsed}${why} (${t`last refused on ${time(refusedAt)}; postern tries it again each day`})`
}

export function providerName(catalogue: Catalogue, id: string): string {
  return catalogue.list().find(({ provider }) => provider.id === id)?.provider.name ?? id
}
