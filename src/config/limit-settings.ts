import type { Limits } from '../model/limits.ts'
import { type Setting, setting, wholeNumber } from './setting.ts'

/** Every limit and time-out. Times in seconds, sizes in octets. */
export const limitSettings = {
  commandLineOctets: octets(
    'POSTERN_COMMAND_LINE_OCTETS',
    4096,
    512,
    'The longest command line that the SMTP server reads.',
  ),
  authLineOctets: octets(
    'POSTERN_AUTH_LINE_OCTETS',
    12_288,
    512,
    'The longest line that it reads during a sign-in (RFC 4954 names the default).',
  ),
  messageOctets: octets(
    'POSTERN_MESSAGE_OCTETS',
    0,
    0,
    'The largest message that is let through; 0 leaves the limit to the providers.',
  ),
  recipientsPerMessage: count('POSTERN_RECIPIENTS_PER_MESSAGE', 1000, 'The most recipients of one message.'),
  badCommands: count(
    'POSTERN_BAD_COMMANDS',
    20,
    'After so many bad commands since the last message that was accepted a connection is closed.',
  ),
  signInFailures: count(
    'POSTERN_SIGN_IN_FAILURES',
    5,
    'After so many failed sign-ins a connection is closed.',
  ),
  signInSeconds: seconds(
    'POSTERN_SIGN_IN_SECONDS',
    60,
    'How long a client may take from connecting to the end of its sign-in, in all.',
  ),
  idleSeconds: seconds('POSTERN_IDLE_SECONDS', 300, 'How long a signed-in client may be silent.'),
  connections: count('POSTERN_CONNECTIONS', 10_000, 'The most SMTP connections at a time.'),
  connectionsPerLoopbackSource: count(
    'POSTERN_CONNECTIONS_PER_LOOPBACK_SOURCE',
    1000,
    'The most SMTP connections at a time from one address of this machine.',
  ),
  strangersOnLoopback: count(
    'POSTERN_STRANGERS_ON_LOOPBACK',
    100,
    'The most of them that have not signed in, from all addresses of this machine together.',
  ),
  connectionsPerSource: count(
    'POSTERN_CONNECTIONS_PER_SOURCE',
    20,
    'The most SMTP connections at a time from one other address (IPv6: from one /64).',
  ),
  unauthenticatedPerSource: count(
    'POSTERN_UNAUTHENTICATED_PER_SOURCE',
    32,
    'The most connections from one source that have not signed in within a second of coming; one more ends the oldest of them.',
  ),
  webConnections: count('POSTERN_WEB_CONNECTIONS', 1000, 'The most HTTP connections at a time.'),
  webConnectionsPerLoopbackSource: count(
    'POSTERN_WEB_CONNECTIONS_PER_LOOPBACK_SOURCE',
    200,
    'The most HTTP connections at a time from one address of this machine, a reverse proxy among them.',
  ),
  webConnectionsPerSource: count(
    'POSTERN_WEB_CONNECTIONS_PER_SOURCE',
    100,
    'The most HTTP connections at a time from one other address (IPv6: from one /64).',
  ),
  webUnauthenticatedPerSource: count(
    'POSTERN_WEB_UNAUTHENTICATED_PER_SOURCE',
    50,
    'The most HTTP connections from one source that have shown neither a valid key nor a session within a second of coming; one more ends the oldest of them.',
  ),
  greetingWaitMilliseconds: setting(
    'POSTERN_GREETING_WAIT_MILLISECONDS',
    '200',
    wholeNumber(0, 10_000),
    'How long the greeting waits where there is a certificate, and for other machines: a client that begins with TLS is recognised, one that talks too early is refused.',
  ),
  messageSeconds: seconds(
    'POSTERN_MESSAGE_SECONDS',
    3600,
    'How long one message may take from DATA to its end, in all: who drips it holds a connection to the provider.',
  ),
  drainSeconds: seconds(
    'POSTERN_DRAIN_SECONDS',
    30,
    'How long the rest of a refused message is read before the connection is closed.',
  ),
  bufferOctets: octets(
    'POSTERN_BUFFER_OCTETS',
    65_536,
    4096,
    'How much is held for one side of a connection before the other side has to wait.',
  ),
  guessWindowSeconds: seconds(
    'POSTERN_GUESS_WINDOW_SECONDS',
    900,
    'Over how long wrong passwords, API keys and links are counted, and how long a source is turned away after too many.',
  ),
  guessesPerSource: count(
    'POSTERN_GUESSES_PER_SOURCE',
    20,
    'After so many different wrong ones a source (IPv6: a /64) is turned away.',
  ),
  guessesPerName: count(
    'POSTERN_GUESSES_PER_NAME',
    10,
    'After so many wrong passwords for one user name, sources that never signed in with it have to wait.',
  ),
  guessesInAll: count(
    'POSTERN_GUESSES_IN_ALL',
    300,
    'After so many wrong passwords from anywhere, all sources that never signed in have to wait.',
  ),
  guessDelaySeconds: seconds('POSTERN_GUESS_DELAY_SECONDS', 3, 'How long they wait for each answer.'),
  leaseWaitSeconds: seconds(
    'POSTERN_LEASE_WAIT_SECONDS',
    20,
    'How long a message waits for a free connection to the provider before the client is told to try again.',
  ),
  shortWaitSeconds: seconds(
    'POSTERN_SHORT_WAIT_SECONDS',
    8,
    'How long it waits where nothing suggests that its client is patient (it sends no commands in groups, as mail servers do, and has not waited for longer before): appliances hang up after 5 to 10 seconds. When the wait is known to be longer the answer comes at once; as high as POSTERN_LEASE_WAIT_SECONDS, it makes no difference.',
  ),
  clientTurnSeconds: seconds(
    'POSTERN_CLIENT_TURN_SECONDS',
    15,
    'How long a client may hold a connection to the provider without its next command while others wait for one; from DATA on it keeps it.',
  ),
  upstreamConnectSeconds: seconds(
    'POSTERN_UPSTREAM_CONNECT_SECONDS',
    10,
    'How long connecting to a provider may take, TLS included.',
  ),
  upstreamReplySeconds: seconds(
    'POSTERN_UPSTREAM_REPLY_SECONDS',
    30,
    'How long a provider may take for its greeting and for each reply.',
  ),
  upstreamReplyLineOctets: octets(
    'POSTERN_UPSTREAM_REPLY_LINE_OCTETS',
    8192,
    512,
    'The longest line of a reply that is read from a provider.',
  ),
  upstreamReplyOctets: octets(
    'POSTERN_UPSTREAM_REPLY_OCTETS',
    131_072,
    512,
    'The longest reply that is read from a provider.',
  ),
  upstreamReplyLines: count(
    'POSTERN_UPSTREAM_REPLY_LINES',
    1000,
    'The most lines of one reply that are read from a provider.',
  ),
  upstreamDataStartSeconds: seconds(
    'POSTERN_UPSTREAM_DATA_START_SECONDS',
    120,
    'How long a provider may take to answer DATA (RFC 5321, section 4.5.3.2).',
  ),
  upstreamAfterDotSeconds: seconds(
    'POSTERN_UPSTREAM_AFTER_DOT_SECONDS',
    600,
    'How long a provider may take to answer the end of a message (RFC 5321, section 4.5.3.2).',
  ),
  upstreamIdleSeconds: seconds(
    'POSTERN_UPSTREAM_IDLE_SECONDS',
    60,
    'How long an unused connection to a provider is kept for the next message.',
  ),
  upstreamAgeSeconds: seconds(
    'POSTERN_UPSTREAM_AGE_SECONDS',
    1800,
    'How old a connection to a provider may become: an older one ends after its message.',
  ),
  tokenRequestSeconds: seconds(
    'POSTERN_TOKEN_REQUEST_SECONDS',
    10,
    'How long one request at a token endpoint may take, in all.',
  ),
  wholeLoginSeconds: seconds(
    'POSTERN_WHOLE_LOGIN_SECONDS',
    30,
    'How long a sign-in may take with all that it needs: token, connection, sign-in at the provider.',
  ),
  consentSeconds: seconds(
    'POSTERN_CONSENT_SECONDS',
    600,
    'How long a person may take at the pages of the provider.',
  ),
  consentLinkSeconds: seconds('POSTERN_CONSENT_LINK_SECONDS', 86_400, 'How long a consent link can be used.'),
  renewalSeconds: seconds(
    'POSTERN_RENEWAL_SECONDS',
    86_400,
    'How long a grant may stay unused before it is renewed all the same, so that its provider does not end it.',
  ),
  reminderSeconds: seconds(
    'POSTERN_REMINDER_SECONDS',
    86_400,
    'How long until a notice of a consent that is still missing, or of a trouble that lasts, is sent again.',
  ),
  journalDays: setting(
    'POSTERN_JOURNAL_DAYS',
    '90',
    wholeNumber(1, 3650),
    'For how many days the journal keeps what happened.',
  ),
  approvalSeconds: setting(
    'POSTERN_APPROVAL_SECONDS',
    '86400',
    wholeNumber(60, 86_400),
    'How long a message that needs approval waits for a person, up to a day.',
  ),
  heldMessages: setting(
    'POSTERN_HELD_MESSAGES',
    '20',
    wholeNumber(1, 500),
    'How many messages of one login or API key wait for approval at a time.',
  ),
  heldOctets: setting(
    'POSTERN_HELD_OCTETS',
    String(10 * 1024 * 1024),
    wholeNumber(1024, 64 * 1024 * 1024),
    'The largest message that waits for approval.',
  ),
  shutdownSeconds: seconds(
    'POSTERN_SHUTDOWN_SECONDS',
    25,
    'How long messages under way may take to finish when postern is told to stop.',
  ),
} satisfies { [Name in keyof Limits]: Setting<number> }

function count(name: string, byDefault: number, sentence: string): Setting<number> {
  return setting(name, String(byDefault), wholeNumber(1, 1_000_000), sentence)
}

function octets(name: string, byDefault: number, least: number, sentence: string): Setting<number> {
  return setting(name, String(byDefault), wholeNumber(least, 2 ** 40), sentence)
}

function seconds(name: string, byDefault: number, sentence: string): Setting<number> {
  // Node's timers hold milliseconds in 31 bits; a longer one would fire at once.
  return setting(name, String(byDefault), wholeNumber(1, 2_147_483), sentence)
}
