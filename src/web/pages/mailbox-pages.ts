import express, { Router } from 'express'
import type { ConsentService } from '../../consent/service.ts'
import type { Mailboxes } from '../../mailboxes/services.ts'
import type { Notices } from '../../notices/service.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { providerDetails } from '../../providers/provider-status.ts'
import { allowOnly } from '../allow-only.ts'
import type { Sessions } from '../sessions.ts'
import { checkCsrf } from '../sessions.ts'
import type { BeginConsent } from './begin-consent.ts'
import { mailboxList } from './mailbox-list-page.ts'
import { createdLink, mailboxDetails, sentLink } from './mailbox-page.ts'
import { providerName } from './mailbox-state.ts'
import type { PageSender } from './page.ts'
import { providerPage } from './provider-page.ts'

export interface MailboxPagesParts {
  mailboxes: Mailboxes
  catalogue: Catalogue
  consent: ConsentService
  notices: Pick<Notices, 'channels' | 'sendConsentLink'>
  beginConsent: BeginConsent
  sessions: Sessions
  pages: PageSender
  redirectUri: string
}

/** The administrator's pages. Each asks for a session first, and each form for the session's token. */
export function createMailboxPages(parts: MailboxPagesParts): Router {
  const { mailboxes, catalogue, consent, notices, beginConsent, sessions, pages, redirectUri } = parts
  const router = Router()
  const readForm = express.urlencoded({ extended: false, limit: '64kb' })

  router
    .route('/')
    .get(async (request, response) => {
      const session = sessions.require(request)
      const body = mailboxList({ mailboxes: await mailboxes.list(), catalogue, pages, redirectUri })
      pages.send(response, { title: 'Mailboxes', body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/:address')
    .get(async (request, response) => {
      const session = sessions.require(request)
      const mailbox = await mailboxes.show(request.params.address)
      const body = mailboxDetails({
        mailbox,
        providerName: providerName(catalogue, mailbox.provider),
        session,
        pages,
        canSend: notices.channels.length > 0,
      })
      pages.send(response, { title: mailbox.address, body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/:address/consent')
    .post(readForm, async (request, response) => {
      checkCsrf(sessions.require(request), request.body)
      await beginConsent(request, response, { mailbox: request.params.address })
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/consent-links')
    .post(readForm, async (request, response) => {
      const session = sessions.require(request)
      checkCsrf(session, request.body)
      const link = await consent.createLink(request.params.address, 'the administrator')
      pages.send(response, { title: 'A consent link', body: createdLink(link, pages), session })
    })
    .all(allowOnly('POST'))

  router
    .route('/providers/:id')
    .get((request, response) => {
      const session = sessions.require(request)
      const details = providerDetails(catalogue, request.params.id, { redirectUri })
      pages.send(response, { title: details.name, body: providerPage(details), session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/:address/sent-consent-links')
    .post(readForm, async (request, response) => {
      const session = sessions.require(request)
      checkCsrf(session, request.body)
      const sent = await notices.sendConsentLink(request.params.address, 'the administrator')
      pages.send(response, { title: 'A consent link was sent', body: sentLink(sent, pages), session })
    })
    .all(allowOnly('POST'))

  return router
}
