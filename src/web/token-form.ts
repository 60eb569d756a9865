import { createHash } from 'node:crypto'

const shape = /^[A-Za-z0-9_-]{43}$/

/** Whether it has the form of a `freshSecret`, which every URL and cookie can carry. */
export function isToken(text: string): boolean {
  return shape.test(text)
}

/** The form in which a token is remembered: looking it up tells nothing about a near miss, and a dump holds no token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
