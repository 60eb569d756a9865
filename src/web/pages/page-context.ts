import express, { type Request } from 'express'
import type { Actor } from '../../base/log.ts'
import { type Html, html } from '../html.ts'
import { sourceKey } from '../request-source.ts'
import { checkChange, requireAdministrator, type Session, type Sessions } from '../sessions.ts'
import { type Phrases, phrasesFor } from '../texts/phrases.ts'
import type { PageSender } from './layout.ts'

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

/** Reads a form, of which nothing is large. */
export const readForm = express.urlencoded({ extended: false, limit: '64kb' })

/** The same for a name and a password of anybody: thousands of them are not to take memory. */
export const readShortForm = express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 })

/** A form as it came: `application/x-www-form-urlencoded`, where a name may come more than once. */
export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(body: unknown): Fields {
  return typeof body === 'object' && body !== null ? (body as Fields) : {}
}

/** The last value of a field; undefined when it did not come. */
export function one(fields: Fields, name: string): string | undefined {
  return several(fields, name).at(-1)
}

export function several(fields: Fields, name: string): string[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string')
}

/** The lines of a text field that are not empty. */
export function lines(fields: Fields, name: string): string[] {
  const text = one(fields, name) ?? ''
  return text
    .split(/[\r\n,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Whether somebody filled in one of them: then they are not hidden when the form comes again. */
export function isAnyFilled(fields: Fields, names: readonly string[]): boolean {
  return names.some((name) => (one(fields, name) ?? '').trim() !== '')
}
