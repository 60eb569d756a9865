import type { Actor } from '../../base/log.ts'
import type { Principal } from '../../mailboxes/services.ts'
import type { Scope } from '../../store/ports.ts'

/** One operation of the API, as data: the table of these is the API. */
export interface ApiRoute {
  method: 'GET' | 'POST' | 'DELETE'
  /** Below `/api/v1`, as express writes it. */
  path: string
  needs: Need
  answer(call: ApiCall): Promise<ApiAnswer> | ApiAnswer
}

/** The right that an operation asks for; `token` is the right to the tokens of the mailbox in the path. `admin` may do everything. */
export type Need = 'read' | 'admin' | 'token'

/** What a request asks, once it is known who asks and that they may. */
export interface ApiCall {
  principal: Principal
  /** Who asks, for those who look at it later. */
  by: Actor
  /** Who asks, with what they may do by now: what was waited for may have taken a while. @throws HttpRefusal */
  principalNow(): Promise<Principal>
  /** The named piece of the path, decoded. */
  param(name: string): string
  query: unknown
  /** The parsed JSON; undefined when the request had no body. */
  body: unknown
  /** Plain text is preferred to JSON. */
  prefersText: boolean
}

export interface ApiAnswer {
  status?: number
  /** Sent as JSON, or as plain text when it is a string. */
  body?: object | string
  /** Path below `/api/v1` of what was made. */
  location?: string
}

/** The scope that an operation needs for the mailbox in its path. */
export function scopeFor(need: Need, address: string): Scope {
  return need === 'token' ? `token:${address}` : need
}
