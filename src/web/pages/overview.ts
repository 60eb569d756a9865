import type { Activity, JournalEntryStatus } from '../../journal/journal.ts'
import type { MailboxCondition, MailboxStatus } from '../../mailboxes/mailboxes.ts'
import { isReachable, type SmtpListener } from '../../net/listen.ts'
import type { Notices } from '../../notices/notices.ts'
import { findRegistered } from '../../providers/catalogue.ts'
import { type Expiry, registrationExpiries } from '../../providers/forecast.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import type { Phrases } from '../texts/phrases.ts'
import { waitingWords } from './approvals.ts'
import { entryTable, wrongPasswords } from './journal-entries.ts'
import { activityPlot } from './journal-plot.ts'
import { conditionBadge, endingWords, explanationOf, providerName } from './mailbox-details.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { badge, type Condition, day } from './parts.ts'

export interface Overview {
  mailboxes: readonly MailboxStatus[]
  activity: { day: Activity; week: Activity }
  /** The last ones. */
  events: readonly JournalEntryStatus[]
  /** Sign-ins of a day that were refused. */
  refused: readonly JournalEntryStatus[]
  smtp: readonly SmtpListener[]
  channels: Notices['channels']
  catalogue: Catalogue
  /** Messages that a person has to approve. */
  waiting: number
  now: number
}

/** How everything is, before the list: numbers, what needs somebody, and the last day. */
export function overviewAbove(view: Overview, context: PageContext): Html {
  const { t } = context
  return html`<ul class="tiles" id="overview" data-live>
<li class="card"><h2>${t`Mailboxes`}</h2>${counts(view.mailboxes, context)}</li>
<li class="card"><h2>${t`Last 24 hours`}</h2>${sends(view.activity.day, t)}</li>
<li class="card"><h2>SMTP</h2>${listeners(view.smtp, t)}</li>
<li class="card"><h2>${t`Notices`}</h2>${noticesState(view.channels, context)}</li>
</ul>
${attention(view, context)}`
}

/** What has happened, behind the list. */
export function overviewBelow({ activity, events }: Overview, context: PageContext): Html | undefined {
  const { t, pages } = context
  if (events.length === 0) return undefined
  return html`<section id="overview-activity" data-live>
<h2>${t`Activity`}</h2>
${activityPlot(activity, context)}
${entryTable(events, new Map(), { context })}
<p><a href="${pages.path('journal')}">${t`All activity`}</a></p>
</section>`
}

const groups: readonly { condition: Condition; of: readonly MailboxCondition[] }[] = [
  { condition: 'good', of: ['ok', 'never-used'] },
  { condition: 'warn', of: ['ends-soon', 'paused'] },
  { condition: 'bad', of: ['failing', 'needs-consent'] },
  { condition: 'off', of: ['not-connected'] },
]

function counts(mailboxes: readonly MailboxStatus[], { t }: PageContext): Html {
  const words: Record<Condition, (count: number) => Html> = {
    good: (count) => t`${count} OK`,
    warn: (count) => t`${count} need attention`,
    bad: (count) => t`${count} cannot send`,
    off: (count) => t`${count} not connected yet`,
  }
  const shown = groups.flatMap(({ condition, of }) => {
    const count = mailboxes.filter((one) => of.includes(one.condition)).length
    return count === 0 && condition !== 'good'
      ? []
      : [html`<li>${badge(condition, words[condition](count))}</li>`]
  })
  return html`<ul class="plain">${shown}</ul>`
}

function sends({ bars }: Activity, t: Phrases): Html {
  const sent = bars.reduce((sum, bar) => sum + bar.sent, 0)
  const refused = bars.reduce((sum, bar) => sum + bar.refused, 0)
  return html`<p>${t`${sent} sent, ${refused} refused or failed`}</p>`
}

/** One line for each address and port; both loopback addresses of a port are one. */
function listeners(smtp: readonly SmtpListener[], t: Phrases): Html {
  const shown = smtp.filter(
    ({ host, port }) => host !== '::1' || !smtp.some((one) => one.host === '127.0.0.1' && one.port === port),
  )
  if (shown.length === 0) return html`<p>${badge('bad', t`not listening`)}</p>`
  return html`<ul class="plain">${shown.map((one) => {
    const at = one.host.includes(':') ? `[${one.host}]:${one.port}` : `${one.host}:${one.port}`
    return html`<li><code>${at}</code> ${encryption(one, t)}</li>`
  })}</ul>`
}

function encryption(listener: SmtpListener, t: Phrases): Html {
  if (listener.tls === 'implicit') return badge('good', 'SSL/TLS')
  if (listener.tls === 'starttls') return badge('good', 'STARTTLS')
  return isReachable(listener) ? badge('warn', t`no encryption`) : badge('good', t`this machine only`)
}

function noticesState(channels: Notices['channels'], context: PageContext): Html {
  const { t } = context
  if (channels.length === 0)
    return html`<p>${badge('off', t`no channel is set`)}</p><p class="hint">${t`To hear of trouble by mail, set ${html`<code>POSTERN_NOTIFY_MAIL_TO</code>`}; or a webhook or a command.`}</p>`
  return html`<p>${badge('good', channels.join(', '))}</p>
${mayChange(context) && form(context, ['test-notices'], html`<button class="quiet">${t`Send a test notice`}</button>`)}`
}

/** So many are shown one by one. */
const mostShown = 8
const soonMilliseconds = 30 * 86_400_000

/** What a mailbox needs somebody for, the most urgent first. */
const troubles = ['failing', 'needs-consent', 'paused'] as const satisfies readonly MailboxCondition[]

interface Matter {
  condition: Condition
  words: Html
  actions: HtmlValue
}

/** What needs somebody, each with what mends it. */
function attention(view: Overview, context: PageContext): Html | undefined {
  const { t } = context
  const troubled = troubles.flatMap((condition) =>
    view.mailboxes.filter((mailbox) => mailbox.condition === condition),
  )
  const matters = [
    ...ofApprovals(view.waiting, context),
    ...troubled.slice(0, mostShown).map((mailbox) => ofMailbox(mailbox, view, context)),
    ...ofRegistrations(view, context),
    ...ofLogins(view.refused, context),
  ]
  if (matters.length === 0) return undefined
  const more = troubled.length - mostShown
  return html`<section id="attention" data-live>
<h2>${t`Needs attention`}</h2>
<ul class="plain">${matters.map(({ condition, words, actions }) => html`<li class="${condition}"><div>${words}</div><div class="actions">${actions}</div></li>\n`)}</ul>
${more > 0 && html`<p><a href="#mailbox-list">${t`and ${more} more in the list`}</a></p>`}
</section>`
}

function ofMailbox(mailbox: MailboxStatus, { catalogue, channels }: Overview, context: PageContext): Matter {
  const { t, pages } = context
  const { address, condition, provider } = mailbox
  const asked = (what: string, words: Html) =>
    form(
      context,
      ['mailboxes', address, what],
      html`<button class="quiet" aria-label="${words}: ${address}">${words}</button>`,
    )
  const mends = !mayChange(context)
    ? undefined
    : condition === 'needs-consent'
      ? html`${asked('consent', t`Sign in again`)}${channels.length > 0 && asked('sent-consent-links', t`Send link`)}`
      : asked('tries', t`Try now`)
  return {
    condition: condition === 'paused' ? 'warn' : 'bad',
    words: html`<strong><a href="${pages.path('mailboxes', address)}">${address}</a></strong> ${conditionBadge(condition, t)}<br>${explanationOf(mailbox, providerName(catalogue, provider), t)}`,
    actions: mends,
  }
}

/** Messages that somebody has to approve. */
function ofApprovals(waiting: number, { t, pages }: PageContext): Matter[] {
  if (waiting === 0) return []
  return [
    {
      condition: 'warn',
      words: badge('warn', waitingWords(waiting, t)),
      actions: html`<a href="${pages.path('approvals')}">${t`Show`}</a>`,
    },
  ]
}

/** Secrets and certificates that end soon. */
function ofRegistrations({ catalogue, now }: Overview, { t, pages }: PageContext): Matter[] {
  const isSoon = ({ kind, endsAt }: Expiry) => kind !== 'old-client-secret' && endsAt - now < soonMilliseconds
  return catalogue.list().flatMap(({ provider: { id, name }, registered }) => {
    const found = registered ? findRegistered(catalogue, id) : undefined
    return (found ? registrationExpiries(found.registration, now) : []).filter(isSoon).map(
      ({ kind, endsAt }): Matter => ({
        condition: endsAt <= now ? 'bad' : 'warn',
        words: html`<strong>${name}</strong>: ${t.say(endingWords[kind])} ${t`ends`} ${day(new Date(endsAt).toISOString())}`,
        actions: html`<a href="${pages.path('providers', id)}">${t`Renew`}</a>`,
      }),
    )
  })
}

/** Logins whose device has the wrong password. */
function ofLogins(refused: readonly JournalEntryStatus[], { t, pages }: PageContext): Matter[] {
  return [...wrongPasswords(refused)]
    .sort(([, one], [, other]) => other - one)
    .slice(0, mostShown)
    .map(([login, count]) => ({
      condition: 'warn',
      words: html`<strong>${login}</strong>: ${t`wrong password ${count} times in the last day`}`,
      actions: html`<a href="${pages.path('journal')}?login=${encodeURIComponent(login)}">${t`Show`}</a>`,
    }))
}
