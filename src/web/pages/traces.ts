import type { Response, Router } from 'express'
import { filled } from '../../base/failure.ts'
import { userNameKey } from '../../base/text.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import type { TraceEnd, TraceLine, TracePage } from '../../traces/traces.ts'
import { type Html, html } from '../html.ts'
import { HttpRefusal } from '../http-errors.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { checkField, choiceField } from './form-parts.ts'
import { loginWith } from './logins.ts'
import { fieldsOf, form, one, type PageContext, type PageContexts, readForm } from './page-context.ts'
import { icon, time } from './parts.ts'

interface TracePagesDeps {
  services: Pick<WebServices, 'logins' | 'traces'>
  contexts: PageContexts
}

/** What one login's clients and postern say to each other, for administrators, as it happens. */
export function createTracePages({ services, contexts }: TracePagesDeps): Router {
  const { logins, traces } = services
  const router = exactRouter()

  router
    .route('/logins/:id/trace')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const login = await loginWith(logins, request.params.id)
      const running = ofLogin(login)
      if (running === undefined) return send(response, login, startForm(login, context), context)
      const page = traces.read(running.id, 0)
      send(
        response,
        login,
        dialogue({ login, page, endsAt: running.endsAt, id: running.id }, context),
        context,
      )
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const login = await loginWith(logins, request.params.id)
      const fields = fieldsOf(request.body)
      const path = ['logins', login.id, 'trace']
      try {
        const before = ofLogin(login)
        if (before) traces.end(before.id)
        const minutes = Number(one(fields, 'minutes') ?? '10')
        const mask = one(fields, 'mask') === 'yes'
        traces.begin({ login: login.userName, minutes, mask, isKept: true }, context.by)
        context.done(response, context.t`Recording has started.`, path)
      } catch (error) {
        context.failed(response, error, path)
      }
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/logins/:id/trace/text')
    .get(async (request, response) => {
      await contexts.toFill(request)
      const login = await loginWith(logins, request.params.id)
      const running = ofLogin(login)
      if (running === undefined) throw new HttpRefusal(404, filled('trace.unknown'))
      response.type('text/plain').attachment('postern-trace.txt')
      response.send(traces.read(running.id, 0).lines.map(textOf).join(''))
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/logins/:id/trace/end')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const login = await loginWith(logins, request.params.id)
      const running = ofLogin(login)
      if (running) traces.stop(running.id)
      context.done(response, context.t`Recording has ended.`, ['logins', login.id, 'trace'])
    })
    .all(methodNotAllowed('POST'))

  return router

  /** The newest trace of this login. */
  function ofLogin({ userName }: LoginStatus) {
    const key = userNameKey(userName)
    return traces.list().findLast(({ login }) => login !== undefined && userNameKey(login) === key)
  }
}

function send(
  response: Response,
  { name }: LoginStatus,
  body: Html,
  { t, session, pages }: PageContext,
): void {
  pages.send(response, { title: t`What ${name} says`, body, session, wide: true })
}

const minutesToChoose = [5, 10, 30, 60]

function startForm(login: LoginStatus, context: PageContext): Html {
  const { t, pages } = context
  const empty = { values: {} }
  const options = minutesToChoose.map((minutes) => ({ value: String(minutes), words: t`${minutes} minutes` }))
  return html`<section>
<p>${t`Records what the device or app and postern say to each other, and postern and the provider: from now on, also when the password is wrong. Passwords, access tokens and messages are left out, so that it may be shown to whoever helps.`}</p>
${form(
  context,
  ['logins', login.id, 'trace'],
  html`${choiceField({ name: 'minutes', label: t`For how long`, initial: '10', options }, empty)}
${checkField({ name: 'mask', label: t`Replace addresses and names, to show it in public` }, empty)}
<button>${t`Start recording`}</button>`,
)}
</section>
<p><a href="${pages.path('logins')}">${t`Back to the logins`}</a></p>`
}

/** The last of them: what came before is in the file. */
const mostShown = 250

const endings: Record<TraceEnd, Phrase> = {
  time: phrase('The time of the recording is over.'),
  full: phrase('The recording is full: there was more than it may hold.'),
  stopped: phrase('The recording was ended.'),
}

interface Recording {
  login: LoginStatus
  id: string
  page: TracePage
  endsAt: string
}

function dialogue({ login, page, endsAt }: Recording, context: PageContext): Html {
  const { t, pages } = context
  const { lines, ended } = page
  const path = ['logins', login.id, 'trace']
  const shown = lines.slice(-mostShown)
  const start = html`<button>${t`Record again`}</button><input type="hidden" name="minutes" value="10">`
  return html`<div id="trace"${ended === undefined && html` data-live`}>
<section${ended !== undefined && html` class="done"`}>
<p>${ended === undefined ? t`Recording until ${time(endsAt)}.` : t.say(endings[ended])} ${lines.length === 0 ? (ended === undefined ? t`Nothing has come yet: have the device send something.` : t`Nothing came.`) : t`${lines.length} lines.`}</p>
<div class="actions">${ended === undefined ? form(context, [...path, 'end'], html`<button>${t`End recording`}</button>`) : form(context, path, start)}
<a class="button quiet" href="${pages.path(...path)}">${t`Load again`}</a>
${lines.length > 0 && html`<a class="button quiet" href="${pages.path(...path, 'text')}" download>${icon('copy')}${t`Download as text`}</a>`}</div>
<p class="hint">${t`C: the device or app, S: postern, P> postern to the provider, P< the provider.`}</p>
</section>
${lines.length > shown.length && html`<p class="soft">${t`The last ${shown.length} of ${lines.length} lines; the others are in the file.`}</p>`}
${shown.length > 0 && html`<pre tabindex="0" data-copy>${shown.map(textOf)}</pre>`}
</div>
<p><a href="${pages.path('logins')}">${t`Back to the logins`}</a></p>`
}

function textOf({ at, session, direction, text, milliseconds }: TraceLine): string {
  const took = milliseconds === undefined ? '' : `  (${milliseconds} ms)`
  return `${at} ${session} ${direction} ${text}${took}\n`
}
