import { type Address, addressKey, printable } from '../base/address.ts'
import type { Trouble } from './breaker.ts'

/** Whose transaction it is. */
export interface Origin {
  sender: Address | ''
  login: string
  /** Absent: postern itself. */
  source?: string | undefined
}

export function whose({ login, source }: Origin): Pick<Trouble, 'login' | 'source'> {
  return { login, ...(source !== undefined && { source }) }
}

/** A login at one source. */
export function programOf({ login, source = '' }: Pick<Origin, 'login' | 'source'>): string {
  return `${source}\n${login}`
}

export function programWith(address: string, origin: Origin): string {
  return `${addressKey(address)}\n${programOf(origin)}`
}

/** For people. */
export function shown(sender: string, limit = 80): string {
  return sender === '' ? 'the empty sender' : printable(sender, limit)
}

export const sendAsAdvice =
  'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).'
