import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../base/secret.ts'

const shape = /^[A-Za-z0-9_-]{43}$/

/** 256 random bits as base64url: nobody guesses it, and every URL and cookie can carry it. */
export function randomToken(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}

export function isToken(text: string): boolean {
  return shape.test(text)
}

/** The form in which a token is remembered: looking it up tells nothing about a near miss, and a dump holds no token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
