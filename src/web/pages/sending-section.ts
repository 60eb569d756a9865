import type { PauseStatus, SendingStatus } from '../../mailboxes/services.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { time } from './time.ts'

/** What a mailbox may send now: pauses first, because they are what somebody looks for. */
export function sendingSection(sending: SendingStatus | undefined, t: Phrases): Html | undefined {
  if (sending === undefined) return undefined
  const { connections, waiting, pauses } = sending
  const { open, inUse, allowed, limit } = connections
  return html`<section>
<h2>${t`Sending`}</h2>
${pauses.map((pause) => pauseText(pause, t))}
<dl>
<dt>${t`Messages in the last minute`}</dt><dd>${amount(sending.messagesLastMinute, sending.messagesPerMinute, t)}</dd>
<dt>${t`Recipients in the last day`}</dt><dd>${amount(sending.recipientsLastDay, sending.recipientsPerDay, t)}${sending.recipientsRoomAt && html`, ${t`room again at ${time(sending.recipientsRoomAt)}`}`}</dd>
<dt>${t`Connections to the provider`}</dt><dd>${allowed < limit ? t`${open} open, ${inUse} in use, ${allowed} allowed for now, of ${limit}` : t`${open} open, ${inUse} in use, ${allowed} allowed`}</dd>
<dt>${t`Messages that wait`}</dt><dd>${waiting}</dd>
</dl>
</section>`
}

function amount(count: number, limit: number | undefined, t: Phrases): HtmlValue {
  return limit === undefined ? count : t`${count} of ${limit}`
}

function pauseText({ until, reason, said, fix, ...pause }: PauseStatus, t: Phrases): Html {
  const what = pausedThing(pause, t)
  return html`<p>${t`Not tried until ${time(until)}, when one try finds out: ${what}.`} ${t.say(reason)}${said !== undefined && html` ${t`The provider said: ${html`<code>${said}</code>`}`}`}${fix !== undefined && ` ${t.say(fix)}`}</p>
`
}

function pausedThing(
  { about, sender, login, source }: Partial<PauseStatus> & Pick<PauseStatus, 'about'>,
  t: Phrases,
): HtmlValue {
  const strong = (text: string) => html`<strong>${text}</strong>`
  if (login !== undefined && source !== undefined) return t`the program ${strong(login)} at ${source}`
  if (login !== undefined) return t`the program ${strong(login)}`
  return sender === undefined ? t.say(abouts[about]) : t`the sender ${strong(sender)}`
}

const abouts: Record<PauseStatus['about'], string> = {
  mailbox: phrase('this mailbox'),
  sender: phrase('a sender'),
  program: phrase('a program'),
  registration: phrase('every mailbox of this registration'),
  'sign-in': phrase('new connections'),
  token: phrase('new access tokens'),
}
