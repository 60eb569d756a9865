import type { SessionTrace } from '../traces/traces.ts'
import type { Next, SessionEvent, Step } from './session-events.ts'

/** Tells a trace what the session answers, and what it waits for next. */
export function traceStep(trace: SessionTrace, { replies, next }: Step): void {
  for (const reply of replies) trace.said(reply)
  if (next.do === 'sign-in') trace.signsIn(next.credentials.userName)
  else if (next.do === 'begin') trace.waitsFor([next.mailbox.key])
}

/**
 * Tells a trace what has happened; undefined: the connection is over. Returns the trace as long as
 * anybody wants it.
 */
export function traceEvent(
  trace: SessionTrace,
  next: Next,
  event: SessionEvent | undefined,
): SessionTrace | undefined {
  trace.waitsFor([])
  if (event === undefined) trace.over(endings[next.do] ?? 'the client closed the connection')
  else noteEvent(trace, event)
  return trace.isWanted ? trace : undefined
}

const endings: Partial<Record<Next['do'], string>> = {
  close: 'postern closed the connection',
  'start-tls': 'TLS did not come about',
}

function noteEvent(trace: SessionTrace, event: SessionEvent): void {
  switch (event.kind) {
    case 'line':
      trace.heard(event.line)
      return
    case 'line-too-long':
      trace.note('the client sent a line that is too long')
      return
    case 'line-forbidden':
      trace.note('the client sent a line with octets that no command has')
      return
    case 'signed-in':
      trace.signsIn(event.submitter.userName)
      trace.note(`signed in as ${event.submitter.userName}`)
      return
    case 'failed':
      trace.note(`refused: ${event.failure.code}`)
      return
    case 'message-over':
      if (event.outcome.kind === 'cut') trace.note(`the message was cut off: ${event.outcome.cut}`)
      else if (event.outcome.kind === 'failed') trace.note(`not sent: ${event.outcome.failure.code}`)
      return
    case 'timed-out':
      trace.note(event.late ? 'the client has not signed in in time' : 'the client was silent for too long')
      return
    case 'shutting-down':
      trace.note('postern is stopping')
      return
    case 'encrypted':
    case 'run-ended':
    case 'recipients-answered':
    case 'promised':
  }
}
