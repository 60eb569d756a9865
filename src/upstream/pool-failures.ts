import { Failure } from '../base/failure.ts'

export function closedAtOnce(): Failure {
  return new Failure('provider-unavailable', 'The provider closed the connection right after the sign-in', {
    fix: 'Try again later.',
  })
}

export function allBusy(seconds: number): Failure {
  return new Failure(
    'limit-reached',
    `All connections that the provider allows were in use for ${seconds} seconds`,
    { fix: 'Try again; if it happens often, send less at a time or spread it over more mailboxes.' },
  )
}

export function tooMany(seconds: number): Failure {
  return new Failure('limit-reached', `The provider's limits let no message leave for ${seconds} seconds`, {
    fix: 'Try again; if it happens often, send more slowly or spread it over more mailboxes.',
  })
}

export function tooSlow(seconds: number): Failure {
  return new Failure('provider-unavailable', `The provider gave no connection within ${seconds} seconds`, {
    fix: 'Try again later.',
  })
}

/** Foreseen, so nobody has waited yet. @param wait at least, in seconds */
export function tooLong(wait: number): Failure {
  return new Failure(
    'limit-reached',
    `The provider's limits let this message leave in ${wait} seconds at the earliest, and its client is not known to wait for so long`,
    {
      fix: 'Try again; if its programs wait longer for an answer, raise POSTERN_SHORT_WAIT_SECONDS.',
      retryAfterSeconds: wait,
      told: `The provider takes no more messages for ${wait} seconds, try again then`,
    },
  )
}

export function tooManyWait(): Failure {
  return new Failure('limit-reached', 'Too many messages wait for this mailbox already', {
    fix: 'Try again; if it happens often, send less at a time or spread it over more mailboxes.',
    retryAfterSeconds: 10,
  })
}
