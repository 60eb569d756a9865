import type { Request, Response, Router } from 'express'
import type { Clock } from '../../base/clock.ts'
import type { LoginStatus } from '../../credentials/logins.ts'
import type { RemovedMailbox } from '../../mailboxes/mailboxes.ts'
import type { Address } from '../../model/address.ts'
import { helpOf } from '../../providers/errors/explained.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { refusalOf } from './error-page.ts'
import { refusedSignIns } from './journal-entries.ts'
import { sendContinuePage } from './layout.ts'
import {
  createdLink,
  deliveredWords,
  mailboxDetails,
  providerName,
  providerOf,
  sentLink,
} from './mailbox-details.ts'
import { chooseMailboxes, mailboxList, mailboxQueryOf } from './mailbox-list.ts'
import { overviewAbove, overviewBelow } from './overview.ts'
import { fieldsOf, form, type PageContext, type PageContexts, readForm, several } from './page-context.ts'
import { theAdministrator } from './parts.ts'
import { type SetUpServices, setUpSection, setUpState } from './set-up.ts'
import type { StartConsent } from './start-consent.ts'
import { loginsBeside } from './test-message.ts'

interface MailboxPagesDeps {
  services: Pick<WebServices, 'approvals' | 'consent' | 'notices' | 'journal' | 'smtp'> & SetUpServices
  /** Absent when consents have another address than these pages: a consent link leads there. */
  startConsent?: StartConsent | undefined
  contexts: PageContexts
  clock: Pick<Clock, 'now'>
}

/** The pages about mailboxes. */
export function createMailboxPages(deps: MailboxPagesDeps): Router {
  const { services, startConsent, contexts, clock } = deps
  const { mailboxes, logins, catalogue, consent, notices, journal, smtp } = services
  const router = exactRouter()

  router
    .route('/')
    .get((request, response) => list(request, response))
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/mailboxes/sent-consent-links')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await sendLinks(response, context, several(fieldsOf(request.body), 'mailbox'))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/test-notices')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { t } = context
      try {
        const deliveries = await notices.sendTest(context.by.name, context.by)
        context.done(response, html`${t`A test notice was sent:`} ${deliveredWords(deliveries, t)}`, [])
      } catch (error) {
        context.failed(response, error, [])
      }
    })
    .all(methodNotAllowed('POST'))

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
      const removed = await mailboxes.remove(String(request.params.address), context.by)
      context.done(response, removedMailbox(removed, context), [])
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  router
    .route('/mailboxes/:address')
    .get((request, response) => show(request, response, request.params.address))
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/mailboxes/:address/tries')
    .post(readForm, async (request, response) => {
      await tryNow(response, await contexts.toChange(request), String(request.params.address))
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/mailboxes/:address/consent')
    .post(readForm, async (request, response) => {
      const { t, session, pages, by } = await contexts.toChange(request)
      const mailbox = String(request.params.address)
      if (startConsent) return await startConsent(request, response, { mailbox, session: session.id })
      const link = await consent.createLink(mailbox, theAdministrator, by)
      sendContinuePage(response, pages, new URL(link.url), t`Connect ${link.mailbox}`)
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/mailboxes/:address/consent-links')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const link = await consent.createLink(String(request.params.address), theAdministrator, context.by)
      context.show(response, { title: context.t`A consent link`, body: createdLink(link, context) })
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/mailboxes/:address/sent-consent-links')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const address = await mailboxes.named(String(request.params.address))
      try {
        const sent = await notices.sendConsentLink(address, theAdministrator)
        context.done(response, sentLink(sent, context), ['mailboxes', address])
      } catch (error) {
        context.failed(response, error, ['mailboxes', address])
      }
    })
    .all(methodNotAllowed('POST'))

  return router

  async function list(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const now = clock.now()
    const [all, dayOf, week, last, refused, waiting] = await Promise.all([
      mailboxes.list(),
      journal.activity('day'),
      journal.activity('week'),
      journal.list({ limit: 8 }),
      refusedSignIns(journal, now),
      services.approvals.waiting(),
    ])
    const { channels } = notices
    const view = {
      mailboxes: all,
      activity: { day: dayOf, week },
      events: last.entries,
      refused,
      ...{ smtp: smtp(), channels, catalogue, waiting, now },
    }
    const choice = chooseMailboxes(all, mailboxQueryOf(fieldsOf(request.query)))
    const body = html`${setUpSection(await setUpState(services, all), context)}
${all.length > 0 && overviewAbove(view, context)}
${mailboxList({ choice, catalogue, canSend: channels.length > 0 }, context)}
${overviewBelow(view, context)}`
    pages.send(response, { title: t`Overview`, body, session, wide: true })
  }

  /** One for each of the chosen; what could not be sent is said with the others. */
  async function sendLinks(
    response: Response,
    context: PageContext,
    chosen: readonly string[],
  ): Promise<void> {
    const { t } = context
    const failures: Html[] = []
    for (const mailbox of chosen) {
      try {
        await notices.sendConsentLink(mailbox, theAdministrator)
      } catch (error) {
        const { failure } = refusalOf(error)
        failures.push(html`<br>${mailbox}: ${t.messageOf(failure)}`)
      }
    }
    const sent = chosen.length - failures.length
    const words =
      chosen.length === 0
        ? t`No mailbox was chosen.`
        : html`${t`${sent} of ${chosen.length} consent links were sent.`}${failures}`
    if (sent === chosen.length && sent > 0) context.done(response, words, [])
    else context.doneInPart(response, words, [])
  }

  async function show(request: Request, response: Response, address: string): Promise<void> {
    const context = await contexts.toSee(request)
    const { session, pages } = context
    const mailbox = await mailboxes.show(address)
    const last = mailbox.condition === 'failing' ? mailbox.lastOutcome : undefined
    // A failure of ours has its fix with it; a refusal is the provider's words.
    const reason = mailbox.reason ?? (last?.outcome === 'refused' ? last.said : undefined)
    const view = {
      mailbox,
      ...(reason !== undefined && {
        help: await helpOf(
          reason,
          { mailbox: mailbox.address, provider: mailbox.provider },
          providerOf(catalogue, mailbox.provider)?.errorFamily,
        ),
      }),
      providerName: providerName(catalogue, mailbox.provider),
      canSend: notices.channels.length > 0,
      logins: await loginsBeside(logins, mailbox),
    }
    pages.send(response, { title: mailbox.address, body: mailboxDetails(view, context), session })
  }

  async function tryNow(response: Response, context: PageContext, named: string): Promise<void> {
    const { address } = await mailboxes.show(named)
    const path = ['mailboxes', address]
    try {
      await mailboxes.tryNow(address, context.by)
      const words = context.t`The provider lets ${html`<strong>${address}</strong>`} in.`
      context.done(response, words, path)
    } catch (error) {
      context.failed(response, error, path)
    }
  }
}

/** The question before a mailbox is removed: what is removed with it. */
function removalQuestion(
  { address, logins }: { address: Address; logins: readonly LoginStatus[] },
  context: PageContext,
): Html {
  const { t, pages } = context
  const gone = logins.filter(({ mailboxes, state }) => mailboxes.length === 1 && state !== 'revoked')
  return html`<section class="mistake">
<p>${t`postern forgets its access and, where supported, revokes it at the provider.`}</p>
${gone.length > 0 && html`<p>${t`These logins have no other mailbox, and end:`}</p><ul>${gone.map(({ name, userName }) => html`<li>${name} (${userName})</li>`)}</ul>`}
<p><a href="${pages.path('mailboxes', address)}">${t`Keep it`}</a></p>
${form(context, ['mailboxes', address, 'remove'], html`<button class="danger">${t`Remove ${address}`}</button>`)}
</section>`
}

const outcomes: Record<RemovedMailbox['revocation'], Phrase> = {
  revoked: phrase('The consent has ended at the provider, too.'),
  nothing: phrase('There was no consent to end at the provider.'),
  kept: phrase('The consent lives on at the provider, because another mailbox may live on it.'),
  unsupported: phrase('The provider has no way to end a consent from here.'),
  failed: phrase('The consent could not be ended at the provider.'),
}

function removedMailbox(
  { removed, revocation, advice, adviceText }: RemovedMailbox,
  { t }: PageContext,
): Html {
  return html`${t`${html`<strong>${removed}</strong>`} is removed.`} ${t.say(outcomes[revocation])}${advice !== undefined && html` ${adviceText ? t.messageOf({ ...adviceText, message: advice }) : advice}`}`
}
