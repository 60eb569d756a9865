import type { Request, Response, Router } from 'express'
import type { LoginStatus } from '../../credentials/logins.ts'
import { type Address, isDomainMailbox } from '../../model/address.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type ShownStep, testMessageOf, testSteps } from '../test-messages.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { whatToDo } from './error-page.ts'
import { fieldsOf, form, one, type PageContext, type PageContexts, readForm } from './page-context.ts'
import { checkedStep, checklistBegin, checklistEnd, type Step } from './parts.ts'

interface TestMessagePagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'sendTestMessage'>
  contexts: PageContexts
}

/** Sends a test message, and shows each step as it is taken. */
export function createTestMessagePages({ services, contexts }: TestMessagePagesDeps): Router {
  const { mailboxes, logins, sendTestMessage } = services
  const router = exactRouter()

  router
    .route('/mailboxes/:address/test')
    .post(readForm, (request, response) => sendTest(request, response, String(request.params.address)))
    .all(methodNotAllowed('POST'))

  return router

  async function sendTest(request: Request, response: Response, mailbox: string): Promise<void> {
    const context = await contexts.toChange(request)
    const { t, pages, by } = context
    const { address } = await mailboxes.show(mailbox)
    const fields = fieldsOf(request.body)
    const message = testMessageOf(address, { from: one(fields, 'from'), to: one(fields, 'to') ?? '' })
    const as = one(fields, 'login') || undefined
    const back = html`<p><a href="${pages.path('mailboxes', address)}">${t`Back to ${address}`}</a></p>`
    const steps = testSteps(message, as, { logins, sendTestMessage, by })
    context.show(
      response,
      { title: t`A test message to ${message.to}`, body: back },
      shown(steps, address, context),
    )
  }
}

async function* shown(
  steps: AsyncIterable<ShownStep>,
  address: Address,
  { t, pages }: PageContext,
): AsyncGenerator<Html> {
  yield checklistBegin
  let last: ShownStep | undefined
  for await (const step of steps) {
    yield checkedStep(stepOf(step, t), t)
    last = step
  }
  yield checklistEnd
  if (last?.failure)
    yield html`<p><a class="button quiet" href="${pages.path('mailboxes', address, 'diagnosis')}">${t`Find out what is wrong`}</a></p>`
}

/** The form that sends a test message. */
export function testMessageForm(
  { address, logins }: { address: Address; logins: readonly LoginStatus[] },
  context: PageContext,
): Html {
  const { t } = context
  const active = logins.filter(({ state }) => state === 'active')
  const fields = html`${isDomainMailbox(address) && html`<label>${t`From`} <input name="from" required maxlength="254" placeholder="you${address.slice(1)}"></label>`}
<label>${t`To`} <input name="to" required maxlength="254" value="${isDomainMailbox(address) ? '' : address}"></label>
${active.length > 0 && html`<label>${t`Send using`} <select name="login"><option value="">${t`postern (no login)`}</option>${active.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>`}
<button class="quiet">${t`Send, and show each step`}</button>`
  return html`<section id="test">
<h2>${t`Send a test message`}</h2>
${form(context, ['mailboxes', address, 'test'], fields)}
</section>`
}

const stepWords: Record<ShownStep['step'], Phrase> = {
  login: phrase('The login may send as this sender'),
  token: phrase('There is an access token'),
  name: phrase('The name of its mail server is found'),
  connect: phrase('The provider is reached'),
  tls: phrase('The connection is encrypted, and the certificate is right'),
  mechanism: phrase('It offers a sign-in by token'),
  'sign-in': phrase('Signed in at the provider'),
  sender: phrase('It accepts the sender'),
  recipient: phrase('It accepts the recipient'),
  message: phrase('It has taken the message'),
}

/** One step: ✓, or ✕ with what to do. */
function stepOf({ step, failure, said, milliseconds }: ShownStep, t: Phrases): Step {
  const words = t.say(stepWords[step])
  const answer = said !== undefined && html`<code>${said}</code>`
  if (!failure) return { condition: 'good', words, took: milliseconds, more: answer }
  const fix = t.fixOf(failure)
  const more = html`<p>${t.messageOf(failure)}</p>${answer && html`<p>${t`The provider said: ${answer}`}</p>`}${fix !== undefined && whatToDo(fix, t)}`
  return { condition: 'bad', words, took: milliseconds, more }
}
