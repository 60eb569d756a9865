import type { AuthorityCertificate, NetworkAccessStatus } from '../../config/network-access.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import { isDomainMailbox } from '../../model/address.ts'
import type { SmtpListener } from '../../net/listen.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import { confirmation } from './form-parts.ts'
import { shownLimits } from './limit-forms.ts'
import { shownMending } from './login-forms.ts'
import { form, mayChange, type PageContext } from './page-context.ts'
import { badge, credentialState, day, icon, time } from './parts.ts'
import {
  authorityHelp,
  type DeviceChoice,
  kindOptions,
  type Place,
  placeOptions,
  settingsText,
  type WayIn,
  waysIn,
} from './ready-settings.ts'
import { testMessageForm } from './test-message.ts'

interface LoginView {
  login: LoginStatus
  /** For a while after it was made, in the browser that made it. */
  password?: string | undefined
  listeners: readonly SmtpListener[]
  access: NetworkAccessStatus
  /** That other machines have to trust. */
  authority: AuthorityCertificate | undefined
  choice: DeviceChoice
}

/** One login: whether it works, what its program is told, and what it may do. */
export function loginDetails(view: LoginView, context: PageContext): Html {
  const { login } = view
  const isActive = login.state === 'active'
  return html`${signInState(login, context)}
${isActive && settingsSection(view, context)}
${isActive && mayChange(context) && testSection(login, context)}
${facts(login, context)}
${login.state !== 'revoked' && mayChange(context) && changes(login, context)}`
}

function signInState(login: LoginStatus, { t, pages }: PageContext): Html {
  const { id, state, lastUsedAt, usedFrom = [] } = login
  if (state !== 'active') return html`<p>${credentialState(state, t)}</p>`
  const waiting = html`${badge('off', t`Waiting for its first sign-in…`)} <span class="soft scripted">${t`This line changes by itself.`}</span><noscript> <a href="${pages.path('logins', id)}">${t`Look again`}</a></noscript>`
  const used =
    lastUsedAt === undefined
      ? waiting
      : html`${badge('good', t`It works`)} ${lastUsed(lastUsedAt, usedFrom, t)}`
  return html`<section id="first-sign-in" data-live aria-live="polite"><p>${used}</p></section>`
}

export function lastUsed(at: string | undefined, from: readonly string[], t: Phrases): Html {
  if (at === undefined) return t`never`
  return from.length === 0 ? time(at) : t`${time(at)}, from ${from.slice(0, 3).join(', ')}`
}

const masked = '••••••••'

/** What is entered in the program: the server and the port first, then the rest. */
function settingsSection(view: LoginView, context: PageContext): Html {
  const { login, listeners, access, choice } = view
  const { t } = context
  const ways = waysIn(listeners, choice.place, access.hosts)
  return html`<section id="settings">
<h2>${t`Setup instructions`}</h2>
${choiceForm(login, choice, context)}
${ways.length === 0 ? notReachable(login, access, context) : waysTold(view, ways, context)}
</section>`
}

/** Which program, and where it is: in the address, so that the page can be kept. */
function choiceForm({ id }: LoginStatus, choice: DeviceChoice, { t, pages }: PageContext): Html {
  return html`<form class="search" method="get" action="${pages.path('logins', id)}#settings">
<label>${t`Where is it?`} <select name="place">${placeOptions(choice.place, t)}</select></label>
<label>${t`What is it?`} <select name="kind">${kindOptions(choice.kind, t)}</select></label>
<button class="quiet">${t`Show`}</button>
</form>`
}

function waysTold(view: LoginView, ways: readonly WayIn[], context: PageContext): Html {
  const { login, password, access, authority, choice } = view
  const { t } = context
  const [first, ...others] = ways
  if (first === undefined) return html``
  const fits = login.password !== 'none'
  const user = login.userName
  const [from = 'you@example.com'] = login.mailboxes.map((address) => address.replace(/^\*@/, 'you@'))
  const text = fits && settingsText(choice.kind, first, { user, password: password ?? masked, from }, t)
  const otherHosts = choice.place === 'elsewhere' ? access.hosts.filter((host) => host !== first.host) : []
  return html`<dl class="settings">
<dt>${t`SMTP server`}</dt><dd><code class="large" data-copy>${first.host ?? t`the address of your front end`}</code></dd>
<dt>${t`Port`}</dt><dd><code class="large" data-copy>${first.port}</code></dd>
<dt>${t`Encryption`}</dt><dd>${encryptionOf(first, choice.place, t)}</dd>
${fits ? signInFacts(login, password, t) : html`<dt>${t`Authentication`}</dt><dd>${t`none: devices at ${login.networks.join(', ')} can send without signing in`}</dd>`}
<dt>${t`Sender address`}</dt><dd>${from}</dd>
${others.map((way) => html`<dt>${t`Or`}</dt><dd>${t`port ${way.port}`}, ${encryptionOf(way, choice.place, t)}</dd>`)}
${otherHosts.length > 0 && html`<dt>${t`This machine is also`}</dt><dd>${otherHosts.join(', ')}</dd>`}
</dl>
${authority && choice.place === 'elsewhere' && first.encryption !== 'none' && trust(authority, choice, context)}
${text && html`<pre tabindex="0" data-copy>${text}</pre>`}
${password === undefined && login.password !== 'none' && html`<p class="hint">${t`The password is not shown any more. If it got lost, make another login and revoke this one.`}</p>`}`
}

/** What the device is told once, because no public authority has issued the certificate. */
function trust({ endsAt }: AuthorityCertificate, { kind }: DeviceChoice, context: PageContext): Html {
  const { t, pages } = context
  const file = (name: string) =>
    html`<a class="button quiet" href="${pages.path('network-access', name)}" download>${t`Download ${name}`}</a>`
  return html`<h3>${t`What it has to trust`}</h3>
<p>${t`The certificate of this server is issued by postern's own authority, which ends on ${day(endsAt)}.`} ${authorityHelp(kind, t)}</p>
${mayChange(context) ? html`<p class="actions">${file('ca.pem')} ${file('ca.crt')}</p>` : html`<p class="hint">${t`An administrator can download the two files here.`}</p>`}`
}

function signInFacts(login: LoginStatus, password: string | undefined, t: Phrases): Html {
  const shown = password === undefined ? masked : html`<code data-copy>${password}</code>`
  return html`<dt>${t`Authentication`}</dt><dd>${login.cramMd5 ? t`on (CRAM-MD5, LOGIN or PLAIN)` : t`on (LOGIN or PLAIN)`}</dd>
<dt>${t`User name`}</dt><dd><code data-copy>${login.userName}</code></dd>
<dt>${t`Password`}</dt><dd>${login.password === 'chosen' ? t`the one that you chose` : shown}</dd>`
}

function encryptionOf({ encryption }: WayIn, place: Place, t: Phrases): string {
  if (encryption === 'starttls') return t.say(phrase('STARTTLS or SSL/TLS'))
  if (encryption === 'implicit') return 'SSL/TLS'
  return t.say(
    place === 'here' ? phrase('none (same machine)') : phrase('none: the network can read the password'),
  )
}

const missingWords: Record<NetworkAccessStatus['missing'][number], Phrase> = {
  certificate: phrase('a certificate, so that the password is encrypted on the network'),
  key: phrase('the key of the certificate'),
  listener: phrase('an address at which postern listens for other machines'),
}

/** The three things that other machines need, and the button that makes them. */
function notReachable(
  login: LoginStatus,
  { missing, lines, hosts }: NetworkAccessStatus,
  context: PageContext,
): Html {
  const { t } = context
  return html`<div class="card warning">
<p>${t`Other machines cannot hand in mail yet. What is missing:`}</p>
<ul>${missing.map((one) => html`<li>${t.say(missingWords[one])}</li>`)}</ul>
${lines ? linesToAdd(lines, t) : mayChange(context) && makeForm(login, hosts, context)}
</div>`
}

function makeForm({ id }: LoginStatus, hosts: readonly string[], context: PageContext): Html {
  const { t } = context
  return html`<p>${t`postern makes all of it itself, at once, and listens at every IPv4 address of this machine: ${hosts.join(', ')}.`}</p>
${form(context, ['logins', id, 'network-access'], html`<button>${icon('plus')}${t`Let other machines in`}</button>`)}`
}

function linesToAdd(lines: readonly string[], t: Phrases): Html {
  return html`<p>${t`Your settings say where postern listens. Run ${html`<code>postern tls make</code>`}, put these lines there, and restart:`}</p>
<pre tabindex="0" data-copy>${lines.join('\n')}</pre>`
}

function testSection(login: LoginStatus, context: PageContext): HtmlValue {
  const address = login.mailboxes.find((one) => !isDomainMailbox(one)) ?? login.mailboxes[0]
  return address !== undefined && testMessageForm({ address, logins: [login], login }, context)
}

const proofs: Record<LoginStatus['password'], Phrase> = {
  generated: phrase('a password that postern made'),
  chosen: phrase('a password that a person chose'),
  none: phrase('IP address only (no password)'),
}

function facts(login: LoginStatus, { t, pages }: PageContext): Html {
  const {
    senders,
    networks,
    state,
    lastUsedAt,
    usedFrom = [],
    createdAt,
    expiresAt,
    rewriteSender,
    personal,
    limits,
  } = login
  const said = t.say(proofs[login.password])
  const fact = (name: Html, value: HtmlValue) =>
    value === undefined || value === false || value === ''
      ? undefined
      : html`<dt>${name}</dt><dd>${value}</dd>`
  const mailboxLink = (address: string) => html`<a href="${pages.path('mailboxes', address)}">${address}</a>`
  return html`<section>
<h2>${t`Details`}</h2>
<dl>
<dt>${t`State`}</dt><dd>${credentialState(state, t)}</dd>
${fact(t`User name`, login.userName)}
${fact(
  t`Mailboxes`,
  login.mailboxes.map((address, place) => html`${place > 0 && ', '}${mailboxLink(address)}`),
)}
${fact(t`Signs in by`, login.cramMd5 ? t`${said}, also by CRAM-MD5` : said)}
${fact(t`Also allowed senders`, senders.join(', '))}
${fact(t`Other senders`, rewriteSender && t`rewritten to the mailbox address`)}
${shownMending(login, t)}
${fact(t`Of a whole domain`, personal === true && t`also mailboxes that a person has consented for`)}
${limits && html`<dt>${t`Limits`}</dt>${shownLimits(limits, t).map((one) => html`<dd>${one}</dd>`)}`}
${fact(t`Only from`, networks.join(', '))}
${fact(t`Made`, time(createdAt))}
${fact(t`Ends`, expiresAt !== undefined && time(expiresAt))}
${fact(t`Last used`, lastUsed(lastUsedAt, usedFrom, t))}
</dl>
<p class="actions"><a href="${pages.path('journal')}?login=${encodeURIComponent(login.id)}">${icon('activity')} ${t`Activity of this login`}</a></p>
</section>`
}

function changes({ id, name }: LoginStatus, context: PageContext): Html {
  const { t, pages } = context
  return html`<p class="actions"><a class="button quiet" href="${pages.path('logins', id, 'mending')}">${t`Mend its mail`}</a>
<a class="button quiet" href="${pages.path('logins', id, 'limits')}">${t`Limit what it sends`}</a>
<a class="button quiet" href="${pages.path('logins', id, 'trace')}">${t`Record what it says`}</a></p>
${confirmation(
  {
    ask: html`${icon('trash')}${t`Revoke…`}`,
    question: t`${name} can send no more from its next message on, and this cannot be undone: it would need a new login.`,
    answer: t`Revoke ${name}`,
    path: ['logins', id, 'revoke'],
  },
  context,
)}`
}
