import type { Request, Response, Router } from 'express'
import { Secret } from '../../base/secret.ts'
import type { Provider } from '../../providers/provider.ts'
import type { CheckedPoint, RegistrationCheck } from '../../providers/registration-checks.ts'
import type { ChangedRegistration, RegistrationStatus } from '../../providers/registrations.ts'
import { type Html, html } from '../html.ts'
import { requestSource } from '../request-source.ts'
import { clientGoneSignal, exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { whatToDo } from './error-page.ts'
import { type FormState, textField } from './form-parts.ts'
import {
  type Fields,
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { checklist, day, icon, time } from './parts.ts'
import { registrationState, sourceWords } from './providers.ts'
import {
  changesOf,
  newRegistrationForm,
  newRegistrationOf,
  passwordField,
  refusedRegistration,
  registrationForm,
  requireProof,
} from './registration-forms.ts'
import { type SetUpServices, setUpNext, setUpState } from './set-up.ts'

interface RegistrationPagesDeps {
  services: Pick<WebServices, 'registrations' | 'ownCertificates' | 'pagePasswords'> & SetUpServices
  contexts: PageContexts
}

/** The pages about app registrations: made, changed, checked and removed without a restart. */
export function createRegistrationPages({ services, contexts }: RegistrationPagesDeps): Router {
  const { registrations, ownCertificates, catalogue, pagePasswords } = services
  const router = exactRouter()

  router
    .route('/registrations')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await add(response, context, fieldsOf(request.body))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/registrations/:id')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { session, pages } = context
      const registration = await registrations.show(request.params.id)
      const body = registrationPage(registration, html``, context)
      pages.send(response, { title: registration.name, body, session })
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const id = String(request.params.id)
      const values = fieldsOf(request.body)
      await change(request, response, { context, id, values, prefix: '' }, () =>
        registrations.set(id, changesOf(values), context.by),
      )
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/registrations/:id/check')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await showCheck(response, context, String(request.params.id))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/registrations/:id/secrets')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const id = String(request.params.id)
      const values = fieldsOf(request.body)
      const place = Number(one(values, 'place') ?? 0)
      const expires = one(values, 'expires')?.trim()
      const value = new Secret(one(values, 'clientSecret') ?? '')
      const prefix = place > 0 ? `out-${place}-` : 'next-'
      await change(request, response, { context, id, values, prefix }, async () => {
        const { certificate } = await registrations.show(id)
        const added = { addClientSecret: { value, ...(expires && { expires }) } }
        const changes =
          place > 0 ? { removeClientSecret: place } : { ...added, ...(certificate && { certificate: null }) }
        return registrations.set(id, changes, context.by)
      })
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/registrations/:id/remove')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const id = String(request.params.id)
      const values = fieldsOf(request.body)
      try {
        await requirePassword(request, response, context, values)
        const force = one(values, 'force') === 'yes'
        const { removed } = await registrations.remove(id, { force }, context.by)
        context.done(response, context.t`The registration ${removed} is removed.`, ['providers'])
      } catch (error) {
        await showRefused(response, error, { context, id, values, prefix: 'remove-' })
      }
    })
    .all(methodNotAllowed('POST'))

  return router

  async function add(response: Response, context: PageContext, values: Fields): Promise<void> {
    const { t, session, pages } = context
    const preset = one(values, 'preset')
    const provider = presets().find(({ id }) => id === preset)
    try {
      const asked = newRegistrationOf(values)
      requireProof(asked, provider, values)
      const { id } = await registrations.add(asked, context.by)
      if (one(values, 'makeCertificate') === 'yes') await makeCertificate(response, context, id)
      else await showCheck(response, context, id)
    } catch (error) {
      const refused = refusedRegistration(error, t, { values })
      const way = one(values, 'way') === 'app-only' ? ('app-only' as const) : ('person' as const)
      const view = { ids: new Set<string>(), ...(provider && { provider, way }) }
      const body = html`${refused.summary}${newRegistrationForm(view, { values, wrong: refused.wrong }, context)}`
      const title = provider?.name ?? t`A provider of your own`
      pages.send(response, { title, body, session }, refused.status)
    }
  }

  /** There is one now, whatever becomes of its certificate. */
  async function makeCertificate(response: Response, context: PageContext, id: string): Promise<void> {
    const { t, by } = context
    const path = ['registrations', id, 'certificate']
    try {
      await ownCertificates.make(id, {}, by)
      context.done(response, t`The registration is saved. Upload this certificate, then check it.`, path)
    } catch (error) {
      context.failed(response, error, path)
    }
  }

  function presets(): Provider[] {
    return catalogue.list().map(({ provider }) => provider)
  }

  interface Asked {
    context: PageContext
    id: string
    values: Fields
    /** Of the form, among those of the page. */
    prefix: string
  }

  async function change(
    request: Request,
    response: Response,
    asked: Asked,
    act: () => Promise<ChangedRegistration>,
  ): Promise<void> {
    const { context, id, values } = asked
    try {
      await requirePassword(request, response, context, values)
      const changed = await act()
      await showCheck(response, context, id, changedWords(changed, context.t))
    } catch (error) {
      await showRefused(response, error, asked)
    }
  }

  /** The page again, with what was typed in the form that was sent. */
  async function showRefused(
    response: Response,
    error: unknown,
    { context, id, values, prefix }: Asked,
  ): Promise<void> {
    const { t, session, pages } = context
    const { summary, wrong, status, headers } = refusedRegistration(error, t, { values, prefix })
    const registration = await registrations.show(id)
    const body = registrationPage(registration, summary, context, { values, wrong, prefix })
    response.set(headers)
    pages.send(response, { title: registration.name, body, session }, status)
  }

  /**
   * Whoever signed in at a provider has no password here.
   * @throws Failure `wrong-credentials`
   */
  async function requirePassword(
    request: Request,
    response: Response,
    { session }: PageContext,
    values: Fields,
  ): Promise<void> {
    if (session.means === 'provider' || !(await pagePasswords.isSet('administrator'))) return
    const { key: source, isShared } = requestSource(request)
    const password = new Secret(one(values, 'pagePassword') ?? '')
    const from = { source, isShared, knownBrowser: undefined }
    await pagePasswords.check('administrator', password, from, clientGoneSignal(response))
  }

  /** Saved: whether it works, and the next step of the set-up. */
  async function showCheck(
    response: Response,
    context: PageContext,
    id: string,
    words?: Html,
  ): Promise<void> {
    const { t } = context
    const [registration, check, state] = await Promise.all([
      registrations.show(id),
      registrations.check(id),
      setUpState(services),
    ])
    const body = html`${words}${checkView(check, registration, context)}${isGood(check) && setUpNext(state, context)}`
    context.show(response, { title: t`Check of ${registration.name}`, body })
  }
}

function isGood({ points }: RegistrationCheck): boolean {
  return points.every(({ outcome }) => outcome !== 'wrong')
}

function changedWords({ registration, needConsent }: ChangedRegistration, t: Phrases): Html {
  return html`<section class="${needConsent.length > 0 ? 'warning' : 'done'}" role="status"><p>${t`${registration.name} is changed.`}</p>
${needConsent.length > 0 && html`<p>${t`The consents of these mailboxes were given to another registration, and have to be given anew: ${needConsent.join(', ')}.`}</p>`}</section>`
}

const pointWords: Record<CheckedPoint['point'], Phrase> = {
  settings: phrase('Settings'),
  running: phrase('Running version'),
  'redirect-uri': phrase('Redirect: after signing in, the browser returns to postern'),
  certificate: phrase('Certificate'),
  endpoint: phrase('Connection'),
  client: phrase('Client ID and its secret'),
}

const outcomeConditions = { good: 'good', wrong: 'bad', unknown: 'off' } as const

/** The outcome of a check, point by point. */
function checkView(
  { points, checkedAt }: RegistrationCheck,
  { id }: RegistrationStatus,
  context: PageContext,
): Html {
  const { t, pages } = context
  const steps = points.map(({ point, outcome, details = [], ...said }) => {
    const { what, fix } = wordsOf(said, t)
    return {
      condition: outcomeConditions[outcome],
      words: html`<strong>${t.say(pointWords[point])}</strong>`,
      more: html`<p>${what}</p>
${details.length > 0 && html`<ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>`}
${fix !== undefined && whatToDo(fix, t)}`,
    }
  })
  return html`<p>${t`Checked at ${time(checkedAt)}`}</p>
${checklist(steps, t)}
<p class="actions"><a class="button quiet" href="${pages.path('registrations', id)}">${t`Change the registration`}</a></p>`
}

function wordsOf({ what, fix, failure: why }: Pick<CheckedPoint, 'what' | 'fix' | 'failure'>, t: Phrases) {
  const sentence = { ...why, message: what, fix }
  return { what: t.messageOf(sentence), fix: t.fixOf(sentence) }
}

/** Postern makes a certificate for what is kept in the store, where the provider lets it be replaced. */
function mayHaveOwnCertificate({ source, fields }: RegistrationStatus): boolean {
  return source === 'stored' && fields.tenant !== undefined
}

/** One registration: what it is, whether it works, and what may be changed. */
function registrationPage(
  registration: RegistrationStatus,
  above: Html,
  context: PageContext,
  sent: FormState = { values: {} },
): Html {
  const { t } = context
  const isStored = registration.source === 'stored'
  return html`${above}${facts(registration, context)}
${mayChange(context) && checkForm(registration.id, context)}
${!isStored && html`<p class="soft">${changedWhere(registration, t)}</p>`}
${isStored && mayChange(context) && html`${secretsSection(registration, sent, context)}${registrationForm(registration, formState('', sent), context)}${removal(registration, formState('remove-', sent), context)}`}`
}

/** Of one that is not kept in the store. */
function changedWhere({ id, source, setting }: RegistrationStatus, t: Phrases): Html {
  if (source === 'shipped')
    return t`It comes with this installation, and is not changed here. One of your own with the id ${html`<code>${id}</code>`} takes its place.`
  return t`It is ${t.say(sourceWords[source])}${setting !== undefined && html` (${html`<code>${setting}</code>`})`}, and is changed there.`
}

function facts(registration: RegistrationStatus, { t, pages }: PageContext): Html {
  const { id, fields, source, trouble, mailboxes, certificate, serviceAccount, clientSecrets } = registration
  return html`<section>
<dl>
<dt>${t`State`}</dt><dd>${registrationState(registration, t)}${trouble && html` ${t.messageOf(trouble)}`}</dd>
<dt>${t`Id`}</dt><dd>${id}</dd>
${fields.clientId !== undefined && html`<dt>${t`Client ID`}</dt><dd><code data-copy>${fields.clientId}</code></dd>`}
${fields.tenant !== undefined && html`<dt>${t`Tenant`}</dt><dd>${fields.tenant}</dd>`}
${serviceAccount && html`<dt>${t`Service account`}</dt><dd>${serviceAccount.email}</dd>`}
${certificate && html`<dt>${t`Certificate`}</dt><dd>${certificate.subject}${certificate.subject !== undefined && ', '}${t`ends on ${day(certificate.expires)}`}</dd>`}
${clientSecrets.map(({ place, expires }) => html`<dt>${t`Client secret ${place}`}</dt><dd>${expires === undefined ? t`its end is not known` : t`ends on ${day(expires)}`}</dd>`)}
<dt>${t`Comes from`}</dt><dd>${t.say(sourceWords[source])}</dd>
<dt>${t`Mailboxes`}</dt><dd>${mailboxes}</dd>
</dl>
<p class="actions"><a href="${pages.path('providers', fields.preset ?? id)}">${t`Steps at the provider`}</a>
${mayHaveOwnCertificate(registration) && html`<a href="${pages.path('registrations', id, 'certificate')}">${t`Its certificate`}</a>`}</p>
</section>`
}

export function checkForm(id: string, context: PageContext): Html {
  const { t } = context
  return form(
    context,
    ['registrations', id, 'check'],
    html`<button class="quiet">${icon('check')}${t`Check it`}</button> <span class="soft">${t`Tests your settings against the provider. Nothing is changed.`}</span>`,
  )
}

/** One of several forms of the page, which have fields of the same name: empty, unless it was sent. */
function formState(prefix: string, sent: FormState): FormState {
  return (sent.prefix ?? '') === prefix ? sent : { values: {}, prefix }
}

/** The secrets in the order in which they are tried. A new one overlaps with the one that ends. */
function secretsSection(
  { id, clientSecrets, certificate, serviceAccount }: RegistrationStatus,
  sent: FormState,
  context: PageContext,
): Html | undefined {
  const { t } = context
  if (serviceAccount) return undefined
  const next = formState('next-', sent)
  const isOpen = /^(?:next|out)-/.test(sent.prefix ?? '')
  return html`<details${isOpen && html` open`}>
<summary>${t`Client secrets: ${clientSecrets.length}`}</summary>
<section>
<p>${t`They are tried in their order: add the next one before the first one ends, and take that out afterwards.`}</p>
${clientSecrets.map(({ place, expires }) =>
  form(
    context,
    ['registrations', id, 'secrets'],
    html`<p>${t`Client secret ${place}`}: ${expires === undefined ? t`its end is not known` : t`ends on ${day(expires)}`}</p>
<input type="hidden" name="place" value="${place}">
<details${sent.prefix === `out-${place}-` && html` open`}><summary>${t`Take it out…`}</summary>${passwordField(formState(`out-${place}-`, sent), context)}<button class="danger">${t`Take out client secret ${place}`}</button></details>`,
  ),
)}
${form(
  context,
  ['registrations', id, 'secrets'],
  html`${textField({ name: 'clientSecret', type: 'password', label: t`Next client secret`, required: true, autocomplete: 'off', ...(certificate && { hint: t`It takes the place of the certificate.` }) }, next)}
${textField({ name: 'expires', type: 'date', label: t`The secret ends on (postern warns in time)` }, next)}
${passwordField(next, context)}
<button class="quiet">${icon('plus')}${t`Add the secret`}</button>`,
)}
</section>
</details>`
}

function removal({ id, name, mailboxes }: RegistrationStatus, state: FormState, context: PageContext): Html {
  const { t } = context
  const warning =
    mailboxes === 0
      ? t`Nothing sends by it.`
      : t`${mailboxes} mailboxes send nothing until it is there again. Their consents are kept.`
  return html`<details class="confirm"${state.wrong && html` open`}><summary>${icon('trash')}${t`Remove…`}</summary>
<p>${warning}</p>
${form(context, ['registrations', id, 'remove'], html`<input type="hidden" name="force" value="yes">${passwordField(state, context)}<button class="danger">${t`Remove ${name}`}</button>`)}
</details>`
}
