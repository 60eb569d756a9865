import type { Request, Response, Router } from 'express'
import type { LoginStatus } from '../../credentials/logins.ts'
import type { MailboxRequest, RemovedMailbox } from '../../mailboxes/mailboxes.ts'
import type { Address } from '../../model/address.ts'
import { helpOf } from '../../providers/errors/explained.ts'
import type { Catalogue } from '../../providers/provider.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { errorSection, refusalOf, whatToDo } from './error-page.ts'
import { sendContinuePage } from './layout.ts'
import { createdLink, mailboxDetails, providerName, providerOf, sentLink } from './mailbox-details.ts'
import { chooseMailboxes, mailboxList } from './mailbox-list.ts'
import {
  type Fields,
  fieldsOf,
  form,
  isAnyFilled,
  lines,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { theAdministrator } from './parts.ts'
import type { StartConsent } from './start-consent.ts'

interface MailboxPagesDeps {
  services: Pick<WebServices, 'mailboxes' | 'logins' | 'catalogue' | 'consent' | 'notices'>
  /** Absent when consents have another address than these pages: a consent link leads there. */
  startConsent?: StartConsent | undefined
  contexts: PageContexts
  redirectUri: string
}

/** The pages about mailboxes. */
export function createMailboxPages(deps: MailboxPagesDeps): Router {
  const { services, startConsent, contexts, redirectUri } = deps
  const { mailboxes, logins, catalogue, consent, notices } = services
  const router = exactRouter()

  router
    .route('/')
    .get((request, response) => list(request, response))
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/mailboxes/new')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { t, session, pages } = context
      const body = newMailboxForm(catalogue, fieldsOf(request.query), context)
      pages.send(response, { title: t`Add a mailbox`, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/mailboxes')
    .post(readForm, async (request, response) => {
      await add(response, await contexts.toChange(request), fieldsOf(request.body))
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
      const { t, session, pages } = context
      const body = removedMailbox(await mailboxes.remove(String(request.params.address), context.by), context)
      pages.send(response, { title: t`Removed`, body, session })
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
      const { t, session, pages } = context
      const link = await consent.createLink(String(request.params.address), theAdministrator, context.by)
      const body = createdLink(link, context)
      pages.send(response, { title: t`A consent link`, body, session, copying: true })
    })
    .all(methodNotAllowed('POST'))

  router
    .route('/mailboxes/:address/sent-consent-links')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const { t, session, pages } = context
      const sent = await notices.sendConsentLink(String(request.params.address), theAdministrator)
      pages.send(response, { title: t`A consent link was sent`, body: sentLink(sent, context), session })
    })
    .all(methodNotAllowed('POST'))

  return router

  async function list(request: Request, response: Response): Promise<void> {
    const context = await contexts.toSee(request)
    const { t, session, pages } = context
    const query = fieldsOf(request.query)
    const text = one(query, 'find')?.trim() ?? ''
    const all = await mailboxes.list()
    const choice = chooseMailboxes(all, text, Number(one(query, 'from') ?? 0))
    const view = { choice, total: all.length, text, catalogue, redirectUri }
    pages.send(response, { title: t`Mailboxes`, body: mailboxList(view, context), session, live: true })
  }

  async function show(request: Request, response: Response, address: string): Promise<void> {
    const context = await contexts.toSee(request)
    const { session, pages } = context
    const mailbox = await mailboxes.show(address)
    const { reason } = mailbox
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
      lastSend: mailbox.lastSentAt,
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
        { title: t`Tried now`, body: errorSection(refusal, t, back), session },
        refusal.status,
      )
    }
  }

  /** On an error, the form comes again with the error above it and with what was filled in. */
  async function add(response: Response, context: PageContext, filled: Fields): Promise<void> {
    const { t, session, pages } = context
    try {
      const { address } = await mailboxes.add(mailboxRequestOf(filled), context.by)
      response.redirect(303, pages.path('mailboxes', address))
    } catch (error) {
      const refusal = refusalOf(error)
      const body = html`${errorSection(refusal, t)}${newMailboxForm(catalogue, filled, context)}`
      pages.send(response, { title: t`Add a mailbox`, body, session }, refusal.status)
    }
  }
}

/** The form for a new mailbox, with the registered providers to choose from. */
function newMailboxForm(catalogue: Catalogue, filled: Fields, context: PageContext): Html {
  const { t, pages } = context
  const registered = catalogue.list().filter((entry) => entry.registered)
  if (registered.length === 0)
    return html`<section><p>${t`There is no app registration at any provider yet.`} <a href="${pages.path()}">${t`Choose one, and register an app there first.`}</a></p></section>`
  const chosen = one(filled, 'provider')
  return form(
    context,
    ['mailboxes'],
    html`<section>
<label>${t`Address`} <input name="address" required maxlength="254" autocomplete="off" placeholder="billing@example.com" value="${one(filled, 'address') ?? ''}"></label>
<label>${t`Provider`} <select name="provider">${registered.map(({ provider: { id, name } }) => html`<option value="${id}"${id === chosen && html` selected`}>${name}</option>`)}</select></label>
<label class="choice"><input type="checkbox" name="appOnly" value="yes"${one(filled, 'appOnly') === 'yes' && html` checked`}> ${t`nobody consents: the app itself may send (for a whole domain, write *@example.com)`}</label>
</section>
<details${isAnyFilled(filled, ['signsInAs', 'saslUser', 'aliases']) && html` open`}>
<summary>${t`More: a shared mailbox, other addresses`}</summary>
<label>${t`Who signs in, when not the mailbox itself`} <input name="signsInAs" maxlength="254" autocomplete="off" value="${one(filled, 'signsInAs') ?? ''}"></label>
<label>${t`The mail server's name for whoever signs in, when that is not their address (such as a UPN)`} <input name="saslUser" maxlength="254" autocomplete="off" value="${one(filled, 'saslUser') ?? ''}"></label>
<label>${t`Other addresses that the provider accepts from it, one on each line`} <textarea name="aliases" rows="3">${one(filled, 'aliases') ?? ''}</textarea></label>
</details>
<p><button>${t`Add the mailbox`}</button></p>`,
  )
}

function mailboxRequestOf(filled: Fields): MailboxRequest {
  const signsInAs = one(filled, 'signsInAs')?.trim()
  const saslUser = one(filled, 'saslUser')?.trim()
  const aliases = lines(filled, 'aliases')
  return {
    address: one(filled, 'address')?.trim() ?? '',
    provider: one(filled, 'provider') ?? '',
    ...(signsInAs && { signsInAs }),
    ...(saslUser && { saslUser }),
    ...(aliases.length > 0 && { aliases }),
    ...(one(filled, 'appOnly') === 'yes' && { appOnly: true }),
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
<p>${t`Its grant goes with it, and is ended at the provider, where that can be.`}</p>
${gone.length > 0 && html`<p>${t`These logins have no other mailbox, and end:`}</p><ul>${gone.map(({ name, userName }) => html`<li>${name} (${userName})</li>`)}</ul>`}
${form(context, ['mailboxes', address, 'remove'], html`<button>${t`Remove ${address}`}</button>`)}
<p><a href="${pages.path('mailboxes', address)}">${t`Keep it`}</a></p>
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
  { t, pages }: PageContext,
): Html {
  return html`<section class="done">
<p>${t`${html`<strong>${removed}</strong>`} is removed.`} ${t.say(outcomes[revocation])}</p>
${advice !== undefined && whatToDo(adviceText ? t.messageOf({ ...adviceText, message: advice }) : advice, t)}
<p><a href="${pages.path()}">${t`Back to the mailboxes`}</a></p>
</section>`
}
