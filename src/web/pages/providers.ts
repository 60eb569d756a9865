import type { Router } from 'express'
import { withoutCase } from '../../base/text.ts'
import { type Address, isDomainMailbox, parseAddress } from '../../model/address.ts'
import { withoutOAuth } from '../../providers/catalogue.ts'
import type { Provider } from '../../providers/provider.ts'
import { evidenceWords, type ProviderDetails, providerDetails } from '../../providers/provider-status.ts'
import type { SettingsToMake } from '../../providers/registration.ts'
import type { RegistrationStatus } from '../../providers/registrations.ts'
import { type SetUpStep, type SetUpWay, setUpSteps, setUpWays } from '../../providers/set-up-steps.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import {
  type Fields,
  fieldsOf,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  several,
} from './page-context.ts'
import { badge, flowWords, icon } from './parts.ts'
import { newRegistrationForm } from './registration-forms.ts'
import { searchForm, table } from './tables.ts'

interface ProviderPagesDeps {
  services: Pick<WebServices, 'catalogue' | 'mailboxes' | 'registrations' | 'suggestProvider'>
  contexts: PageContexts
  redirectUri: string
}

/** The pages about providers, and how an app is registered there. */
export function createProviderPages({ services, contexts, redirectUri }: ProviderPagesDeps): Router {
  const { catalogue, registrations, suggestProvider } = services
  const router = exactRouter()

  router
    .route('/providers')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      const asked = fieldsOf(request.query)
      const address = one(asked, 'address')?.trim() ?? ''
      const suggestion = address === '' ? undefined : await suggested(address, context)
      const view = { providers: all(), registrations: await registrations.list(), asked, suggestion }
      pages.send(response, { title: t`Providers`, body: providersPage(view, context), session, wide: true })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/providers/own')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = html`${stepsSection(setUpSteps({}, 'person', { redirectUri }), context)}${newRegistrationForm({ ids: ids() }, { values: {} }, context)}`
      pages.send(response, { title: t`A provider of your own`, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/providers/:id')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { session, pages, t } = context
      const { id } = request.params
      const details = providerDetails(catalogue, id, { redirectUri, language: t.language })
      const provider = all().find((known) => known.id === id)
      if (!provider) return
      const there = await registrations.list()
      const view = { details, provider, ids: ids(), way: wayOf(provider, fieldsOf(request.query)) }
      const own = there.filter((one) => one.id === id || one.fields.preset === id)
      const scripted = await mailboxesAt(id, view.way === 'app-only')
      const body = providerPage({ ...view, registrations: own, scripted }, redirectUri, context)
      pages.send(response, { title: details.name, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/providers/:id/script')
    .get(async (request, response) => {
      await contexts.toSee(request)
      const query = fieldsOf(request.query)
      const appOnly = one(query, 'app-only') !== undefined
      const asked = several(query, 'mailbox').map(parseAddress)
      const mailboxes = asked.length > 0 ? asked : await mailboxesAt(request.params.id, appOnly)
      const { exchangeScriptName, exchangeScriptOf } = await import('../../providers/exchange-script.ts')
      const script = exchangeScriptOf(catalogue, request.params.id, { mailboxes, appOnly })
      response.attachment(exchangeScriptName).type('text/plain').send(script)
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  return router

  function all(): Provider[] {
    return catalogue.list().map(({ provider }) => provider)
  }

  function ids(): ReadonlySet<string> {
    const taken = catalogue.list().filter(({ registered }) => registered)
    return new Set(taken.map(({ provider }) => provider.id))
  }

  /** A domain mailbox stands for mailboxes that only their administrator can name. */
  async function mailboxesAt(id: string, appOnly: boolean): Promise<readonly Address[]> {
    const there = (await services.mailboxes.list()).filter(({ provider }) => provider === id)
    return there
      .filter(({ address, flow }) => !isDomainMailbox(address) && (flow === 'client-credentials') === appOnly)
      .map(({ address }) => address)
  }

  async function suggested(address: string, { t, pages }: PageContext): Promise<Html> {
    const suggestion = await suggestProvider(address)
    switch (suggestion.kind) {
      case 'provider':
        return html`<section class="done" role="status"><p>${t`${html`<strong>${address}</strong>`} seems to be at ${suggestion.name}.`}</p>
<p><a class="button" href="${pages.path('providers', suggestion.id)}">${t`Set up ${suggestion.name}`}${icon('arrow')}</a></p></section>`
      case 'without-oauth':
        return html`<section class="warning" role="status"><p>${t`${html`<strong>${address}</strong>`} seems to be at ${suggestion.name}.`} ${suggestion.reason[t.language]}</p></section>`
      case 'unknown':
        return html`<section class="warning" role="status"><p>${t`Nothing tells where ${html`<strong>${address}</strong>`} is. Choose the provider below.`}</p></section>`
    }
  }
}

/** The way that was asked for, if the provider has it. */
function wayOf(provider: Provider, asked: Fields): SetUpWay {
  const ways = waysAt(provider)
  return ways.find((way) => way === one(asked, 'way')) ?? ways[0] ?? 'person'
}

function waysAt({ flows }: Pick<Provider, 'flows'>): SetUpWay[] {
  const isApp = flows.includes('client-credentials') || flows.includes('service-account')
  return setUpWays.filter((way) => (way === 'person' ? flows.includes('authorization-code') : isApp))
}

/** Those that nearly everybody has. */
const usualProviders: readonly { id: string; title: string; words: Phrase }[] = [
  { id: 'microsoft', title: 'Microsoft 365', words: phrase('Work or school mailboxes, Exchange Online') },
  {
    id: 'google',
    title: 'Gmail, Google Workspace',
    words: phrase('gmail.com, or your own domain at Google'),
  },
  {
    id: 'outlook',
    title: 'Outlook.com',
    words: phrase('Personal Microsoft accounts: outlook, hotmail, live'),
  },
]

interface ProvidersView {
  providers: readonly Provider[]
  registrations: readonly RegistrationStatus[]
  asked: Fields
  suggestion: Html | undefined
}

function providersPage(view: ProvidersView, context: PageContext): Html {
  const { t, pages } = context
  const { registrations, suggestion, asked } = view
  return html`${registrations.length > 0 && html`<h2>${t`Registrations`}</h2>${registrationTable(registrations, context)}`}
<h2>${t`Set up a provider`}</h2>
${suggestion}
<ul class="tiles">${usualProviders.map(
    ({ id, title, words }) =>
      html`<li class="card"><h3><a href="${pages.path('providers', id)}">${title}</a></h3><p class="soft">${t.say(words)}</p></li>`,
  )}</ul>
${searchForm({ action: pages.path('providers'), name: 'address', label: t`Or by the address of the mailbox`, value: one(asked, 'address') ?? '' }, t)}
${otherProviders(view, context)}`
}

export function registrationTable(
  registrations: readonly RegistrationStatus[],
  { t, pages }: PageContext,
): Html {
  return table<RegistrationStatus>({
    caption: t`Registrations`,
    rows: registrations,
    columns: [
      {
        title: t`Provider`,
        place: 'main',
        cell: ({ id, name }) => html`<a href="${pages.path('registrations', id)}">${name}</a>`,
      },
      { title: t`State`, place: 'side', cell: (one) => registrationState(one, t) },
      { title: t`Id`, cell: ({ id }) => id },
      { title: t`Client ID`, cell: ({ fields }) => fields.clientId },
      { title: t`Comes from`, cell: ({ source }) => t.say(sourceWords[source]) },
      { title: t`Mailboxes`, isNumber: true, cell: ({ mailboxes }) => mailboxes },
    ],
  })
}

export const sourceWords: Record<RegistrationStatus['source'], Phrase> = {
  settings: phrase('from the settings'),
  stored: phrase('made on these pages, by command or API'),
  shipped: phrase('comes with this installation'),
}

export function registrationState({ trouble, hiddenBy }: RegistrationStatus, t: Phrases): Html {
  if (trouble) return badge('bad', t`cannot be used`)
  return hiddenBy === undefined ? badge('good', t`set up`) : badge('off', t`not used`)
}

function otherProviders({ providers, asked }: ProvidersView, { t, pages }: PageContext): Html {
  const text = one(asked, 'find')?.trim() ?? ''
  const key = withoutCase(text)
  const usual = usualProviders.map(({ id }) => id)
  const others = providers.filter(
    ({ id, name, supportStatus }) =>
      supportStatus.evidence !== 'own' &&
      (text === '' ? !usual.includes(id) : withoutCase(`${id} ${name}`).includes(key)),
  )
  return html`<details${text !== '' && html` open`} id="others">
<summary>${t`Other…`}</summary>
${searchForm({ action: `${pages.path('providers')}#others`, label: t`Find a provider`, value: text }, t)}
<ul>${others.map(({ id, name, supportStatus }) => html`<li><a href="${pages.path('providers', id)}">${name}</a>${supportStatus.evidence === 'documented' ? undefined : html` <span class="soft">${evidenceWords[supportStatus.evidence][t.language]}</span>`}</li>`)}</ul>
${others.length === 0 && html`<p>${t`No provider fits “${text}”.`}</p>`}
<p><a class="button quiet" href="${pages.path('providers', 'own')}">${t`A provider of your own`}</a></p>
<p class="soft">${t`Not possible, because their mail servers take passwords only: ${withoutOAuth.map(({ name }) => name).join('; ')}.`}</p>
</details>`
}

interface ProviderView {
  details: ProviderDetails
  provider: Provider
  /** Those that are taken. */
  ids: ReadonlySet<string>
  way: SetUpWay
  /** At this provider. */
  registrations: readonly RegistrationStatus[]
  /** For which a script sets up Exchange Online. */
  scripted: readonly Address[]
}

/** The page of one provider: how an app is registered there, and the form for what comes of it. */
function providerPage(view: ProviderView, redirectUri: string, context: PageContext): Html {
  const { t } = context
  const { details, provider, ids, way, registrations } = view
  const { registered, standing, setUp } = details
  const steps = setUpSteps(provider, way, { redirectUri: setUp.redirectUri ?? redirectUri })
  const isOwn = standing.evidence === 'own'
  return html`${registrations.length > 0 && registrationTable(registrations, context)}
${standing.notes.length > 0 && html`<section class="warning"><h2>${t`Good to know`}</h2><ul>${standing.notes.map((note) => html`<li>${note}</li>`)}</ul></section>`}
${!isOwn && wayChoice(provider, way, context)}
${!isOwn && stepsSection(steps, context)}
${!isOwn && mayChange(context) && newRegistrationForm({ provider, way, ids }, { values: {} }, context)}
${setUp.commands.length > 0 && commandsSection(view, context)}
${setUp.settings && !registered && settingsSection(setUp.settings, t)}
${factsSection(details, t)}`
}

export const wayWords: Record<SetUpWay, { title: Phrase; words: Phrase }> = {
  person: {
    title: phrase('A person signs in'),
    words: phrase('The owner of each mailbox signs in once in a browser and agrees.'),
  },
  'app-only': {
    title: phrase('App only'),
    words: phrase('Nobody signs in: an administrator lets the app send for certain mailboxes.'),
  },
}

/** The two ways, where the provider has both. */
function wayChoice(provider: Provider, way: SetUpWay, { t, pages }: PageContext): Html | undefined {
  const ways = waysAt(provider)
  if (ways.length < 2) return undefined
  return html`<ul class="tiles">${ways.map((one) => {
    const { title, words } = wayWords[one]
    const current = one === way && html` aria-current="true"`
    return html`<li class="card${one === way && ' done'}"><h2><a href="${pages.path('providers', provider.id)}?way=${one}"${current}>${t.say(title)}</a></h2><p class="soft">${t.say(words)}</p></li>`
  })}</ul>`
}

function stepsSection(steps: readonly SetUpStep[], { t }: PageContext): Html {
  return html`<section>
<h2>${t`Steps at the provider`}</h2>
<ol>${steps.map(
    ({ step, link, copy }) => html`<li><p>${step[t.language]}
${copy !== undefined && html`<code data-copy>${copy}</code>`}</p>
${link !== undefined && html`<p><a href="${link}" target="_blank" rel="noreferrer">${t`Open the page there`}${icon('arrow')}</a></p>`}</li>`,
  )}</ol>
</section>`
}

/** What Exchange Online is told: by a file, or line by line. */
function commandsSection({ details, way, scripted }: ProviderView, { t, pages }: PageContext): Html {
  const { id, setUp } = details
  const script = pages.path('providers', id, 'script')
  const isFor =
    way === 'person' ? t`For mailboxes whose person consents` : t`For mailboxes without a consent (app only)`
  const shown = way === 'person' ? setUp.commands.slice(0, 1) : setUp.commands
  return html`<section>
<h2>${t`Set up Exchange Online by a script`}</h2>
<p>${t`A file of PowerShell for exactly the mailboxes that postern has here. It can be run again, shows with ${html`<code>-WhatIf</code>`} what it would change, and takes back with ${html`<code>-Undo</code>`} what it made.`}</p>
${
  scripted.length === 0
    ? html`<p class="hint">${t`It can be downloaded here as soon as such a mailbox is added.`}</p>`
    : html`<p class="actions"><a class="button quiet" href="${script}${way === 'app-only' && '?app-only=yes'}" download>${isFor}</a></p>`
}
<details>
<summary>${t`Or the commands, one by one`}</summary>
${shown.map(({ purpose, lines }) => html`<p>${purpose}:</p><pre tabindex="0" data-copy>${lines.join('\n')}</pre>`)}
</details>
</section>`
}

function settingsSection({ lines, file }: SettingsToMake, t: Phrases): Html {
  return html`<details>
<summary>${t`Or by settings for .env, with a restart`}</summary>
<section>
<p>${t`Replace each your-… with your value: the provider's page of the app shows it. Restart postern afterwards.`}</p>
<pre tabindex="0" data-copy>${lines.join('\n')}</pre>
${
  file !== undefined &&
  html`<p>${t`And into the file that is named there:`}</p>
<pre tabindex="0" data-copy>${file}</pre>`
}
</section>
</details>`
}

function factsSection({ standing, flows, smtp, scopes, setUp }: ProviderDetails, t: Phrases): Html {
  return html`<section>
<h2>${t`Details`}</h2>
<dl>
<dt>${t`How mailboxes can be connected`}</dt><dd>${flows.map((flow) => t.say(flowWords[flow])).join(', ')}</dd>
<dt>${t`Mail server`}</dt><dd>${smtp.host}:${smtp.port} (${smtp.tls === 'implicit' ? 'SSL/TLS' : 'STARTTLS'})</dd>
<dt>${t`Asks for`}</dt><dd><code>${scopes.join(' ')}</code></dd>
${setUp.redirectUri !== undefined && html`<dt>${t`Redirect URI`}</dt><dd><code data-copy>${setUp.redirectUri}</code></dd>`}
<dt>${t`Known`}</dt><dd>${evidenceWords[standing.evidence][t.language]}</dd>
</dl>
</section>`
}
