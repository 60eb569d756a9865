/** Times in seconds unless the name says otherwise, sizes in octets. */
export interface Limits {
  commandLineOctets: number
  authLineOctets: number
  /** 0: only the providers' own limit. */
  messageOctets: number
  recipientsPerMessage: number
  badCommands: number
  signInFailures: number
  signInSeconds: number
  idleSeconds: number
  connections: number
  connectionsPerLoopbackSource: number
  strangersOnLoopback: number
  connectionsPerSource: number
  unauthenticatedPerSource: number
  webConnections: number
  webConnectionsPerLoopbackSource: number
  webConnectionsPerSource: number
  webUnauthenticatedPerSource: number
  greetingWaitMilliseconds: number
  messageSeconds: number
  drainSeconds: number
  bufferOctets: number
  guessWindowSeconds: number
  guessesPerSource: number
  guessesPerName: number
  guessesInAll: number
  guessDelaySeconds: number
  leaseWaitSeconds: number
  shortWaitSeconds: number
  clientTurnSeconds: number
  upstreamConnectSeconds: number
  upstreamReplySeconds: number
  upstreamReplyLineOctets: number
  upstreamReplyOctets: number
  upstreamReplyLines: number
  upstreamDataStartSeconds: number
  upstreamAfterDotSeconds: number
  upstreamIdleSeconds: number
  upstreamAgeSeconds: number
  tokenRequestSeconds: number
  wholeLoginSeconds: number
  consentSeconds: number
  consentLinkSeconds: number
  /** An idle grant is renewed at least so often. */
  renewalSeconds: number
  /** Until a notice that is not solved is sent again. */
  reminderSeconds: number
  /** How long the journal keeps its entries. */
  journalDays: number
  /** A message that needs a person's approval waits so long. */
  approvalSeconds: number
  /** So many of one login or API key. */
  heldMessages: number
  /** No larger ones. */
  heldOctets: number
  shutdownSeconds: number
}
