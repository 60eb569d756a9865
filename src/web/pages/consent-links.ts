import type { Router } from 'express'
import type { ConsentLinkStatus } from '../../consent/consent-service.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { confirmation } from './form-parts.ts'
import { fieldsOf, mayChange, type PageContext, type PageContexts, readForm } from './page-context.ts'
import { askedBy, badge, type Condition, time } from './parts.ts'
import { type ListPart, pagingOf, partOf, searchOf, table } from './tables.ts'

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
      const all = await consent.links()
      const part = partOf(all, fieldsOf(request.query), ({ mailbox, requestedBy }) => [mailbox, requestedBy])
      const body = linkList(part, all.length, context)
      pages.send(response, { title: t`Consent links`, body, session, wide: true })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/consent-links/:id/revoke')
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      await consent.revokeLink(String(request.params.id), context.by)
      context.done(response, context.t`The link is revoked: it opens nothing any more.`, ['consent-links'])
    })
    .all(methodNotAllowed('POST'))

  return router
}

function linkList(part: ListPart<ConsentLinkStatus>, total: number, context: PageContext): Html {
  const { t, pages } = context
  const action = pages.path('consent-links')
  if (total === 0)
    return html`<p class="soft">${t`There is no consent link. The page of a mailbox makes one.`}</p>`
  return html`${searchOf(part, { action, label: t`Find a link`, total }, t)}
${part.shown.length > 0 && linkTable(part.shown, context)}
${pagingOf(part, action, t)}`
}

const states: Record<ConsentLinkStatus['state'], [Condition, Phrase]> = {
  open: ['warn', phrase('open')],
  used: ['good', phrase('used')],
  expired: ['off', phrase('expired')],
}

function linkTable(rows: readonly ConsentLinkStatus[], context: PageContext): Html {
  const { t, pages } = context
  return table<ConsentLinkStatus>({
    caption: t`Consent links`,
    rows,
    columns: [
      {
        title: t`Mailbox`,
        place: 'main',
        cell: ({ mailbox }) => html`<a href="${pages.path('mailboxes', mailbox)}">${mailbox}</a>`,
      },
      {
        title: t`State`,
        place: 'side',
        cell: ({ state }) => badge(states[state][0], t.say(states[state][1])),
      },
      { title: t`Requested by`, cell: ({ requestedBy }) => askedBy(requestedBy, t) },
      { title: t`Made`, cell: ({ createdAt }) => time(createdAt) },
      {
        title: t`Used or expires`,
        cell: ({ usedAt, expiresAt }) => time(usedAt ?? expiresAt),
      },
      ...(mayChange(context)
        ? [
            {
              title: t`Revoke`,
              place: 'action' as const,
              cell: (link: ConsentLinkStatus) => revocation(link, context),
            },
          ]
        : []),
    ],
  })
}

function revocation({ id, mailbox, state }: ConsentLinkStatus, context: PageContext): Html | undefined {
  if (state !== 'open') return undefined
  const { t } = context
  return confirmation(
    {
      ask: t`Revoke…`,
      label: t`Revoke the link for ${mailbox}`,
      question: t`Whoever has the link cannot use it any more. The page of the mailbox makes another one.`,
      answer: t`Revoke the link`,
      path: ['consent-links', id, 'revoke'],
    },
    context,
  )
}
