import type { PauseStatus, SendingStatus } from '../../mailboxes/services.ts'
import { type Html, html } from './html.ts'
import { time } from './mailbox-state.ts'

/** What a mailbox may send now: pauses first, because they are what somebody looks for. */
export function sendingSection(sending: SendingStatus | undefined): Html | undefined {
  if (sending === undefined) return undefined
  const { connections, waiting, pauses } = sending
  const { open, inUse, allowed, limit } = connections
  return html`<section>
<h2>Sending</h2>
${pauses.map(pauseText)}
<dl>
<dt>Messages in the last minute</dt><dd>${amount(sending.messagesLastMinute, sending.messagesPerMinute)}</dd>
<dt>Recipients in the last day</dt><dd>${amount(sending.recipientsLastDay, sending.recipientsPerDay)}${sending.recipientsRoomAt && html`, room again at ${time(sending.recipientsRoomAt)}`}</dd>
<dt>Connections to the provider</dt><dd>${open} open, ${inUse} in use, ${allowed} allowed${allowed < limit && ` for now, of ${limit}`}</dd>
<dt>Messages that wait</dt><dd>${waiting}</dd>
</dl>
</section>`
}

function amount(count: number, limit: number | undefined): string {
  return limit === undefined ? String(count) : `${count} of ${limit}`
}

function pauseText({ about, sender, until, reason, fix }: PauseStatus): Html {
  const what = sender === undefined ? abouts[about] : html`the sender <strong>${sender}</strong>`
  return html`<p>Not tried until ${time(until)}, when one try finds out: ${what}. ${reason}${fix && ` ${fix}`}</p>
`
}

const abouts: Record<PauseStatus['about'], string> = {
  mailbox: 'this mailbox',
  sender: 'a sender',
  registration: 'every mailbox of this registration',
  'sign-in': 'new connections',
  token: 'new access tokens',
}
