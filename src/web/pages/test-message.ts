import type { Request, Response, Router } from 'express'
import type { LoginStatus, Logins } from '../../credentials/logins.ts'
import type { MailboxStatus } from '../../mailboxes/mailboxes.ts'
import { type Address, isDomainMailbox } from '../../model/address.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type ShownStep, type TestMessage, testMessageOf, testSteps } from '../test-messages.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { whatToDo } from './error-page.ts'
import { choiceField, type FailureFields, type FormState, refusedForm, textField } from './form-parts.ts'
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
    const { t, session, pages, by } = context
    const tested = await mailboxes.show(mailbox)
    const { address } = tested
    const fields = fieldsOf(request.body)
    const back = html`<p><a href="${pages.path('mailboxes', address)}">${t`Back to ${address}`}</a></p>`
    let message: TestMessage
    try {
      message = testMessageOf(address, { from: one(fields, 'from'), to: one(fields, 'to') ?? '' })
    } catch (error) {
      const { status, headers, summary, wrong } = refusedForm(error, t, {
        fields: fieldsOfFailures,
        values: fields,
      })
      const state = { values: fields, wrong }
      const { shown: own } = await loginsBeside(logins, tested)
      const body = html`${summary}${testMessageForm({ address, logins: own, state }, context)}${back}`
      response.set(headers)
      return pages.send(response, { title: t`Send a test message`, body, session }, status)
    }
    const as = one(fields, 'login') || undefined
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

/** Which field a failure is about. */
const fieldsOfFailures: FailureFields = {
  'page.sender-of-other-domain': 'from',
  'address.no-mail-address': ['to', 'from'],
  'page.test-address': ['to', 'from'],
}

/** The logins on the page of a mailbox. */
export interface LoginsBeside {
  /** The mailbox that has them: itself, or that of its whole domain. */
  of: Address
  /** The last used ones that can sign in. */
  shown: readonly LoginStatus[]
  /** How many there are, those that have ended among them. */
  all: number
}

const loginsBesideAtMost = 10

export async function loginsBeside(
  logins: Pick<Logins, 'page'>,
  { address, coveredBy: of = address }: Pick<MailboxStatus, 'address' | 'coveredBy'>,
): Promise<LoginsBeside> {
  const query = { mailbox: of, group: 'active', order: 'used', from: 0, most: loginsBesideAtMost } as const
  const { logins: shown, counts } = await logins.page(query)
  return { of, shown, all: counts.all }
}

interface TestMessageForm {
  address: Address
  /** The logins that may be tried with it. */
  logins: readonly LoginStatus[]
  /** The one that is meant at first. */
  login?: LoginStatus
  state?: FormState
}

/** The form that sends a test message. */
export function testMessageForm(
  { address, logins, login, state = { values: {} } }: TestMessageForm,
  context: PageContext,
): Html {
  const { t } = context
  const active = logins.filter(({ state: now }) => now === 'active')
  const isDomain = isDomainMailbox(address)
  const line = { required: true, maxlength: 254, autocomplete: 'off' }
  const options = [
    { value: '', words: t`postern (no login)` },
    ...active.map(({ id, name }) => ({ value: id, words: name })),
  ]
  const fields = html`${isDomain && textField({ ...line, name: 'from', label: t`From`, placeholder: `you${address.slice(1)}` }, state)}${textField({ ...line, name: 'to', label: t`To`, initial: isDomain ? '' : address }, state)}${active.length > 0 && choiceField({ name: 'login', label: t`Send using`, options, initial: login?.id }, state)}<button class="quiet">${t`Send, and show each step`}</button>`
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
