import type { RequestHandler } from 'express'
import { HttpRefusal } from './http-refusal.ts'

/** For every other method of a path: 405, and `Allow` says which ones there are (RFC 9110, section 15.5.6). */
export function allowOnly(...methods: string[]): RequestHandler {
  return (request) => {
    throw new HttpRefusal(405, `${request.method} is not possible here`, {
      fix: `Use ${methods.join(' or ')}.`,
      headers: { Allow: methods.join(', ') },
    })
  }
}
