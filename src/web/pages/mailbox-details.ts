import { printable, shellWord } from '../../base/text.ts'
import type { CreatedLink } from '../../consent/consent-service.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import {
  type EndingStatus,
  holdingUp,
  type MailboxStatus,
  type PauseStatus,
  type SendingStatus,
} from '../../mailboxes/mailboxes.ts'
import type { SentLink } from '../../notices/notices.ts'
import type { Words } from '../../providers/errors/known-error.ts'
import { expiryFixes } from '../../providers/forecast.ts'
import type { Catalogue, Provider } from '../../providers/provider.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import { loginCards } from './logins.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { flowWords, time } from './parts.ts'
import { testMessageForm } from './test-message.ts'

interface MailboxView {
  mailbox: MailboxStatus
  /** What the reason of its lapse means, and what helps. */
  help?: { meaning: Words; fix: Words } | undefined
  providerName: string
  logins: readonly LoginStatus[]
  /** ISO 8601. */
  lastSend: string | undefined
  /** Whether a channel for notices is set. */
  canSend: boolean
}

/** One mailbox: its state and what may be done about it. */
export function mailboxDetails(view: MailboxView, context: PageContext): Html {
  const { mailbox, logins } = view
  const { t } = context
  const { badge, explanation } = stateOf(mailbox, t)
  return html`<section>
<h2>${t`State`} ${badge}</h2>
<p>${explanation}</p>
${view.help && html`<p>${t`It means:`} ${view.help.meaning[t.language]} <strong>${t`What to do:`}</strong> ${view.help.fix[t.language]}</p>`}
<dl>
${fact(t`Provider`, view.providerName)}
${fact(t`Covered by`, mailbox.coveredBy)}
${!isAppOnly(mailbox) && fact(t`Has to sign in`, signsIn(mailbox))}
${fact(t`Known to the mail server as`, mailbox.saslUser)}
${fact(t`Accepted by the mail server as`, mailbox.acceptedName)}
${fact(t`Sends as well as`, mailbox.aliases?.join(', '))}
${fact(t`Signed in`, mailbox.signedInAs)}
${fact(t`Consented`, mailbox.grantedAt && time(mailbox.grantedAt))}
${fact(t`Last renewal`, mailbox.renewedAt && time(mailbox.renewedAt))}
${fact(t`Next renewal`, mailbox.renewsBy && t`by ${time(mailbox.renewsBy)}`)}
${fact(t`Last send`, view.lastSend && time(view.lastSend))}
${fact(t`How`, mailbox.flow && t.say(flowWords[mailbox.flow]))}
${fact(t`Scopes`, scopesOf(mailbox))}
</dl>
</section>
${endingsSection(mailbox.endings, t)}
${sendingSection(mailbox.sending, t)}
${mayChange(context) && tryNow(mailbox, context)}
${mailbox.state === 'active' && mayChange(context) && firstLogin(mailbox, context)}
${loginCards(logins, context)}
${mayChange(context) && changes(view, context)}`
}

/** A button that retries at once while sending is paused. */
function tryNow({ address, sending, refusedAt }: MailboxStatus, context: PageContext): Html | undefined {
  if ((sending?.pauses ?? []).length === 0 && refusedAt === undefined) return undefined
  const button = html`<button class="quiet">${context.t`Try now`}</button>`
  return form(context, ['mailboxes', address, 'tries'], button)
}

/** The sections for administrators. */
function changes(view: MailboxView, context: PageContext): Html {
  const { mailbox, logins } = view
  const { t, pages } = context
  return html`${mailbox.state === 'active' && testMessageForm({ address: mailbox.address, logins }, context)}
${isAppOnly(mailbox) ? noConsent(context) : consentSections(view, context)}
<p><a href="${pages.path('mailboxes', mailbox.address, 'remove')}">${t`Remove this mailbox`}</a></p>`
}

function noConsent({ t }: PageContext): Html {
  return html`<section>
<h2>${t`No consent is needed`}</h2>
<p>${t`The app registration itself sends for this mailbox. If the provider refuses it, the page of the provider says how it is set up.`}</p>
</section>`
}

function consentSections({ mailbox, canSend }: MailboxView, context: PageContext): Html {
  const { t } = context
  const { action } = stateOf(mailbox, t)
  const ofMailbox = (what: string, button: Html) =>
    form(context, ['mailboxes', mailbox.address, what], button)
  return html`<section>
<h2>${t`${action} in this browser`}</h2>
<p>${t`You go to the provider and sign in there as ${html`<strong>${signsIn(mailbox)}</strong>`}.`}</p>
${ofMailbox('consent', html`<button>${action}</button>`)}
</section>
<section>
<h2>${t`Let somebody else do it`}</h2>
<p>${t`A consent link lets anybody who holds it finish the consent for this mailbox, once, and nothing else.`}</p>
${ofMailbox('consent-links', html`<button class="quiet">${t`Make a consent link`}</button>`)}
${canSend && ofMailbox('sent-consent-links', html`<button class="quiet">${t`Send a consent link by the channels for notices`}</button>`)}
</section>`
}

function signsIn({ signsInAs, address }: MailboxStatus): string {
  return signsInAs ?? address
}

function isAppOnly({ flow }: MailboxStatus): boolean {
  return flow === 'client-credentials' || flow === 'service-account'
}

function firstLogin({ address }: MailboxStatus, { t, pages }: PageContext): Html {
  return html`<section>
<h2>${t`Let a program send`}</h2>
<p>${t`Every program gets a login of its own, with ready settings to copy.`}</p>
<p><a class="button" href="${pages.path('logins', 'new')}?mailbox=${encodeURIComponent(address)}">${t`Make a login`}</a></p>
<p class="soft">${t`Or on the machine that runs postern: ${html`<code>postern login add ${shellWord(address)}</code>`}`}</p>
</section>`
}

export function createdLink({ mailbox, url, expiresAt }: CreatedLink, { t, pages }: PageContext): Html {
  return html`<section class="done">
<p>${t`Send this link to the person who has to sign in for ${html`<strong>${mailbox}</strong>`}. It works once, until ${time(expiresAt)}, and is shown only now.`}</p>
<pre tabindex="0" data-copy>${url}</pre>
<p><a href="${pages.path('mailboxes', mailbox)}">${t`Back to ${mailbox}`}</a></p>
</section>`
}

export function sentLink({ mailbox, deliveries, expiresAt }: SentLink, { t, pages }: PageContext): Html {
  return html`<section class="done">
<p>${t`A link for ${html`<strong>${mailbox}</strong>`} that works once, until ${time(expiresAt)}:`}</p>
<ul>${deliveries.map((one) => html`<li>${one.channel}: ${deliveryText(one, t)}</li>`)}</ul>
<p><a href="${pages.path('mailboxes', mailbox)}">${t`Back to ${mailbox}`}</a></p>
</section>`
}

/** The scopes of an adopted refresh token are unknown. */
function scopesOf({ scopes = [] }: MailboxStatus): Html | undefined {
  return scopes.length === 0 ? undefined : html`<code>${scopes.join(' ')}</code>`
}

function fact(name: Html, value: HtmlValue): Html | undefined {
  return value === undefined || value === '' ? undefined : html`<dt>${name}</dt><dd>${value}</dd>`
}

interface ShownState {
  badge: Html
  explanation: Html
  /** The label of the button that starts a consent. */
  action: Html
}

/** The shown state of a mailbox: the state of its grant, or what keeps it from sending now. */
type State = MailboxStatus['state'] | 'failing' | 'suspended'

const stateWords: Record<State, Phrase> = {
  absent: phrase('needs a consent'),
  active: phrase('active'),
  lapsed: phrase('needs a new consent'),
  failing: phrase('failing'),
  suspended: phrase('suspended for a while'),
}

const stateClasses: Record<State, string> = {
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
  const badge = html`<span class="state ${stateClasses[state]}">${t.say(stateWords[state])}</span>`
  const action = mailbox.state === 'absent' ? t`Connect` : t`Reconnect`
  return { badge, action, explanation: pause ? paused(pause, t) : explained(mailbox, t) }
}

function paused({ until, said, ...pause }: PauseStatus, t: Phrases): Html {
  const { reason, fix } = pauseWords(pause, t)
  return html`${reason}${said !== undefined && html` ${t`The provider said: ${html`<code>${said}</code>`}`}`} ${t`It is tried again at ${time(until)}.`}${fix !== undefined && html` <strong>${t`What to do:`}</strong> ${fix}`}`
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
  // The reason is often the provider's own text.
  const why = reason !== undefined && `: ${printable(reason, 200)}`
  if (refusedAt === undefined) return html`${lapsed}${why}`
  return html`${lapsed}${why} (${t`last refused on ${time(refusedAt)}; postern tries it again each day`})`
}

export function providerName(catalogue: Catalogue, id: string): string {
  return providerOf(catalogue, id)?.name ?? id
}

/** Undefined where it is not known any more. */
export function providerOf(catalogue: Catalogue, id: unknown): Provider | undefined {
  return catalogue.list().find(({ provider }) => provider.id === id)?.provider
}

export const endingWords: Record<EndingStatus['kind'], Phrase> = {
  unused: phrase('The consent, if nobody uses it'),
  'refresh-token': phrase('The consent, as the provider has said'),
  'test-phase': phrase('The consent, because the app registration is in a test phase'),
  'client-secret': phrase('The client secret of the app registration'),
  'old-client-secret': phrase('An earlier client secret of the app registration'),
  certificate: phrase('The certificate of the app registration'),
  'own-certificate': phrase('The certificate of the app registration, which postern renews'),
  'own-certificate-refused': phrase('The certificate of the app registration, which could not be renewed'),
}

/** What will end, and when. */
function endingsSection(endings: readonly EndingStatus[] = [], t: Phrases): Html | undefined {
  if (endings.length === 0) return undefined
  return html`<section>
<h2>${t`What will end`}</h2>
<dl>
${endings.map(({ kind, endsAt }) => html`<dt>${t.say(endingWords[kind])}</dt><dd>${endsAt.slice(0, 10)}. ${expiryFixes[kind][t.language]}</dd>`)}
</dl>
</section>`
}

/** What a mailbox may send now. Pauses come first, because a reader looks for them. */
function sendingSection(sending: SendingStatus | undefined, t: Phrases): Html | undefined {
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

function pauseText({ until, said, ...pause }: PauseStatus, t: Phrases): Html {
  const what = pausedThing(pause, t)
  const { reason, fix } = pauseWords(pause, t)
  return html`<p>${t`Not tried until ${time(until)}, when one try finds out: ${what}.`} ${reason}${said !== undefined && html` ${t`The provider said: ${html`<code>${said}</code>`}`}`}${fix !== undefined && ` ${fix}`}</p>
`
}

function pauseWords(
  { failure, reason: message, fix }: Pick<PauseStatus, 'failure' | 'reason' | 'fix'>,
  t: Phrases,
) {
  if (!failure || t.language === 'en') return { reason: message, fix }
  const sentence = { ...failure, message, fix }
  return { reason: `${printable(t.messageOf(sentence), 298)}。`, fix: t.fixOf(sentence) }
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

const abouts: Record<PauseStatus['about'], Phrase> = {
  mailbox: phrase('this mailbox'),
  sender: phrase('a sender'),
  program: phrase('a program'),
  registration: phrase('every mailbox of this registration'),
  'sign-in': phrase('new connections'),
  token: phrase('new access tokens'),
}

function deliveryText({ failure, why }: SentLink['deliveries'][number], t: Phrases): HtmlValue {
  if (failure === undefined) return t`sent`
  return why ? t.messageOf({ ...why, message: failure }) : failure
}
