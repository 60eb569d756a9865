import type { Request } from 'express'
import type { Actor } from '../../base/log.ts'
import { type Html, html } from '../html.ts'
import { checkChange, requireAdministrator, type Session, type Sessions } from '../sessions.ts'
import { sourceKey } from '../source-key.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import type { PageSender } from './page.ts'

/** What the pages of somebody who is signed in are made with. */
export interface PageContext {
  session: Session
  t: Phrases
  pages: PageSender
  /** Who changes something here, for those who look at it later. */
  by: Actor
}

export interface PageContexts {
  /** @throws HttpRefusal 401 */
  toSee(request: Request): Promise<PageContext>
  /** To fill in a form: @throws HttpRefusal 401, and 403 to a viewer */
  toFill(request: Request): Promise<PageContext>
  /** For a form that came: @throws HttpRefusal 401, and 403 as `checkChange` */
  toChange(request: Request): Promise<PageContext>
}

export function createPageContexts(sessions: Sessions, pages: PageSender): PageContexts {
  const toSee = async (request: Request) => {
    const session = await sessions.require(request)
    return { session, t: phrasesFor(request), pages, by: actorOf(session, request) }
  }
  return {
    toSee,
    async toFill(request) {
      const context = await toSee(request)
      requireAdministrator(context.session)
      return context
    },
    async toChange(request) {
      const context = await toSee(request)
      checkChange(context.session, request.body)
      return context
    },
  }
}

function actorOf({ role, person }: Session, request: Request): Actor {
  return { name: person ?? role, source: sourceKey(request) }
}

/** A form of this session. */
export function form({ session, pages }: PageContext, path: readonly string[], body: Html): Html {
  return html`<form method="post" action="${pages.path(...path)}">
<input type="hidden" name="csrf" value="${session.csrf.reveal()}">
${body}
</form>`
}

export function mayChange({ session }: PageContext): boolean {
  return session.role === 'administrator'
}
