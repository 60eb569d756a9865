import { byId, type Failure, type Sentence, type SentenceById } from '../base/failure.ts'

/** What is looked at, in this order. */
export type DoctorStep =
  | 'settings'
  | 'data-directory'
  | 'key'
  | 'provider'
  | 'running'
  | 'redirect-uri'
  | 'certificate'
  | 'endpoint'
  | 'clock'
  | 'name'
  | 'connect'
  | 'tls'
  | 'mechanism'
  | 'client'
  | 'token'
  | 'claims'
  | 'sign-in'
  | 'sender'
  | 'held-back'
  | 'recipient'
  | 'message'

/**
 * How one step went: a sentence by its id, which is a failure of the catalogue or another text, and
 * the same in English. Field names are those of the API. Contains no secret.
 */
export interface Finding extends SentenceById {
  step: DoctorStep
  /** `unknown`: it could not be told, or is worth knowing; nothing is proven to be wrong. */
  outcome: 'good' | 'fault' | 'unknown'
  /** What was seen: one sentence, or a part of one. */
  what: string
  /** Each mistake. */
  details?: readonly string[]
  /** What the other side said. */
  said?: string
  /** What to do. */
  fix?: string
  /** How long the step took. */
  milliseconds: number
}

/** A finding; where nobody knows yet how long it took, that is the time since the one before it. */
export type Seen = Omit<Finding, 'milliseconds'> & { milliseconds?: number }

export function good(step: DoctorStep, seen: Sentence, said?: string): Seen {
  return { step, outcome: 'good', what: seen.message, ...byId(seen), ...(said !== undefined && { said }) }
}

export function unknown(step: DoctorStep, seen: Sentence): Seen {
  return { step, outcome: 'unknown', what: seen.message, ...byId(seen) }
}

export function fault(step: DoctorStep, found: Failure, said = found.said): Seen {
  const { message: what, fix } = found
  return {
    ...byId(found),
    step,
    outcome: 'fault',
    what,
    ...(said !== undefined && { said }),
    ...(fix !== undefined && { fix }),
  }
}
