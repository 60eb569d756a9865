import type { Request, Response, Router } from 'express'
import type { Explanation } from '../../diagnosis/explain.ts'
import type { MailboxStatus } from '../../mailboxes/mailboxes.ts'
import { type Address, covers } from '../../model/address.ts'
import type { Words } from '../../providers/errors/known-error.ts'
import { type Html, html } from '../html.ts'
import { exactRouter, methodNotAllowed } from '../routing.ts'
import { type Phrase, phrase } from '../texts/phrases.ts'
import type { WebServices } from '../web-services.ts'
import { conditionBadge, explanationOf } from './mailbox-details.ts'
import { fieldsOf, form, one, type PageContext, type PageContexts, readForm } from './page-context.ts'

interface ExplainPagesDeps {
  services: Pick<WebServices, 'mailboxes'>
  contexts: PageContexts
}

/**
 * The page that explains a pasted error. The text is looked at in memory, and is neither shown again
 * nor logged: people paste whole addresses with their codes.
 */
export function createExplainPages({ services, contexts }: ExplainPagesDeps): Router {
  const router = exactRouter()

  router
    .route('/explain')
    .get(async (request, response) => {
      const context = await contexts.toFill(request)
      const { pages, session } = context
      pages.send(response, { ...pageOf(html`${textForm(context)}`, context), session })
    })
    .post(readForm, (request, response) => explainText(request, response))
    .all(methodNotAllowed('GET', 'HEAD', 'POST'))

  return router

  async function explainText(request: Request, response: Response): Promise<void> {
    const context = await contexts.toChange(request)
    const text = one(fieldsOf(request.body), 'text') ?? ''
    // Loaded only now: with the catalogue of all errors.
    const { elsewhere, explain, mailboxIn } = await import('../../diagnosis/explain.ts')
    const here = await named((isHere) => mailboxIn(text, isHere))
    const values = here && { mailbox: here.address, provider: here.provider }
    const explanation = explain(text, values)
    const answer = explanation
      ? explanationSection(explanation, here, context)
      : unknownSection(elsewhere(text), context)
    context.show(response, pageOf(html`${answer}${textForm(context)}`, context))
  }

  /** The mailbox here that the text is about. */
  async function named(
    find: (isHere: (address: Address) => boolean) => Address | undefined,
  ): Promise<MailboxStatus | undefined> {
    const known = await services.mailboxes.addresses()
    const isHere = (one: Address) => known.some((mailbox) => covers(mailbox, one))
    const address = find(isHere)
    return address === undefined || !isHere(address) ? undefined : services.mailboxes.show(address)
  }
}

function pageOf(body: Html, { t }: PageContext): { title: Html; body: Html } {
  return { title: t`What an error means`, body }
}

function textForm(context: PageContext): Html {
  const { t } = context
  const fields = html`<label>${t`What was said: a log line, a reply, a bounce, the address that a browser ended at`} <textarea name="text" rows="6" required maxlength="30000" spellcheck="false" autocomplete="off"></textarea></label>
<button>${t`Explain it`}</button>`
  return html`<section>
${form(context, ['explain'], fields)}
<p class="soft">${t`The text is kept nowhere, and not shown again.`}</p>
</section>`
}

const whoWords: Record<Explanation['kind']['who'], Phrase> = {
  administrator: phrase('An administrator at the provider can repair it.'),
  person: phrase('Whoever consents for the mailbox can repair it.'),
  operator: phrase('Whoever runs postern, or the program that sends, can repair it.'),
  sender: phrase('Whoever sets up the program that sends, or sends with it, can repair it.'),
  time: phrase('It passes.'),
  nobody: phrase('It passes.'),
}

const confidenceWords: Record<Explanation['confidence'], Phrase> = {
  documented: phrase('documented'),
  reported: phrase('as several people report it'),
  'from-memory': phrase('not checked against a document'),
}

function explanationSection(
  { meaning, fix, kind, confidence, sources, toFill }: Explanation,
  here: MailboxStatus | undefined,
  context: PageContext,
): Html {
  const { t } = context
  return html`<section class="mistake">
<p><strong>${meaning[t.language]}</strong></p>
<p>${t.say(whoWords[kind.who])}</p>
${here && hereLine(here, context)}
</section>
<section>
<h2>${t`What to do`}</h2>
<ol>${fix.map(
    ({ words, command }) => html`<li>${words[t.language]}
${command && html`<pre tabindex="0" data-copy>${command.text}</pre>`}</li>
`,
  )}</ol>
${toFill.map((words) => html`<p>${words[t.language]}</p>`)}
<p class="soft">${t`Known: ${t.say(confidenceWords[confidence])}.`} ${sources.join('; ')}</p>
</section>`
}

function hereLine(mailbox: MailboxStatus, { t, pages }: PageContext): Html {
  return html`<p><a href="${pages.path('mailboxes', mailbox.address)}">${mailbox.address}</a> ${conditionBadge(mailbox.condition, t)} ${explanationOf(mailbox, mailbox.provider, t)}</p>`
}

function unknownSection(look: readonly Words[], { t }: PageContext): Html {
  return html`<section class="mistake">
<p>${t`Nothing in this text is known to postern. Where to look:`}</p>
<ul>${look.map((words) => html`<li>${words[t.language]}</li>`)}</ul>
</section>`
}
