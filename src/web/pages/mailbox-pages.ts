import type { Response } from 'express'
import express, { Router } from 'express'
import { Failure } from '../../base/failure.ts'
import { providerDetails } from '../../providers/provider-status.ts'
import { allowOnly } from '../allow-only.ts'
import { errorAnswer } from '../http-refusal.ts'
import type { Session, Sessions } from '../sessions.ts'
import { checkChange } from '../sessions.ts'
import type { WebServices } from '../web-services.ts'
import type { BeginConsent } from './begin-consent.ts'
import { type Fields, fieldsOf, one } from './form-fields.ts'
import { html } from './html.ts'
import { mailboxList } from './mailbox-list-page.ts'
import { createdLink, mailboxDetails, sentLink } from './mailbox-page.ts'
import { providerName } from './mailbox-state.ts'
import { mistakeSection } from './mistake-page.ts'
import { mailboxRequestOf, newMailboxForm } from './new-mailbox-page.ts'
import type { PageSender } from './page.ts'
import { providerPage } from './provider-page.ts'
import { removalQuestion, removedMailbox } from './remove-mailbox-page.ts'
import { testMessageOf, testSteps } from './test-message.ts'
import { shownStep } from './test-message-page.ts'

export interface MailboxPagesParts {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'catalogue' | 'consent' | 'notices' | 'rehearse'>
  beginConsent: BeginConsent
  sessions: Sessions
  pages: PageSender
  redirectUri: string
}

/** The administrator's pages. Each asks for a session first, and each form for the session's token. */
export function createMailboxPages(parts: MailboxPagesParts): Router {
  const { services, beginConsent, sessions, pages, redirectUri } = parts
  const { mailboxes, logins, catalogue, consent, notices } = services
  const router = Router()
  const readForm = express.urlencoded({ extended: false, limit: '64kb' })

  router
    .route('/')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      const body = mailboxList({
        mailboxes: await mailboxes.list(),
        catalogue,
        session,
        pages,
        redirectUri,
      })
      pages.send(response, { title: 'Mailboxes', body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/new')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      const body = newMailboxForm({ catalogue, filled: fieldsOf(request.query), session, pages })
      pages.send(response, { title: 'Add a mailbox', body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes')
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      await add(response, session, fieldsOf(request.body))
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/test')
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      const { address } = await mailboxes.show(request.params.address)
      const fields = fieldsOf(request.body)
      const message = testMessageOf(address, fields)
      const login = (await logins.list(address)).find(({ id }) => id === one(fields, 'login'))
      const back = html`<p><a href="${pages.path('mailboxes', address)}">Back to ${address}</a></p>`
      const page = pages.begin(response, { title: `A test message to ${message.to}`, body: back, session })
      page.add(html`<ul class="cards" aria-live="polite">`)
      for await (const step of testSteps(message, login, services.rehearse)) page.add(shownStep(step))
      page.add(html`</ul>`)
      page.end()
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/remove')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      const { address } = await mailboxes.show(request.params.address)
      const question = { address, logins: await logins.list(address) }
      pages.send(response, {
        title: `Remove ${address}?`,
        body: removalQuestion(question, session, pages),
        session,
      })
    })
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      const removed = await mailboxes.remove(request.params.address)
      pages.send(response, { title: 'Removed', body: removedMailbox(removed, pages), session })
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/mailboxes/:address')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      const mailbox = await mailboxes.show(request.params.address)
      const body = mailboxDetails({
        mailbox,
        providerName: providerName(catalogue, mailbox.provider),
        session,
        pages,
        canSend: notices.channels.length > 0,
        logins: await logins.list(mailbox.coveredBy ?? mailbox.address),
      })
      pages.send(response, { title: mailbox.address, body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/:address/consent')
    .post(readForm, async (request, response) => {
      checkChange(await sessions.require(request), request.body)
      await beginConsent(request, response, { mailbox: request.params.address })
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/consent-links')
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      const link = await consent.createLink(request.params.address, 'the administrator')
      pages.send(response, { title: 'A consent link', body: createdLink(link, pages), session })
    })
    .all(allowOnly('POST'))

  router
    .route('/providers/:id')
    .get(async (request, response) => {
      const session = await sessions.require(request)
      const details = providerDetails(catalogue, request.params.id, { redirectUri })
      pages.send(response, { title: details.name, body: providerPage(details), session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/:address/sent-consent-links')
    .post(readForm, async (request, response) => {
      const session = await sessions.require(request)
      checkChange(session, request.body)
      const sent = await notices.sendConsentLink(request.params.address, 'the administrator')
      pages.send(response, { title: 'A consent link was sent', body: sentLink(sent, pages), session })
    })
    .all(allowOnly('POST'))

  return router

  /** What is wrong with a form is said above it, and what was filled in stays. */
  async function add(response: Response, session: Session, filled: Fields): Promise<void> {
    try {
      const { address } = await mailboxes.add(mailboxRequestOf(filled))
      response.redirect(303, pages.path('mailboxes', address))
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'internal') throw error
      const answer = errorAnswer(error)
      const body = html`${mistakeSection(answer)}${newMailboxForm({ catalogue, filled, session, pages })}`
      pages.send(response, { title: 'Add a mailbox', body, session }, answer.status)
    }
  }
}
