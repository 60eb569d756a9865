import type { Peer } from '../support/peer.ts'
import type { Outcome } from '../support/run-program.ts'

/** A program or a library as the legacy software. All of them know PLAIN, LOGIN and CRAM-MD5. */
export interface Client {
  name: string
  /** Absent: it comes with `npm install`. */
  needs?: Peer
  /** How it can present an API key, as other servers' access tokens. */
  bearers: readonly Bearer[]
  /** It sends the message that it is given, octet for octet; otherwise it composes one or adds to it. */
  verbatim: boolean
  send(task: Task): Promise<Outcome>
}

export type Bearer = 'XOAUTH2' | 'OAUTHBEARER'

export const securities = ['plain', 'STARTTLS', 'implicit TLS'] as const
export type Security = (typeof securities)[number]

export interface Task {
  /** On `localhost`, which is 127.0.0.1. */
  port: number
  security: Security
  /** A PEM file with the only authority that the client is to trust. */
  caFile: string
  /** Absent: the client does not sign in. */
  signIn?: SignIn
  sender: string
  recipient: string
  message: Buffer
  /** For files of its own. */
  folder: string
}

export interface SignIn {
  mechanism: 'PLAIN' | 'LOGIN' | 'CRAM-MD5' | Bearer
  user: string
  secret: string
}
