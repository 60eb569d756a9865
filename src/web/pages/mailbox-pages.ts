import type { Request, Response, Router } from 'express'
import { addressKey } from '../../base/address.ts'
import type { MailboxStatus } from '../../mailboxes/services.ts'
import { allowOnly } from '../allow-only.ts'
import { exactRouter } from '../exact-router.ts'
import { html } from '../html.ts'
import { phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import type { BeginConsent } from './begin-consent.ts'
import { continueAt } from './continue-at.ts'
import { type Fields, fieldsOf, one, readForm } from './form-fields.ts'
import { chooseMailboxes } from './mailbox-choice.ts'
import { mailboxList } from './mailbox-list-page.ts'
import { createdLink, mailboxDetails, sentLink } from './mailbox-page.ts'
import { providerName } from './mailbox-state.ts'
import { mistakeSection, refusalOf } from './mistake-page.ts'
import { mailboxRequestOf, newMailboxForm } from './new-mailbox-page.ts'
import type { PageContext, PageContexts } from './page-context.ts'
import { removalQuestion, removedMailbox } from './remove-mailbox-page.ts'

export interface MailboxPagesParts {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'catalogue' | 'consent' | 'notices' | 'journal'>
  /** Absent: people consent at another address than that of these pages, and need a link for it. */
  beginConsent?: BeginConsent | undefined
  contexts: PageContexts
  redirectUri: string
}

// Who asks for a consent, as its page says it.
const asker = phrase('the administrator')

/** The pages about mailboxes. */
export function createMailboxPages(parts: MailboxPagesParts): Router {
  const { services, beginConsent, contexts, redirectUri } = parts
  const { mailboxes, logins, catalogue, consent, notices, journal } = services
  const router = exactRouter()

  router
    .route('/')
    .get((request, response) => list(request, response))
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/new')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = newMailboxForm(catalogue, fieldsOf(request.query), context)
      pages.send(response, { title: t`Add a mailbox`, body, session })
    })
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes')
    .post(readForm, async (request, response) => {
      await add(response, await contexts.toChange(request), fieldsOf(request.body))
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/remove')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const { address } = await mailboxes.show(request.params.address)
      const body = removalQuestion({ address, logins: await logins.list(address) }, context)
      pages.send(response, { title: t`Remove ${address}?`, body, session })
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { t, session, pages } = context
      const body = removedMailbox(await mailboxes.remove(String(request.params.address), context.by), context)
      pages.send(response, { title: t`Removed`, body, session })
    })
    .all(allowOnly('GET', 'HEAD', 'POST'))

  router
    .route('/mailboxes/:address')
    .get((request, response) => show(request, response, request.params.address))
    .all(allowOnly('GET', 'HEAD'))

  router
    .route('/mailboxes/:address/tries')
    .post(readForm, async (request, response) => {
      await tryNow(response, await contexts.toChange(request), String(request.params.address))
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/consent')
    .post(readForm, async (request, response) => {
      const { t, pages, by } = await contexts.toChange(request)
      const mailbox = String(request.params.address)
      if (beginConsent) return await beginConsent(request, response, { mailbox })
      const link = await consent.createLink(mailbox, asker, by)
      continueAt(response, pages, new URL(link.url), t`Connect ${link.mailbox}`)
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/consent-links')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { t, session, pages } = context
      const link = await consent.createLink(String(request.params.address), asker, context.by)
      const body = createdLink(link, context)
      pages.send(response, { title: t`A consent link`, body, session, copying: true })
    })
    .all(allowOnly('POST'))

  router
    .route('/mailboxes/:address/sent-consent-links')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { t, session, pages } = context
      const sent = await notices.sendConsentLink(String(request.params.address), asker)
      pages.send(response, { title: t`A consent link was sent`, body: sentLink(sent, context), session })
    })
    .all(allowOnly('POST'))

  return router

  async function list(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const query = fieldsOf(request.query)
    const text = one(query, 'find')?.trim() ?? ''
    const all = await mailboxes.list()
    const choice = chooseMailboxes(all, text, Number(one(query, 'from') ?? 0))
    const shown = await Promise.all(choice.shown.map(withSending))
    const lastSends = await journal.lastSends()
    const view = { choice: { ...choice, shown }, total: all.length, text, catalogue, redirectUri, lastSends }
    pages.send(response, { title: t`Mailboxes`, body: mailboxList(view, context), session, live: true })
  }

  /** As it is in the list, if it was removed meanwhile. */
  function withSending(mailbox: MailboxStatus): Promise<MailboxStatus> {
    return mailboxes.show(mailbox.address).catch(() => mailbox)
  }

  async function show(request: Request, response: Response, address: string): Promise<void> {
    const context = await contexts.toSee(request)
    const { session, pages } = context
    const mailbox = await mailboxes.show(address)
    const view = {
      mailbox,
      providerName: providerName(catalogue, mailbox.provider),
      lastSend: (await journal.lastSends()).get(addressKey(mailbox.address)),
      canSend: notices.channels.length > 0,
      logins: await logins.list(mailbox.coveredBy ?? mailbox.address),
    }
    pages.send(response, { title: mailbox.address, body: mailboxDetails(view, context), session })
  }

  async function tryNow(response: Response, context: PageContext, named: string): Promise<void> {
    const { t, session, pages } = context
    const { address } = await mailboxes.show(named)
    const back = html`<p><a href="${pages.path('mailboxes', address)}">${t`Back to ${address}`}</a></p>`
    try {
      await mailboxes.tryNow(address, context.by)
      const body = html`<section class="done"><p>${t`The provider lets ${html`<strong>${address}</strong>`} in.`}</p>${back}</section>`
      pages.send(response, { title: t`Tried now`, body, session })
    } catch (error) {
      const refusal = refusalOf(error)
      pages.send(
        response,
        { title: t`Tried now`, body: mistakeSection(refusal, t, back), session },
        refusal.status,
      )
    }
  }

  /** What is wrong with a form is said above it, and what was filled in stays. */
  async function add(response: Response, context: PageContext, filled: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const { address } = await mailboxes.add(mailboxRequestOf(filled), context.by)
      response.redirect(303, pages.path('mailboxes', address))
    } catch (error) {
      const refusal = refusalOf(error)
      const body = html`${mistakeSection(refusal, t)}${newMailboxForm(catalogue, filled, context)}`
      pages.send(response, { title: t`Add a mailbox`, body, session }, refusal.status)
    }
  }
}
