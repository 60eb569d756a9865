import { behaviours, misbehavesAt, type Stage, stages } from '../support/hostile-behaviours.ts'
import { answers, type HostileRow, playHostileRows } from '../support/hostile-rows.ts'
import { signal } from '../support/hostile-scripts.ts'

/** Each of another length, so that the log tells which of them ended it; long enough for a machine that is busy. */
const limits = {
  upstreamReplySeconds: 1.5,
  upstreamConnectSeconds: 1.6,
  upstreamDataStartSeconds: 1.7,
  upstreamAfterDotSeconds: 1.8,
}

const noReply = (seconds: number) => `no reply within ${seconds} seconds`
const reply = noReply(limits.upstreamReplySeconds)
const afterDot = noReply(limits.upstreamAfterDotSeconds)
const noTls = { answered: answers.laterSignIn, limit: reply }
const signIn = { answered: answers.laterSignIn, limit: reply, trusted: true as const }
const envelope = { answered: answers.retryRecipient, limit: reply, trusted: true as const }
const message = { answered: answers.nobodyKnows, trusted: true as const }

/** What the client hears of it, and the limit that ends a provider which goes on for ever. */
const expectations: [Stage, Pick<HostileRow, 'answered' | 'trusted'> & { limit?: string }][] = [
  [stages.greeting, noTls],
  [stages.ehlo, noTls],
  [stages.startTls, noTls],
  [stages.handshake, { ...noTls, limit: 'TLS took too long' }],
  [stages.ehloAgain, noTls],
  [stages.auth, signIn],
  [stages.challenge, signIn],
  [stages.mail, envelope],
  [stages.recipient, envelope],
  [
    stages.data,
    { answered: answers.retryMessage, limit: noReply(limits.upstreamDataStartSeconds), trusted: true },
  ],
  // The client may be slow with the rest, and what the provider says meanwhile may come in pieces.
  [stages.message, message],
  [stages.end, { ...message, limit: afterDot }],
  [stages.chunk, { ...message, limit: afterDot }],
  [stages.quit, { answered: answers.sent, trusted: true }],
]

const rows = expectations.flatMap(([stage, { limit, ...expected }]) =>
  behaviours.map((behaviour): HostileRow => {
    const reached = signal()
    const half = 'x'.repeat(70).concat('\r\n').repeat(1500)
    return {
      ...expected,
      what: `${behaviour.what} at ${stage.at}`,
      tls: 'starttls',
      script: misbehavesAt(stage, behaviour, reached.send),
      ...(behaviour.lasts && limit ? { logged: limit } : {}),
      // In the middle of a message the rest waits until the provider has shown what it is.
      ...(stage === stages.message ? { submission: { pieces: [half, reached.sent.then(() => half)] } } : {}),
    }
  }),
)

playHostileRows(rows, limits)
