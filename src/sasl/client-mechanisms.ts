import type { Exchange } from './exchange.ts'
import { loginExchange } from './login.ts'
import { plainExchange } from './plain.ts'

/** What old clients may sign in with, in the order in which EHLO names them. */
export const clientMechanisms: ReadonlyMap<string, () => Exchange> = new Map([
  ['PLAIN', plainExchange],
  ['LOGIN', loginExchange],
])
