import type { Request, Response, Router } from 'express'
import type { Address } from '../../base/address.ts'
import type { Clock } from '../../base/clock.ts'
import { actorFields, type Log } from '../../base/log.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import type { WebServices } from '../web-services.ts'
import { fieldsOf, one, readForm } from './form-fields.ts'
import type { PageContexts } from './page-context.ts'
import { testMessageOf, testSteps } from './test-message.ts'
import { type ShownStep, shownStep } from './test-message-page.ts'

export interface TestMessagePagesParts {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'rehearse'>
  contexts: PageContexts
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/** A test message, whose steps are shown as they are taken. */
export function createTestMessagePages({ services, contexts, clock, log }: TestMessagePagesParts): Router {
  const { mailboxes, logins, rehearse } = services
  const router = exactRouter()

  router
    .route('/mailboxes/:address/test')
    .post(readForm, (request, response) => sendTest(request, response, String(request.params.address)))
    .all(allowOnly('POST'))

  return router

  /** Empty: no login, postern itself. */
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
    for await (const step of testSteps(message, login, rehearse)) {
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
