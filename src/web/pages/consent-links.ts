import type { Router } from 'express'
import type { ConsentLinkStatus } from '../../consent/consent-service.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { form, mayChange, type PageContext, type PageContexts, readForm } from './page-context.ts'
import { askedBy, time } from './parts.ts'

export interface ConsentLinkPagesDeps {
  services: Pick<WebServices, 'consent'>
  contexts: PageContexts
}

/** The page that lists and revokes consent links. The page of a mailbox creates them. */
export function createConsentLinkPages({ services, contexts }: ConsentLinkPagesDeps): Router {
  const { consent } = services
  const router = exactRouter()

  router
    .route('/consent-links')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      const body = linkList(await consent.links(), context)
      pages.send(response, { title: t`Consent links`, body, session })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/consent-links/:id/revoke')
    .post(readForm, async (request, response) => {
      const { pages, by } = await contexts.toChange(request)
      await consent.revokeLink(String(request.params.id), by)
      response.redirect(303, pages.path('consent-links'))
    })
    .all(methodNotAllowed('POST'))

  return router
}

function linkList(links: readonly ConsentLinkStatus[], context: PageContext): Html {
  const { t } = context
  if (links.length === 0)
    return html`<p class="soft">${t`There is no consent link. The page of a mailbox makes one.`}</p>`
  return html`<ul class="cards">${links.map((link) => card(link, context))}</ul>`
}

const words: Record<ConsentLinkStatus['state'], Phrase> = {
  open: phrase('open'),
  used: phrase('used'),
  expired: phrase('expired'),
}

function card(link: ConsentLinkStatus, context: PageContext): Html {
  const { t, pages } = context
  const { id, mailbox, requestedBy, state, createdAt, expiresAt, usedAt } = link
  return html`<li class="card">
<h2><a href="${pages.path('mailboxes', mailbox)}">${mailbox}</a> <span class="state ${state === 'open' ? 'active' : ''}">${t.say(words[state])}</span></h2>
<dl>
<dt>${t`Asked by`}</dt><dd>${askedBy(requestedBy, t)}</dd>
<dt>${t`Made`}</dt><dd>${time(createdAt)}</dd>
<dt>${usedAt === undefined ? t`Ends` : t`Used`}</dt><dd>${time(usedAt ?? expiresAt)}</dd>
</dl>
${
  state === 'open' &&
  mayChange(context) &&
  form(
    context,
    ['consent-links', id, 'revoke'],
    html`<button class="quiet" aria-label="${t`Revoke the link for ${mailbox}`}">${t`Revoke`}</button>`,
  )
}
</li>
`
}
