import { printable, shellWord } from '../../base/text.ts'
import type { CreatedLink } from '../../consent/consent-service.ts'
import {
  type EndingStatus,
  holdingUp,
  type MailboxCondition,
  type MailboxStatus,
  type OutcomeStatus,
  type PauseStatus,
} from '../../mailboxes/mailboxes.ts'
import type { Delivery, SentLink } from '../../notices/notices.ts'
import type { Words } from '../../providers/errors/known-error.ts'
import { expiryFixes } from '../../providers/forecast.ts'
import type { Catalogue, Provider } from '../../providers/provider.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import { loginTable } from './logins.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { badge, type Condition, day, flowWords, time } from './parts.ts'
import { type LoginsBeside, testMessageForm } from './test-message.ts'

interface MailboxView {
  mailbox: MailboxStatus
  /** What the reason of its lapse, or of the last refusals, means, and what helps. */
  help?: { meaning: Words; fix: Words } | undefined
  providerName: string
  logins: LoginsBeside
  /** Whether a channel for notices is set. */
  canSend: boolean
}

/** One mailbox: what is wrong and its remedy first, then what it is used for. */
export function mailboxDetails(view: MailboxView, context: PageContext): Html {
  const { mailbox, logins } = view
  const { address } = mailbox
  const { t, pages } = context
  const isAdministrator = mayChange(context)
  return html`${stateSection(view, context)}
${mailbox.state === 'active' && isAdministrator && firstLogin(mailbox, logins.all === 0 && severities[mailbox.condition] === '', context)}
${loginTable(logins.shown, context, { of: address })}
${logins.all > logins.shown.length && html`<p><a href="${pages.path('logins')}?mailbox=${encodeURIComponent(logins.of)}">${t`All logins of this mailbox: ${logins.all}`}</a></p>`}
${mailbox.state === 'active' && isAdministrator && testMessageForm({ address, logins: logins.shown }, context)}
<p><a href="${pages.path('journal')}?mailbox=${encodeURIComponent(address)}">${t`Activity of this mailbox`}</a></p>
${endingsSection(mailbox.endings, t)}
${sendingSection(mailbox, t)}
${factsSection(view, t)}
${isAdministrator && !isAppOnly(mailbox) && !needsConsent(mailbox) && reconnection(view, context)}
${isAdministrator && isAppOnly(mailbox) && noConsent(context)}
${isAdministrator && html`<p><a href="${pages.path('mailboxes', address, 'diagnosis')}">${t`Find out what is wrong`}</a></p>`}
${isAdministrator && html`<p><a href="${pages.path('mailboxes', address, 'remove')}">${t`Remove this mailbox`}</a></p>`}`
}

const severities: Record<MailboxCondition, 'mistake' | 'warning' | ''> = {
  failing: 'mistake',
  'needs-consent': 'mistake',
  paused: 'warning',
  'not-connected': 'warning',
  'ends-soon': 'warning',
  'never-used': '',
  ok: '',
}

/** What is so, what it means, and the buttons that mend it. It is kept current. */
function stateSection(view: MailboxView, context: PageContext): Html {
  const { mailbox, help } = view
  const { t } = context
  const severity = severities[mailbox.condition]
  return html`<section id="mailbox-state" data-live${severity !== '' && html` class="${severity}"`}>
<h2>${conditionBadge(mailbox.condition, t)}</h2>
<p>${explanationOf(mailbox, view.providerName, t)}</p>
${help && html`<p>${t`It means:`} ${help.meaning[t.language]} <strong>${t`What to do:`}</strong> ${help.fix[t.language]}</p>`}
${providersWords(mailbox, t)}
${mayChange(context) && remedies(view, context)}
<dl>
${fact(t`Provider`, view.providerName)}
${fact(t`Connected account`, mailbox.signedInAs)}
${fact(t`Last sent`, mailbox.lastSentAt === undefined ? t`never` : time(mailbox.lastSentAt))}
</dl>
</section>`
}

/** Whether somebody has to sign in before anything leaves. */
function needsConsent({ condition }: MailboxStatus): boolean {
  return condition === 'needs-consent' || condition === 'not-connected'
}

function remedies(view: MailboxView, context: PageContext): Html | undefined {
  const { mailbox } = view
  const { sending, refusedAt, condition } = mailbox
  const isHeld = (sending?.pauses ?? []).length > 0 || refusedAt !== undefined || condition === 'failing'
  const tries =
    isHeld &&
    form(
      context,
      ['mailboxes', mailbox.address, 'tries'],
      html`<button class="quiet">${context.t`Try now`}</button>`,
    )
  if (isAppOnly(mailbox) || !needsConsent(mailbox))
    return tries ? html`<div class="actions">${tries}</div>` : undefined
  return html`${whoSignsIn(mailbox, context)}
<div class="actions">${consentButtons(view, context)}${tries}</div>`
}

function whoSignsIn(mailbox: MailboxStatus, { t }: PageContext): Html {
  return html`<p>${t`Sign in at the provider as ${html`<strong>${signsIn(mailbox)}</strong>`}, or ask the owner: a consent link lets whoever holds it do that once, and nothing else.`}</p>`
}

/** In this browser; or by somebody else, with a link. */
function consentButtons({ mailbox, canSend }: MailboxView, context: PageContext): Html {
  const { t } = context
  const ofMailbox = (what: string, button: Html) =>
    form(context, ['mailboxes', mailbox.address, what], button)
  const isUrgent = needsConsent(mailbox)
  const words = mailbox.state === 'absent' ? t`Sign in now` : t`Sign in again`
  return html`${ofMailbox('consent', isUrgent ? html`<button>${words}</button>` : html`<button class="quiet">${words}</button>`)}
${ofMailbox('consent-links', html`<button class="quiet">${t`Make a consent link`}</button>`)}
${canSend && ofMailbox('sent-consent-links', html`<button class="quiet">${t`Send a consent link by the channels for notices`}</button>`)}`
}

/** Of a mailbox that is well: not in the way of what one comes for. */
function reconnection(view: MailboxView, context: PageContext): Html {
  const { t } = context
  return html`<details>
<summary>${t`Sign in again, or ask the owner`}</summary>
${whoSignsIn(view.mailbox, context)}
<div class="actions">${consentButtons(view, context)}</div>
</details>`
}

function factsSection({ mailbox }: MailboxView, t: Phrases): Html {
  return html`<details>
<summary>${t`Details`}</summary>
<dl>
${fact(t`Covered by`, mailbox.coveredBy)}
${!isAppOnly(mailbox) && fact(t`Must be signed in as`, signsIn(mailbox))}
${fact(t`Known to the mail server as`, mailbox.saslUser)}
${fact(t`Accepted by the mail server as`, mailbox.acceptedName)}
${fact(t`Also allowed senders`, mailbox.aliases?.join(', '))}
${fact(t`Consented`, mailbox.grantedAt && time(mailbox.grantedAt))}
${fact(t`Last renewal`, mailbox.renewedAt && time(mailbox.renewedAt))}
${fact(t`Access renews automatically by`, mailbox.renewsBy && time(mailbox.renewsBy))}
${fact(t`Connection type`, mailbox.flow && t.say(flowWords[mailbox.flow]))}
${fact(t`Scopes`, scopesOf(mailbox))}
</dl>
</details>`
}

function noConsent({ t }: PageContext): Html {
  return html`<p class="soft">${t`The app registration itself sends for this mailbox. If the provider refuses it, the page of the provider says how it is set up.`}</p>`
}

function signsIn({ signsInAs, address }: MailboxStatus): string {
  return signsInAs ?? address
}

function isAppOnly({ flow }: MailboxStatus): boolean {
  return flow === 'client-credentials' || flow === 'service-account'
}

/** @param isNext whether nothing else is to be done before */
function firstLogin({ address }: MailboxStatus, isNext: boolean, { t, pages }: PageContext): Html {
  return html`<section>
<h2>${t`Let a device or app send`}</h2>
<p>${t`Each gets a login of its own, with settings to copy.`}</p>
<p><a class="button${!isNext && ' quiet'}" href="${pages.path('logins', 'new')}?mailbox=${encodeURIComponent(address)}">${t`Add a device or app`}</a></p>
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

export function sentLink({ mailbox, deliveries, expiresAt }: SentLink, { t }: PageContext): Html {
  return html`${t`A link for ${html`<strong>${mailbox}</strong>`} that works once, until ${time(expiresAt)}:`} ${deliveredWords(deliveries, t)}`
}

/** The scopes of an adopted refresh token are unknown. */
function scopesOf({ scopes = [] }: MailboxStatus): Html | undefined {
  return scopes.length === 0 ? undefined : html`<code>${scopes.join(' ')}</code>`
}

function fact(name: Html, value: HtmlValue): Html | undefined {
  return value === undefined || value === '' ? undefined : html`<dt>${name}</dt><dd>${value}</dd>`
}

export const conditionWords: Record<MailboxCondition, Phrase> = {
  failing: phrase('cannot send'),
  'needs-consent': phrase('needs a new consent'),
  paused: phrase('paused'),
  'not-connected': phrase('not connected yet'),
  'ends-soon': phrase('OK, ends soon'),
  'never-used': phrase('OK, never used'),
  ok: phrase('OK'),
}

export const conditionKinds: Record<MailboxCondition, Condition> = {
  failing: 'bad',
  'needs-consent': 'bad',
  paused: 'warn',
  'not-connected': 'off',
  'ends-soon': 'warn',
  'never-used': 'good',
  ok: 'good',
}

export function conditionBadge(condition: MailboxCondition, t: Phrases): Html {
  return badge(conditionKinds[condition], t.say(conditionWords[condition]))
}

/** The condition of a mailbox in a sentence or two. */
export function explanationOf(mailbox: MailboxStatus, provider: string, t: Phrases): Html {
  const { condition, lastOutcome: last } = mailbox
  const pause = explainedPause(mailbox)
  switch (condition) {
    case 'not-connected':
      return t`Nobody has consented yet: this mailbox cannot send.`
    case 'needs-consent':
      return lapse(mailbox, provider, t)
    case 'failing':
      return pause || !last ? paused(pause, t) : failed(last, t)
    case 'paused':
      return paused(pause, t)
    case 'ends-soon':
      return t`Ready to send. Something it needs ends soon.`
    case 'never-used':
      return t`Ready to send. Nothing was sent from it yet.`
    case 'ok':
      return last?.outcome === 'refused'
        ? html`${t`Ready to send.`} ${t`The provider refused the last message, ${time(last.at)}.`}`
        : t`Ready to send.`
  }
}

/** The pause that is why a mailbox is as it is. */
function explainedPause(mailbox: MailboxStatus): PauseStatus | undefined {
  const pause = holdingUp(mailbox)
  const { condition, lastOutcome } = mailbox
  if (condition === 'paused') return pause
  return condition === 'failing' && (pause?.about === 'token' || !lastOutcome) ? pause : undefined
}

const failedWords: Record<OutcomeStatus['tried'], Phrase> = {
  message: phrase('The last message was not sent'),
  test: phrase('The last test message was not sent'),
  'sign-in': phrase('The last sign-in at the provider failed'),
}

function failed({ tried, at, failures, failure, message, fix, login }: OutcomeStatus, t: Phrases): Html {
  const sentence = failure && message !== undefined ? { ...failure, message, fix } : undefined
  const why = sentence ? t.messageOf(sentence) : message
  const help = sentence ? t.fixOf(sentence) : fix
  return html`${t.say(failedWords[tried])} (${time(at)}${login !== undefined && html`, ${login}`})${t.language === 'en' ? '.' : '。'}${failures > 1 && html` ${t`${failures} in a row.`}`} ${why !== undefined && html`${printable(why, 300)}${t.language === 'en' ? '.' : '。'}`}${help !== undefined && html` <strong>${t`What to do:`}</strong> ${help}`}`
}

function paused(pause: PauseStatus | undefined, t: Phrases): Html {
  if (pause === undefined) return t`Sending is paused.`
  const { reason, fix } = pauseWords(pause, t)
  return html`${t`Paused until ${time(pause.until)}; then one message is tried.`} ${reason}${fix !== undefined && html` <strong>${t`What to do:`}</strong> ${fix}`}`
}

function lapse({ since, refusedAt, ...mailbox }: MailboxStatus, provider: string, t: Phrases): Html {
  const when = since !== undefined && html` ${t`Since ${time(since)}.`}`
  // It lapsed here: the mailbox has moved, or another person signs in.
  const reason = lapseReason(mailbox, t)
  if (refusedAt === undefined)
    return html`${t`The consent lapsed`}${reason && html`: ${reason}`}${t.language === 'en' ? '.' : '。'}${when}`
  return html`${t`${provider} no longer accepts the sign-in (password changed, or access withdrawn).`}${when} ${t`It was refused last ${time(refusedAt)}; postern tries it again each day.`}`
}

/** What the provider said, for whoever wants to know. */
function providersWords(mailbox: MailboxStatus, t: Phrases): Html | undefined {
  const { condition, reason, refusedAt, lastOutcome } = mailbox
  const said =
    condition === 'needs-consent'
      ? refusedAt !== undefined && reason
      : (holdingUp(mailbox)?.said ?? (lastOutcome?.outcome !== 'done' && lastOutcome?.said))
  if (said === undefined || said === false) return undefined
  return html`<details><summary>${t`What the provider said`}</summary><p><code>${printable(said, 500)}</code></p></details>`
}

/** Our own words in the reader's language; those of a provider, or of an earlier version, as they are. */
function lapseReason({ reason, reasonText }: Pick<MailboxStatus, 'reason' | 'reasonText'>, t: Phrases) {
  if (reason === undefined) return undefined
  const said = printable(reasonText ? t.messageOf({ ...reasonText, message: reason }) : reason, 200)
  // A full stop follows it.
  return reasonText ? html`${said}` : html`<q>${said.replace(/\.$/, '')}</q>`
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
${endings.map(({ kind, endsAt }) => html`<dt>${t.say(endingWords[kind])}</dt><dd>${day(endsAt)}${t.language === 'en' ? '.' : '。'} ${expiryFixes[kind][t.language]}</dd>`)}
</dl>
</section>`
}

/** What a mailbox may send now. Pauses come first, because a reader looks for them. */
function sendingSection(mailbox: MailboxStatus, t: Phrases): Html | undefined {
  const { sending } = mailbox
  if (sending === undefined) return undefined
  const { connections, waiting } = sending
  const atTheTop = explainedPause(mailbox)
  const pauses = sending.pauses.filter((pause) => pause !== atTheTop)
  const { open, inUse, allowed, limit } = connections
  return html`${pauses.length > 0 && html`<section class="warning"><h2>${t`What waits`}</h2>${pauses.map((pause) => pauseText(pause, t))}</section>`}
<details>
<summary>${t`Limits`}</summary>
<dl>
<dt>${t`Messages in the last minute`}</dt><dd>${amount(sending.messagesLastMinute, sending.messagesPerMinute, t)}</dd>
<dt>${t`Recipients in the last day`}</dt><dd>${amount(sending.recipientsLastDay, sending.recipientsPerDay, t)}${sending.recipientsRoomAt && html`, ${t`limit frees up at ${time(sending.recipientsRoomAt)}`}`}</dd>
<dt>${t`Connections to the provider`}</dt><dd>${allowed < limit ? t`${inUse} of ${allowed} connections in use (${open} open); usually ${limit} are allowed` : t`${inUse} of ${allowed} connections in use (${open} open)`}</dd>
<dt>${t`Queued messages`}</dt><dd>${waiting}</dd>
</dl>
</details>`
}

function amount(count: number, limit: number | undefined, t: Phrases): HtmlValue {
  return limit === undefined ? count : t`${count} of ${limit}`
}

function pauseText({ until, said, ...pause }: PauseStatus, t: Phrases): Html {
  const what = pausedThing(pause, t)
  const { reason, fix } = pauseWords(pause, t)
  return html`<p>${t`Paused until ${time(until)}; then one message is tried: ${what}.`} ${reason}${said !== undefined && html` ${t`The provider said: ${html`<code>${said}</code>`}`}`}${fix !== undefined && ` ${fix}`}</p>
`
}

function pauseWords(
  { failure, reason: message, fix }: Pick<PauseStatus, 'failure' | 'reason' | 'fix'>,
  t: Phrases,
) {
  if (!failure) return { reason: message, fix }
  const sentence = { ...failure, message, fix }
  const reason = t.language === 'en' ? message : `${printable(t.messageOf(sentence), 298)}。`
  return { reason, fix: t.fixOf(sentence) }
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

/** By which channel it went, and by which not. It may stand in a paragraph. */
export function deliveredWords(deliveries: readonly Delivery[], t: Phrases): Html {
  return html`${deliveries.map((one, at) => html`${at > 0 && '; '}${one.channel}: ${deliveryText(one, t)}`)}`
}

function deliveryText({ failure, why }: Delivery, t: Phrases): HtmlValue {
  if (failure === undefined) return t`sent`
  return why ? t.messageOf({ ...why, message: failure }) : failure
}
