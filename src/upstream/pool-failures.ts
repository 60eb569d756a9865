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

export function tooManyWait(): Failure {
  return new Failure('limit-reached', 'Too many messages wait for this mailbox already', {
    fix: 'Try again; if it happens often, send less at a time or spread it over more mailboxes.',
    retryAfterSeconds: 10,
  })
}
