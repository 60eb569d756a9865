import type { Router } from 'express'
import { type Address, isDomainMailbox, parseAddress } from '../../model/address.ts'
import { evidenceWords, type ProviderDetails, providerDetails } from '../../providers/provider-status.ts'
import type { SettingsToMake } from '../../providers/registration.ts'
import type { CheckedPoint, RegistrationCheck } from '../../providers/registration-checks.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { whatToDo } from './error-page.ts'
import {
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
  several,
} from './page-context.ts'
import { flowWords, time } from './parts.ts'

interface ProviderPagesDeps {
  services: Pick<WebServices, 'catalogue' | 'mailboxes' | 'registrationChecks'>
  contexts: PageContexts
  redirectUri: string
}

/** The pages about providers, and how an app is registered there. */
export function createProviderPages({ services, contexts, redirectUri }: ProviderPagesDeps): Router {
  const router = exactRouter()

  router
    .route('/providers/:id')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { session, pages, t } = context
      const { id } = request.params
      const details = providerDetails(services.catalogue, id, { redirectUri, language: t.language })
      pages.send(response, {
        title: details.name,
        body: providerPage(details, hasOwnCertificate(details), context),
        session,
        copying: true,
      })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/providers/:id/check')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { session, pages, t } = context
      const check = await services.registrationChecks.check(request.params.id)
      const details = providerDetails(services.catalogue, request.params.id, { redirectUri })
      pages.send(response, {
        title: t`Check of ${details.name}`,
        body: registrationCheckPage(check, context),
        session,
      })
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/providers/:id/script')
    .get(async (request, response) => {
      await contexts.toSee(request)
      const query = fieldsOf(request.query)
      const appOnly = one(query, 'app-only') !== undefined
      const asked = several(query, 'mailbox').map(parseAddress)
      const mailboxes = asked.length > 0 ? asked : await mailboxesAt(request.params.id, appOnly)
      const { exchangeScriptName, exchangeScriptOf } = await import('../../providers/exchange-script.ts')
      const script = exchangeScriptOf(services.catalogue, request.params.id, { mailboxes, appOnly })
      response.attachment(exchangeScriptName).type('text/plain').send(script)
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  /** Postern makes a certificate for what is kept in the store. */
  function hasOwnCertificate({ id, registered }: ProviderDetails): boolean {
    if (!registered) return false
    const { source, oauth } = services.catalogue.registered(id)
    return source === 'stored' && oauth.graphEndpoint !== undefined
  }

  /** A domain mailbox stands for mailboxes that only their administrator can name. */
  async function mailboxesAt(id: string, appOnly: boolean): Promise<readonly Address[]> {
    const there = (await services.mailboxes.list()).filter(({ provider }) => provider === id)
    return there
      .filter(({ address, flow }) => !isDomainMailbox(address) && (flow === 'client-credentials') === appOnly)
      .map(({ address }) => address)
  }

  return router
}

/** The page of one provider: how well it is known, and how to set it up. */
function providerPage(details: ProviderDetails, ownCertificate: boolean, context: PageContext): Html {
  const { t, pages } = context
  const { registered, missing, missingFailure, standing, flows, smtp, scopes, setUp } = details
  const state = registered
    ? t`there is one`
    : html`${t`none yet.`} ${missingFailure && t.fixOf({ ...missingFailure, message: '', fix: missing })}`
  return html`<section>
<dl>
<dt>${t`Registration`}</dt><dd>${state}${ownCertificate && html` <a href="${pages.path('registrations', details.id, 'certificate')}">${t`Its certificate`}</a>`}</dd>
<dt>${t`Known`}</dt><dd>${evidenceWords[standing.evidence][t.language]}</dd>
<dt>${t`Ways to a grant`}</dt><dd>${flows.map((flow) => t.say(flowWords[flow])).join(', ')}</dd>
<dt>${t`Mail server`}</dt><dd>${smtp.host}:${smtp.port} (${smtp.tls})</dd>
<dt>${t`Asks for`}</dt><dd><code>${scopes.join(' ')}</code></dd>
${setUp.redirectUri !== undefined && html`<dt>${t`Redirect URI`}</dt><dd><code data-copy>${setUp.redirectUri}</code></dd>`}
</dl>
${standing.notes.length > 0 && html`<h2>${t`To know`}</h2><ul>${standing.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
</section>
<section>
<h2>${t`To do at the provider`}</h2>
<ol>${setUp.steps.map((step) => html`<li>${step}</li>`)}</ol>
</section>
${setUp.settings && settingsSection(setUp.settings, t)}
${mayChange(context) && checkForm(details.id, context)}
${setUp.commands.length > 0 && scriptSection(details.id, context)}
${setUp.commands.map(
  ({ purpose, lines }) => html`<section>
<h2>Exchange Online PowerShell</h2>
<p>${purpose}:</p>
<pre tabindex="0" data-copy>${lines.join('\n')}</pre>
</section>`,
)}`
}

function scriptSection(id: string, { t, pages }: PageContext): Html {
  const script = pages.path('providers', id, 'script')
  return html`<section>
<h2>${t`Set up Exchange Online by a script`}</h2>
<p>${t`A file of PowerShell for exactly the mailboxes that postern has here. It can be run again, shows with ${html`<code>-WhatIf</code>`} what it would change, and takes back with ${html`<code>-Undo</code>`} what it made.`}</p>
<ul><li><a href="${script}" download>${t`For mailboxes whose person consents`}</a></li>
<li><a href="${script}?app-only=yes" download>${t`For mailboxes without a consent (app only)`}</a></li></ul>
</section>`
}

function settingsSection({ lines, file }: SettingsToMake, t: Phrases): Html {
  return html`<section>
<h2>${t`To put into .env`}</h2>
<p>${t`What stands behind your-… is yours: the provider's page of the app shows it. Restart postern afterwards.`}</p>
<pre tabindex="0" data-copy>${lines.join('\n')}</pre>
${
  file !== undefined &&
  html`<p>${t`And into the file that is named there:`}</p>
<pre tabindex="0" data-copy>${file}</pre>`
}
</section>`
}

/** The button that checks the settings of a provider. */
function checkForm(id: string, context: PageContext): Html {
  const { t } = context
  return html`<section>
<h2>${t`Check`}</h2>
<p>${t`Reads the settings again, and asks the provider whether it takes them. Nothing is changed.`}</p>
${form(context, ['providers', id, 'check'], html`<button>${t`Check what is set`}</button>`)}
</section>`
}

const pointWords: Record<CheckedPoint['point'], Phrase> = {
  settings: phrase('The settings'),
  running: phrase('What runs'),
  'redirect-uri': phrase('The way back'),
  endpoint: phrase('The provider'),
  client: phrase('The client id and its secret'),
}

const outcomeWords: Record<CheckedPoint['outcome'], { word: Phrase; card: string; state: string }> = {
  good: { word: phrase('good'), card: 'done', state: 'active' },
  wrong: { word: phrase('wrong'), card: 'mistake', state: 'lapsed' },
  unknown: { word: phrase('not known yet'), card: '', state: 'absent' },
}

/** The outcome of a check, point by point, with a button to repeat it. */
function registrationCheckPage(
  { provider, checkedAt, points }: RegistrationCheck,
  context: PageContext,
): Html {
  const { t, pages } = context
  return html`<p>${t`Checked at ${time(checkedAt)}`}</p>
<ul class="cards">${points.map((point) => shownPoint(point, t))}</ul>
<p><a href="${pages.path('providers', provider)}">${t`Back to the provider`}</a></p>
${checkForm(provider, context)}`
}

function shownPoint({ point, outcome, details = [], ...said }: CheckedPoint, t: Phrases): Html {
  const { what, fix } = pointWordsIn(said, t)
  const { word, card, state } = outcomeWords[outcome]
  return html`<li class="card ${card}"><strong>${t.say(pointWords[point])}</strong> <span class="state ${state}">${t.say(word)}</span>
<p>${what}</p>
${details.length > 0 && html`<ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>`}
${fix !== undefined && whatToDo(fix, t)}
</li>
`
}

function pointWordsIn({ what, fix, failure }: Pick<CheckedPoint, 'what' | 'fix' | 'failure'>, t: Phrases) {
  const sentence = { ...failure, message: what, fix }
  return { what: t.messageOf(sentence), fix: t.fixOf(sentence) }
}
