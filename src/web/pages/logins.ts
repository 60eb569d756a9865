import type { Response, Router } from 'express'
import { filled } from '../../base/failure.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { errorSection, refusalOf } from './error-page.ts'
import {
  filledMending,
  loginRequestOf,
  mendingForm,
  mendingOptionsOf,
  newLoginForm,
  shownMending,
} from './login-forms.ts'
import {
  type Fields,
  fieldsOf,
  form,
  mayChange,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { credentialState, time } from './parts.ts'
import { type CreatedLogin, readySettings } from './ready-settings.ts'

interface LoginPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'smtp'>
  contexts: PageContexts
}

/** The pages about logins. */
export function createLoginPages({ services, contexts }: LoginPagesDeps): Router {
  const { mailboxes, logins, smtp } = services
  const router = exactRouter()

  router
    .route('/logins')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      pages.send(response, { title: t`Logins`, body: loginList(await logins.list(), context), session })
    })
    .post(readForm, async (request, response) => {
      await make(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/logins/new')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = await newForm(context, fieldsOf(request.query))
      pages.send(response, { title: t`Make a login`, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/logins/:id/revoke')
    .post(readForm, async (request, response) => {
      const { pages, by } = await contexts.toChange(request)
      await logins.revoke(String(request.params.id), by)
      response.redirect(303, pages.path('logins'))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/logins/:id/mending')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const login = await found(request.params.id)
      sendMending(response, context, login, filledMending(login))
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await mend(response, context, request.params.id, fieldsOf(request.body))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  async function mend(response: Response, context: PageContext, id: string, filled: Fields): Promise<void> {
    try {
      await logins.set(id, mendingOptionsOf(filled), context.by)
      response.redirect(303, context.pages.path('logins'))
    } catch (error) {
      const refusal = refusalOf(error)
      sendMending(response, context, await found(id), filled, refusal)
    }
  }

  /** @throws HttpRefusal 404 */
  async function found(id: string): Promise<LoginStatus> {
    const login = (await logins.list()).find((one) => one.id === id && one.state !== 'revoked')
    if (login === undefined) throw new HttpRefusal(404, filled('page.no-such-login'))
    return login
  }

  function sendMending(
    response: Response,
    context: PageContext,
    login: LoginStatus,
    filled: Fields,
    refusal?: ReturnType<typeof refusalOf>,
  ): void {
    const { t, session, pages } = context
    const error = refusal && errorSection(refusal, t)
    const body = html`${error}${mendingForm(login, filled, context)}`
    pages.send(response, { title: t`Mend its mail`, body, session }, refusal?.status ?? 200)
  }

  /** On an error, the form comes again with the error above it and with what was filled in. */
  async function make(response: Response, context: PageContext, filled: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const { login, password } = await logins.add(loginRequestOf(filled), context.by)
      const body = createdLogin({ login, password: password?.reveal(), listeners: smtp() }, context)
      pages.send(response, { title: login.name, body, session, copying: true }, 201)
    } catch (error) {
      const refusal = refusalOf(error)
      const body = html`${errorSection(refusal, t)}${await newForm(context, filled)}`
      pages.send(response, { title: t`Make a login`, body, session }, refusal.status)
    }
  }

  async function newForm(context: PageContext, filled: Fields) {
    const addresses = (await mailboxes.list()).map(({ address }) => address)
    return newLoginForm(addresses, filled, context)
  }
}

/** The list of logins, active ones first. */
function loginList(logins: readonly LoginStatus[], context: PageContext): Html {
  const { t, pages } = context
  const [working, ended] = [logins.filter(isActive), logins.filter((login) => !isActive(login))]
  return html`<section>
<p>${t`Each program and each device has a login of its own, so that each can be ended by itself.`}</p>
${mayChange(context) && html`<p><a class="button" href="${pages.path('logins', 'new')}">${t`Make a login`}</a></p>`}
</section>
${loginCards(working, context)}
${ended.length > 0 && html`<h2>${t`Ended`}</h2>${loginCards(ended, context, html`h3`)}`}`
}

/** @param heading the heading level of each card */
export function loginCards(
  logins: readonly LoginStatus[],
  context: PageContext,
  heading = html`h2`,
): Html | undefined {
  if (logins.length === 0) return undefined
  return html`<ul class="cards">${logins.map((login) => card(login, context, heading))}</ul>`
}

function isActive({ state }: LoginStatus): boolean {
  return state === 'active'
}

function card(login: LoginStatus, context: PageContext, heading: Html): Html {
  const { t } = context
  const { id, name, userName, state, lastUsedAt, usedFrom = [], expiresAt } = login
  return html`<li class="card">
<${heading}>${name} ${credentialState(state, t)}</${heading}>
<dl>
<dt>${t`User name`}</dt><dd>${userName}</dd>
<dt>${t`Mailboxes`}</dt><dd>${login.mailboxes.join(', ')}</dd>
<dt>${t`Signs in by`}</dt><dd>${proof(login, t)}</dd>
${login.senders.length > 0 && html`<dt>${t`Sends as well as`}</dt><dd>${login.senders.join(', ')}</dd>`}
${login.rewriteSender && html`<dt>${t`Other senders`}</dt><dd>${t`are replaced by its mailbox`}</dd>`}
${shownMending(login, t)}
${login.personal && html`<dt>${t`Of a whole domain`}</dt><dd>${t`also mailboxes that a person has consented for`}</dd>`}
${login.networks.length > 0 && html`<dt>${t`Only from`}</dt><dd>${login.networks.join(', ')}</dd>`}
${expiresAt !== undefined && html`<dt>${t`Ends`}</dt><dd>${time(expiresAt)}</dd>`}
<dt>${t`Last used`}</dt><dd>${lastUsed(lastUsedAt, usedFrom, t)}</dd>
</dl>
${
  state !== 'revoked' &&
  mayChange(context) &&
  html`<p><a href="${context.pages.path('logins', id, 'mending')}" aria-label="${t`Mend its mail: ${name}`}">${t`Mend its mail`}</a> · <a href="${context.pages.path('logins', id, 'trace')}" aria-label="${t`Record what it says: ${name}`}">${t`Record what it says`}</a></p>${form(
    context,
    ['logins', id, 'revoke'],
    html`<button class="quiet" aria-label="${t`Revoke ${name}`}">${t`Revoke`}</button>`,
  )}`
}
</li>
`
}

function lastUsed(at: string | undefined, from: readonly string[], t: Phrases): Html {
  if (at === undefined) return t`never`
  return from.length === 0 ? time(at) : t`${time(at)}, from ${from.slice(0, 3).join(', ')}`
}

const proofs: Record<LoginStatus['password'], Phrase> = {
  generated: phrase('a password that postern made'),
  chosen: phrase('a password that a person chose'),
  none: phrase('nothing but its address'),
}

function proof({ password, cramMd5 }: LoginStatus, t: Phrases): Html | string {
  const said = t.say(proofs[password])
  return cramMd5 ? t`${said}, also by CRAM-MD5` : said
}

/** A login that was just created: its password, shown only once, and ready settings. */
function createdLogin(made: CreatedLogin, context: PageContext): Html {
  const { login } = made
  const { t, pages } = context
  return html`<section class="done">
${login.password === 'none' ? html`<p>${t`Whoever comes from ${login.networks.join(', ')} is taken for this login. Nothing is to be entered but the server.`}</p>` : credentials(made, context)}
<p><a href="${pages.path('logins')}">${t`Back to the logins`}</a></p>
</section>
<h2>${t`Ready to copy`}</h2>
${readySettings(made, t).map(
  ({ title, text }) => html`<details>
<summary>${title}</summary>
<pre tabindex="0" data-copy>${text}</pre>
</details>`,
)}`
}

function credentials({ login, password }: CreatedLogin, { t }: PageContext): Html {
  return html`<dl>
<dt>${t`User name`}</dt><dd><code data-copy>${login.userName}</code></dd>
<dt>${t`Password`}</dt><dd>${password === undefined ? t`the one that you chose` : html`<code data-copy>${password}</code>`}</dd>
</dl>
${password !== undefined && html`<p>${t`The password is shown this once. Make another login if it gets lost.`}</p>`}`
}
