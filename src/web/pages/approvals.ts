import type { Request, Router } from 'express'
import type { Approvals, HeldStatus } from '../../approvals/approvals.ts'
import { Failure } from '../../base/failure.ts'
import { printable } from '../../base/text.ts'
import type { HeldState } from '../../model/held-message.ts'
import { type Html, type HtmlValue, html } from '../html.ts'
import { type CountWrongSecret, sourceKey } from '../request-source.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, type Phrases, phrase, phrasesFor } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { refusalOf } from './error-page.ts'
import type { PageSender } from './layout.ts'
import {
  fieldsOf,
  form,
  mayChange,
  one,
  type PageContext,
  type PageContexts,
  readForm,
} from './page-context.ts'
import { badge, type Condition, octets, time } from './parts.ts'
import { type ListPart, pagingOf, partOf, searchOf, table } from './tables.ts'

interface ApprovalPagesDeps {
  services: Pick<WebServices, 'approvals'>
  contexts: PageContexts
}

/** Messages that wait for a person: the list, and one of them with Send and Refuse. */
export function createApprovalPages({ services, contexts }: ApprovalPagesDeps): Router {
  const opened = () => services.approvals.opened()
  const router = exactRouter()

  router
    .route('/approvals')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      const all = await (await opened()).list()
      const part = partOf(all, fieldsOf(request.query), wordsOf)
      pages.send(response, {
        title: t`Approvals`,
        body: list(part, all.length, context),
        session,
        wide: true,
      })
    })
    .all(methodNotAllowed('GET', 'HEAD'))

  router
    .route('/approvals/:id')
    .get(async (request, response) => {
      const context = await contexts.toSee(request)
      const { t, session, pages } = context
      const held = await (await opened()).show(request.params.id)
      const decide =
        held.state === 'waiting' &&
        mayChange(context) &&
        form(context, ['approvals', held.id], decisionButtons(t))
      const back = html`<p><a href="${pages.path('approvals')}">${t`All messages`}</a></p>`
      const body = html`${details(held, t)}${decide}${back}`
      pages.send(response, { title: t.say(titles[held.state]), body, session })
    })
    .post(readForm, async (request, response) => {
      const context = await contexts.toChange(request)
      const path = ['approvals', request.params.id]
      try {
        const decided = await decide(await opened(), request, { id: request.params.id, by: context.by })
        const words = doneWords(decided, context.t)
        if (decided.state === 'sent' || decided.state === 'refused') context.done(response, words, path)
        else context.doneInPart(response, words, path)
      } catch (error) {
        context.failed(response, error, path)
      }
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router
}

interface ApprovalLinkPagesDeps {
  approvals: WebServices['approvals']
  pages: PageSender
  countWrong: CountWrongSecret
}

/**
 * The page behind the link of a notice: whoever has the link may decide, and needs no session. Looking
 * at it does nothing, because programs that check mail open every link.
 */
export function createApprovalLinkPages({ approvals, pages, countWrong }: ApprovalLinkPagesDeps): Router {
  const router = exactRouter()

  router
    .route('/approve/:link')
    .get(async (request, response) => {
      const { link } = request.params
      const { held } = await find(request, link)
      const t = phrasesFor(request)
      const asks = held.state === 'waiting'
      const body = asks
        ? html`${details(held, t)}<form method="post" action="${pages.path('approve', link)}">${decisionButtons(t)}</form>`
        : html`<section><p>${stateWords(held, t)} ${t`You may close this page.`}</p></section>`
      pages.send(response, { title: t.say(titles[held.state]), body })
    })
    .post(readForm, async (request, response) => {
      const { link } = request.params
      const { open, held } = await find(request, link)
      const by = { name: 'approval link', source: sourceKey(request) }
      try {
        await decide(open, request, { id: held.id, by })
      } catch (error) {
        // What became of it is on the page.
        refusalOf(error)
      }
      response.redirect(303, pages.path('approve', link))
    })
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  async function find(request: Request, link: string): Promise<{ open: Approvals; held: HeldStatus }> {
    const open = await approvals.opened()
    try {
      return { open, held: await open.ofLink(link) }
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') countWrong(request, link, 'link')
      throw error
    }
  }
}

async function decide(
  approvals: Approvals,
  request: Request,
  { id, by }: { id: string; by: Parameters<Approvals['approve']>[1] },
): Promise<HeldStatus> {
  const decision = one(fieldsOf(request.body), 'decision')
  if (decision === 'approve') return approvals.approve(id, by)
  if (decision === 'refuse') return approvals.refuse(id, by)
  return approvals.show(id)
}

/** One form with both: what was pressed is what is done. */
function decisionButtons(t: Phrases): Html {
  return html`<p class="actions"><button name="decision" value="approve">${t`Send`}</button>
<button name="decision" value="refuse" class="danger">${t`Refuse`}</button></p>`
}

const titles: Record<HeldState, Phrase> = {
  waiting: phrase('Send this message?'),
  sending: phrase('The message is being sent'),
  sent: phrase('The message was sent'),
  refused: phrase('The message was refused'),
  expired: phrase('The message was not approved in time'),
  failed: phrase('The message could not be sent'),
  unknown: phrase('It is not known whether the message was sent'),
}

const states: Record<HeldState, [Condition, Phrase]> = {
  waiting: ['warn', phrase('waits')],
  sending: ['warn', phrase('on its way')],
  sent: ['good', phrase('sent')],
  refused: ['off', phrase('refused')],
  expired: ['off', phrase('not approved in time')],
  failed: ['bad', phrase('not sent')],
  unknown: ['bad', phrase('not known')],
}

function stateWords({ state, decidedBy }: HeldStatus, t: Phrases): Html {
  if (state === 'sending') return t`Somebody has approved it. Look again in a moment.`
  if (state === 'sent') return t`Its provider has taken it.`
  if (state === 'unknown' && decidedBy === undefined)
    return t`It waited when the backup was made that postern was restored from. Look in the mailbox before it is sent anew.`
  if (state === 'unknown')
    return t`postern or its provider fell silent in the middle. Look in the mailbox before it is sent anew.`
  return t`It is deleted, and was not sent.`
}

function doneWords(held: HeldStatus, t: Phrases): Html {
  return html`${t.say(titles[held.state])}. ${held.state === 'waiting' ? undefined : stateWords(held, t)}`
}

/** So many are shown one by one. */
const mostRecipients = 100

/** What a person decides by: never the text of the message, which stays sealed. */
function details(held: HeldStatus, t: Phrases): Html {
  const { userName, sender, from, recipients, subject, createdAt, endsAt, decidedBy, reply, failure } = held
  const more = recipients.length - mostRecipients
  const shown = recipients.slice(0, mostRecipients).map((one) => html`${printable(one, 254)}<br>`)
  const facts: [HtmlValue, HtmlValue][] = [
    [t`By`, printable(userName, 200)],
    [t`From`, sender === '' ? html`<code>&lt;&gt;</code>` : printable(sender, 254)],
    [t`Sender that is shown`, from !== undefined && !isSender(from, sender) && from],
    [t`To`, html`${shown}${more > 0 && t`and ${more} more`}`],
    [t`Recipients`, recipients.length > 1 && recipients.length],
    [t`Subject`, subject ?? html`<span class="soft">${t`none`}</span>`],
    [t`Size`, octets(held.octets)],
    [t`Came`, time(createdAt)],
    [t`Waits until`, held.state === 'waiting' && time(endsAt)],
    [t`Decided by`, decidedBy !== undefined && printable(decidedBy, 254)],
    [t`Provider's answer`, reply && html`<code>${reply.code} ${printable(reply.text, 300)}</code>`],
    [t`Not sent because`, failure && t.keptMessage(failure.id, failure.message)],
  ]
  return html`<section>
<dl>${facts.map(([name, value]) => value !== undefined && value !== false && html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`
}

/** Whoever reads the message may be shown another sender, or just a name. */
function isSender(from: string, sender: string): boolean {
  const shown = from.toLowerCase()
  return [sender, `<${sender}>`].some((one) => one.toLowerCase() === shown)
}

function wordsOf({ id, userName, sender, recipients, subject = '' }: HeldStatus): string[] {
  return [id, userName, sender, subject, ...recipients]
}

function list(part: ListPart<HeldStatus>, total: number, context: PageContext): Html {
  const { t, pages } = context
  const action = pages.path('approvals')
  if (total === 0)
    return html`<p class="soft">${t`No message waits. Messages of logins and API keys that need approval are shown here, for a day.`}</p>`
  return html`${searchOf(part, { action, label: t`Find a message`, total }, t)}
${part.shown.length > 0 && messageTable(part.shown, context)}
${pagingOf(part, action, t)}`
}

function messageTable(rows: readonly HeldStatus[], { t, pages }: PageContext): Html {
  return table<HeldStatus>({
    caption: t`Messages that need approval`,
    rows,
    liveId: 'approval-list',
    columns: [
      {
        title: t`Subject`,
        place: 'main',
        cell: ({ id, subject }) =>
          html`<a href="${pages.path('approvals', id)}">${subject === undefined ? t`(no subject)` : printable(subject, 100)}</a>`,
      },
      {
        title: t`State`,
        place: 'side',
        cell: ({ state }) => badge(states[state][0], t.say(states[state][1])),
      },
      { title: t`By`, cell: ({ userName }) => printable(userName, 60) },
      { title: t`From`, cell: ({ sender }) => printable(sender, 100) },
      { title: t`To`, cell: ({ recipients }) => recipientsOf(recipients, t) },
      { title: t`Size`, cell: (one) => octets(one.octets), isNumber: true },
      { title: t`Came`, cell: ({ createdAt }) => time(createdAt) },
    ],
  })
}

function recipientsOf([first = '', ...others]: readonly string[], t: Phrases): Html {
  return html`${printable(first, 100)}${others.length > 0 && html` ${t`and ${others.length} more`}`}`
}

/** For the overview: how many wait, where any do. */
export function waitingWords(waiting: number, t: Phrases): Html {
  return waiting === 1 ? t`1 message waits for approval` : t`${waiting} messages wait for approval`
}
