import type { Request, Response, Router } from 'express'
import type { Clock } from '../../base/clock.ts'
import { Failure, failure } from '../../base/failure.ts'
import { actorFields, type Log } from '../../base/log.ts'
import { printable } from '../../base/text.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import { mailboxForSender, refusalWithAdvice } from '../../mailboxes/sender-policy.ts'
import {
  type Address,
  addressKey,
  covers,
  isDomainMailbox,
  keyed,
  parseAddress,
} from '../../model/address.ts'
import type { SendTestMessage, StepOutcome, TestMessageStep } from '../../upstream/test-message.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { whatToDo } from './error-page.ts'
import {
  type Fields,
  fieldsOf,
  form,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'

interface TestMessagePagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'sendTestMessage'>
  contexts: PageContexts
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/** Sends a test message, and shows each step as it is taken. */
export function createTestMessagePages({ services, contexts, clock, log }: TestMessagePagesDeps): Router {
  const { mailboxes, logins, sendTestMessage } = services
  const router = exactRouter()

  router
    .route('/mailboxes/:address/test')
    .post(readForm, (request, response) => sendTest(request, response, String(request.params.address)))
    .all(methodNotAllowed('POST'))

  return router

  /** An empty id stands for postern itself. */
  async function loginOf(address: Address, id: string) {
    if (id === '') return undefined
    return (await logins.list(address)).find((login) => login.id === id) ?? 'gone'
  }

  async function sendTest(request: Request, response: Response, mailbox: string): Promise<void> {
    const { t, session, pages, by } = await contexts.toChange(request)
    const { address } = await mailboxes.show(mailbox)
    const form = fieldsOf(request.body)
    const message = testMessageOf(address, form)
    const login = await loginOf(address, one(form, 'login') ?? '')
    const back = html`<p><a href="${pages.path('mailboxes', address)}">${t`Back to ${address}`}</a></p>`
    const page = pages.begin(response, { title: t`A test message to ${message.to}`, body: back, session })
    page.add(html`<ul class="cards" aria-live="polite">`)
    const begun = clock.monotonic()
    let last: ShownStep | undefined
    for await (const step of testSteps(message, login, sendTestMessage)) {
      page.add(shownStep(step, t))
      last = step
    }
    const milliseconds = Math.round(clock.monotonic() - begun)
    const about = { mailbox: address, sender: message.from, recipients: [message.to], milliseconds }
    const fields = { ...about, ...actorFields(by) }
    if (last?.step === 'message' && !last.failure)
      log.info({ event: 'test-message.sent', ...fields }, 'a test message was sent')
    else
      log.warn(
        { event: 'test-message.failed', ...fields, detail: last?.failure?.message },
        'a test message was not sent',
      )
    page.add(html`</ul>`)
    page.end()
  }
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
${active.length > 0 && html`<label>${t`As`} <select name="login"><option value="">${t`postern itself`}</option>${active.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label>`}
<button class="quiet">${t`Send, and show each step`}</button>`
  return html`<section>
<h2>${t`Send a test message`}</h2>
${form(context, ['mailboxes', address, 'test'], fields)}
</section>`
}

/** A step of a test message: of the delivery, or the check of the login before it. */
type ShownStep = Omit<StepOutcome, 'step'> & { step: TestMessageStep | 'login' }

const stepWords: Record<ShownStep['step'], Phrase> = {
  login: phrase('The login may send as this sender'),
  token: phrase('There is an access token'),
  name: phrase('The name of its mail server is found'),
  connect: phrase('The provider is reached'),
  tls: phrase('The connection is encrypted, and the certificate is right'),
  mechanism: phrase('It offers a sign-in by token'),
  'sign-in': phrase('The provider accepts us'),
  sender: phrase('It accepts the sender'),
  recipient: phrase('It accepts the recipient'),
  message: phrase('It has taken the message'),
}

/** One step: green, or red with what to do. */
function shownStep({ step, failure, said }: ShownStep, t: Phrases): Html {
  if (!failure)
    return html`<li class="card done"><strong>${t.say(stepWords[step])}</strong> <span class="state active">${t`yes`}</span>${said !== undefined && html`<br><code>${said}</code>`}</li>\n`
  const fix = t.fixOf(failure)
  return html`<li class="card mistake"><strong>${t.say(stepWords[step])}</strong> <span class="state lapsed">${t`no`}</span>
<p>${t.messageOf(failure)}</p>
${said !== undefined && html`<p>${t`The provider said: ${html`<code>${said}</code>`}`}</p>`}
${fix !== undefined && whatToDo(fix, t)}
</li>
`
}

/**
 * Reads the form of a test message.
 * @throws Failure `invalid`
 */
function testMessageOf(mailbox: Address, fields: Fields): { from: Address; to: Address } {
  const from = isDomainMailbox(mailbox) ? parseAddress(one(fields, 'from')?.trim() ?? '') : mailbox
  if (isDomainMailbox(mailbox) && !covers(mailbox, from))
    throw failure('page.sender-of-other-domain', { sender: printable(from), mailbox })
  const to = parseAddress(one(fields, 'to')?.trim() ?? '')
  for (const address of [from, to]) {
    if (/[^\x20-\x7e]/.test(address) || isDomainMailbox(address))
      throw failure('page.test-address', { address: printable(address) })
  }
  return { from, to }
}

/** The steps of a test message: first whether the login may use the sender, if one was chosen. */
async function* testSteps(
  { from, to }: { from: Address; to: Address },
  login: LoginStatus | 'gone' | undefined,
  sendTestMessage: SendTestMessage,
): AsyncGenerator<ShownStep> {
  if (login === 'gone' || (login && login.state !== 'active')) {
    yield { step: 'login', failure: failure('page.login-ended') }
    return
  }
  if (login) {
    const mailboxes = login.mailboxes.map((address) => ({ ...keyed(address), aliases: [] }))
    const verdict = mailboxForSender({ ...login, mailboxes, senders: login.senders.map(addressKey) }, from)
    if (!verdict.allowed) {
      const refusal = refusalWithAdvice(verdict.refusal, { login: login.id, mailboxes }, from)
      yield { step: 'login', failure: new Failure(refusal) }
      return
    }
    yield { step: 'login', said: login.userName }
  }
  yield* sendTestMessage(from, to)
}
