import type { FailureEntries } from './entry.ts'

/** The provider's mail server, and what postern lets leave for it. */
export const upstreamFailures = {
  'upstream.name-unknown': {
    code: 'provider-unavailable',
    message: 'The connection to {host} failed: {reason}',
    fix: 'Check how the host name is written, and the name servers (DNS) of this machine.',
  },
  'upstream.name-unanswered': {
    code: 'provider-unavailable',
    message: 'The connection to {host} failed: {reason}',
    fix: 'Check the name servers (DNS) of this machine: they do not answer for this name.',
  },
  'upstream.too-many-names': {
    code: 'provider-unavailable',
    message: 'The connection to {host} failed: {reason}',
    fix: 'Check the name servers (DNS) of this machine: more names wait for them than they answer.',
  },
  'upstream.refused-to-connect': {
    code: 'provider-unavailable',
    message: 'The connection to {host} failed: {reason}',
    fix: 'Check host and port: nobody listens there, or a firewall refuses.',
  },
  'upstream.unreachable': {
    code: 'provider-unavailable',
    message: 'The connection to {host} failed: {reason}',
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  },
  'upstream.no-tls': {
    code: 'provider-setup',
    message: 'TLS with {host} failed ({reason})',
    fix: 'Check the port and the TLS mode of the provider: "implicit" (usually port 465) or "starttls" (usually 587). TLS 1.2 is the least.',
  },
  'upstream.refused-for-now': {
    code: 'provider-unavailable',
    message: '{host} refused {what} ({status})',
    fix: 'Try again later.',
  },
  'upstream.refused': {
    code: 'provider-setup',
    message: '{host} refused {what} ({status})',
    fix: 'Check host and port of the provider, and whether it takes connections from this network.',
  },
  'upstream.connection-refused-for-now': {
    code: 'provider-unavailable',
    message: '{host} refused the connection ({status})',
    fix: 'Try again later.',
  },
  'upstream.connection-refused': {
    code: 'provider-setup',
    message: '{host} refused the connection ({status})',
    fix: 'Check host and port of the provider, and whether it takes connections from this network.',
  },
  'upstream.sign-in-refused-for-now': {
    code: 'provider-unavailable',
    message: '{host} refused the sign-in for {mailbox} ({status})',
    fix: 'Try again later.',
  },
  'upstream.sign-in-refused': {
    code: 'provider-setup',
    message: '{host} refused the sign-in for {mailbox} ({status})',
    fix: 'Check host, port and mechanisms of the provider, and that the account is not disabled there.',
  },
  'upstream.sign-in-refused-from-here': {
    code: 'provider-setup',
    message: '{host} refused the sign-in for {mailbox} ({status})',
    fix: 'Check host and port of the provider, and whether it takes connections from this network.',
  },
  'upstream.no-common-mechanism': {
    code: 'provider-setup',
    message: '{host} offers no sign-in by {wanted}, only {offered}',
    fix: 'Check host and port of the provider: it has to be its submission service, not its MX.',
  },
  'upstream.no-mechanism': {
    code: 'provider-setup',
    message: '{host} offers no sign-in by {wanted}, only none at all',
    fix: 'Check host and port of the provider: it has to be its submission service, not its MX.',
  },
  'upstream.token-refused': {
    code: 'provider-setup',
    message: '{host} refused the access token for {mailbox} ({status})',
    fix: 'Check that the account that consented may send as {mailbox} and that the consent included sending mail; then consent again. If the mail server knows whoever signs in by another name, set that with --sasl-user.',
  },
  'upstream.token-refused-of-user': {
    code: 'provider-setup',
    message: '{host} refused the access token for {mailbox}, signed in as {user} ({status})',
    fix: 'Check that the account that consented may send as {mailbox} and that the consent included sending mail; then consent again. If the mail server knows whoever signs in by another name, set that with --sasl-user.',
  },
  'upstream.token-lacks-right': {
    code: 'provider-setup',
    message: '{host} refused the access token for {mailbox} ({status})',
    fix: '{warning}.',
  },
  'upstream.token-of-user-lacks-right': {
    code: 'provider-setup',
    message: '{host} refused the access token for {mailbox}, signed in as {user} ({status})',
    fix: '{warning}.',
  },
  'upstream.no-mail-after-sign-in': {
    code: 'provider-setup',
    message: '{host} takes the sign-in and then no mail ({status})',
    fix: 'Check that the account may send mail at the provider.',
  },
  'upstream.no-mail-for-now': {
    code: 'provider-unavailable',
    message: '{host} takes the sign-in and then no mail ({status})',
    fix: 'Check that the account may send mail at the provider.',
  },
  'upstream.test-sender-refused': {
    code: 'provider-setup',
    message: 'The provider refuses {mailbox} as the sender',
    fix: 'Its own words say why; the log has them, too.',
  },
  'upstream.test-recipient-refused': {
    code: 'provider-setup',
    message: 'The provider refuses a message to {recipient}',
    fix: 'Its own words say why; the log has them, too.',
  },
  'upstream.test-message-refused': {
    code: 'provider-setup',
    message: 'The provider refuses the message',
    fix: 'Its own words say why; the log has them, too.',
  },
  'upstream.no-idle-connection': {
    code: 'internal',
    message: 'There is no idle connection to hand out',
  },
  'upstream.closed-after-sign-in': {
    code: 'provider-unavailable',
    message: 'The provider closed the connection right after the sign-in',
    fix: 'Try again later.',
  },
  'upstream.no-connection-in-time': {
    code: 'provider-unavailable',
    message: 'The provider gave no connection within {seconds} seconds',
    fix: 'Try again later.',
  },
  'upstream.connection-lost': {
    code: 'provider-unavailable',
    message: 'The connection to {host} failed: {reason}',
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  },
  'upstream.closed-before-reply': {
    code: 'provider-unavailable',
    message: '{host} closes every connection before its first reply',
    fix: 'Try again later.',
  },
  'upstream.no-starttls': {
    code: 'provider-setup',
    message: '{host} does not offer STARTTLS, and postern sends no token without TLS',
    fix: 'Check host and port of the provider, and whether a firewall takes STARTTLS out of its answers.',
  },
  'upstream.sign-in-too-slow': {
    code: 'provider-unavailable',
    message: 'The sign-in at {host} took too long',
    fix: 'Try again later; if it lasts, check the way to the provider through firewall and proxy.',
  },
  'upstream.bdat-refused': {
    code: 'provider-unavailable',
    message: '{host} offers CHUNKING and refused BDAT ({status})',
    fix: 'Send the message again: it will go by DATA.',
  },
  'upstream.outcome-unknown': {
    code: 'outcome-unknown',
    message: '{host} did not say what became of the message: {reason}',
    fix: 'Find out whether it has arrived before you send it again.',
  },
  'upstream.sign-in-answer-strange': {
    code: 'provider-unavailable',
    message: '{host} gave an answer to the sign-in that means nothing there ({status})',
    fix: 'Try again later.',
  },
  'upstream.transaction-over': {
    code: 'internal',
    message: 'This transaction is over already',
  },
  'sending.connections-in-use': {
    code: 'limit-reached',
    message: 'All connections that the provider allows were in use for {seconds} seconds',
    fix: 'Try again; if it happens often, send less at a time or spread it over more mailboxes.',
  },
  'sending.rate-reached': {
    code: 'limit-reached',
    message: "The provider's limits let no message leave for {seconds} seconds",
    fix: 'Try again; if it happens often, send more slowly or spread it over more mailboxes.',
  },
  'sending.wait-too-long': {
    code: 'limit-reached',
    message:
      "The provider's limits let this message leave in {seconds} seconds at the earliest, and its client is not known to wait for so long",
    fix: 'Try again; if its programs wait longer for an answer, raise POSTERN_SHORT_WAIT_SECONDS.',
    told: 'The provider takes no more messages for {seconds} seconds, try again then',
  },
  'sending.queue-full': {
    code: 'limit-reached',
    message: 'Too many messages wait for this mailbox already',
    fix: 'Try again; if it happens often, send less at a time or spread it over more mailboxes.',
    retryAfterSeconds: 10,
  },
  'sending.client-too-slow': {
    code: 'limit-reached',
    message: 'The client took so long that others got its connection',
    fix: 'Send the message again. A program that prepares it between RCPT and DATA should do so before.',
  },
  'sending.recipients-used-up': {
    code: 'limit-reached',
    message:
      '{account} has had {used} recipients in 24 hours, its provider allows {most}, and a message to {recipients} more was to leave',
    fix: 'Wait until the day has rolled on, spread the mail over more mailboxes, or raise recipientsPerDay in POSTERN_PROVIDERS_FILE if your contract allows more.',
  },
  'sending.recipients-under-way': {
    code: 'limit-reached',
    message:
      '{account} has had {used} recipients in 24 hours and {reserved} under way, its provider allows {most}, and a message to {recipients} more was to leave',
    fix: 'Wait until the day has rolled on, spread the mail over more mailboxes, or raise recipientsPerDay in POSTERN_PROVIDERS_FILE if your contract allows more.',
  },
  'sending.no-transaction-for-recipients': {
    code: 'internal',
    message: 'There is no transaction to add recipients to',
  },
  'sending.no-transaction': {
    code: 'internal',
    message: 'There is no transaction to go on with',
  },
  'sending.no-transaction-for-message': {
    code: 'internal',
    message: 'There is no transaction for this message',
  },
  'sending.no-message': {
    code: 'internal',
    message: 'There is no message to send',
  },
  'sending.no-submitter': {
    code: 'internal',
    message: 'There is nobody to send a message for',
  },
  'sending.envelope-unfit': {
    code: 'invalid',
    message: 'The envelope holds a character that cannot be in a command',
    fix: 'Send addresses and parameters without control characters.',
  },
  'sending.quota-reached': {
    code: 'limit-reached',
    message: 'The provider has a daily sending limit, and it is reached ({status})',
    fix: 'Wait until the day has rolled on, or spread the mail over more mailboxes.',
  },
  'sending.too-fast': {
    code: 'limit-reached',
    message:
      'The provider takes no more messages from this mailbox at this pace; other programs may use it as well ({status})',
    fix: 'Send more slowly, or give the other programs a mailbox of their own.',
  },
  'sending.throttled': {
    code: 'limit-reached',
    message:
      'The provider slows this mailbox down because of earlier errors or suspicious activity ({status})',
    fix: 'Find out what was refused before, and stop the program that repeats it.',
  },
  'sending.deferred': {
    code: 'limit-reached',
    message:
      'The provider defers everything from this mailbox because of its volume, of complaints, or of suspicious activity ({status})',
    fix: 'Send less at a time, and find out whether the mailbox sends what nobody wants.',
  },
  'sending.mailbox-full': {
    code: 'provider-setup',
    message: 'The provider says that the mailbox is full, its sent items included ({status})',
    fix: 'Empty the sent items of the mailbox, or set a retention policy.',
  },
  'sending.blocked': {
    code: 'provider-setup',
    message: 'The provider has blocked this account, or its organisation, from sending ({status})',
    fix: 'Have an administrator look at the restricted accounts of the provider, and find out whether the account is misused.',
  },
  'sending.address-blocked': {
    code: 'provider-setup',
    message: 'The provider takes nothing from the network address of this machine ({status})',
    fix: 'Ask the provider for an exception, or send from another address.',
  },
  'sending.no-logon': {
    code: 'provider-setup',
    message: 'The provider cannot open the mailbox ({status})',
    fix: 'Check the licence of the mailbox, and that the account that consented may use it.',
  },
  'sending.sender-not-let': {
    code: 'provider-setup',
    message: 'The provider does not let this mailbox send as {sender} ({status}), again and again',
    fix: 'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider allow this sender.',
  },
  'sending.own-address-not-let': {
    code: 'provider-setup',
    message: 'The provider does not let this mailbox send as itself ({status}), again and again',
    fix: 'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).',
  },
  'sending.all-refused': {
    code: 'limit-reached',
    message:
      'The provider has refused everything that one program sent as {sender} for a while ({status} the last time), and punishes who repeats that',
    fix: 'Find out what is refused, and stop the program that repeats it.',
  },
  'sending.recipients-unknown': {
    code: 'limit-reached',
    message:
      'Of the last {of} recipients of this program the provider does not know {unknown} ({status} the last time), and it punishes a mailbox that goes on so',
    fix: 'Take the addresses that do not exist out of the list of the program.',
  },
  'sending.header-without-from': {
    code: 'provider-setup',
    message: 'The provider refuses messages of this program with {header} ({reply}), again and again',
    fix: 'Let the program write {mailbox} into the header From: of its messages, or let its login do that (--rewrite-from).',
  },
  'sending.header-from': {
    code: 'provider-setup',
    message: 'The provider refuses messages of this program with {header} ({reply}), again and again',
    fix: 'Let the program write {mailbox} into the header From: of its messages, let its login do that (--rewrite-from), or have the provider let this mailbox send as {named}.',
  },
  'sending.header-sender': {
    code: 'provider-setup',
    message: 'The provider refuses messages of this program with {header} ({reply}), again and again',
    fix: 'Let the program leave out the header Sender: of its messages or write {mailbox} into it, let its login do that (--rewrite-from), or have the provider let this mailbox send as {named}.',
  },
  'sending.header-resent': {
    code: 'provider-setup',
    message: 'The provider refuses messages of this program with {header} ({reply}), again and again',
    fix: 'Let the program write {mailbox} into the headers Resent-From: and Resent-Sender: of its messages, or have the provider let this mailbox send as {named}.',
  },
  'sending.header-envelope': {
    code: 'provider-setup',
    message: 'The provider refuses messages of this program with {header} ({reply}), again and again',
    fix: 'Let the program send as the mailbox itself (or use the login option --rewrite-sender), or have the provider let this mailbox send as {named}.',
  },
  'sending.message-refused': {
    code: 'provider-setup',
    message:
      'The provider refuses a message of this program that names nobody but the mailbox itself as its sender ({status}), again and again',
    fix: 'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).',
  },
  'sending.message-refused-for-name': {
    code: 'provider-setup',
    message:
      'The provider refuses a message of this program that names nobody but the mailbox itself as its sender ({status}, and means {named}), again and again',
    fix: 'Let the program leave {named} out of the header of its messages, or have the provider let this mailbox send as that.',
  },
  'sending.paused': {
    code: 'limit-reached',
    message: '{reason}; it is tried again at {time}',
    fix: '{reason.fix}',
    told: '{reason}',
  },
  'sending.tried-now': {
    code: 'limit-reached',
    message: '{reason}; another message finds out now whether that is over',
    fix: '{reason.fix}',
    told: '{reason}',
    retryAfterSeconds: 10,
  },
  'sending.no-right': {
    code: 'forbidden',
    message: 'This API key may send from no mailbox that there is',
    fix: 'Use a key with the scope send:ADDRESS of the mailbox that the message is from.',
  },
  'sending.no-address': {
    code: 'invalid',
    message: 'No mail can be sent to or from this address: {address}',
    fix: 'Give a plain address, such as you@example.com.',
  },
  'sending.no-recipients': {
    code: 'invalid',
    message: 'The message has no recipient',
    fix: 'Name one in to, cc or bcc, or as the parameter to.',
  },
  'sending.too-many-recipients': {
    code: 'invalid',
    message: 'A message goes to at most {most} recipients',
    fix: 'Send it in several messages, or raise POSTERN_RECIPIENTS_PER_MESSAGE.',
  },
  'sending.utf8-not-offered': {
    code: 'invalid',
    message:
      'An address or the header has characters that are not ASCII, and the provider does not take them',
    fix: 'Use addresses in ASCII, and encode the header.',
  },
  'sending.too-large': {
    code: 'invalid',
    message: 'The message is larger than the {limit} octets that are allowed here',
    fix: 'Send a smaller one, or a link to what is large.',
  },
  'sending.bare-line-end': {
    code: 'invalid',
    message: 'The message has a CR or LF that is not part of CRLF, or a NUL',
    fix: 'End each line in CRLF; postern send and postern sendmail do that by themselves.',
  },
  'sending.broken-off': {
    code: 'invalid',
    message: 'The message broke off before its end, and nothing was sent',
  },
  'sending.header-too-long': {
    code: 'invalid',
    message: 'The header of the message is longer than {most} octets',
    told: 'The header of the message is longer than {most} octets',
  },
  'sending.much-at-once': {
    code: 'limit-reached',
    message: 'So much is composed here at the moment that there is no room for this message',
    fix: 'Try again, or send it as message/rfc822, which needs no room.',
    retryAfterSeconds: 5,
  },
  'sending.provider-refused': {
    code: 'invalid',
    message: 'The provider refuses the message: {reply}',
  },
  'sending.provider-later': {
    code: 'provider-unavailable',
    message: 'The provider says to try later: {reply}',
    fix: 'Try again later.',
    retryAfterSeconds: 60,
  },
  'sending.key-form': {
    code: 'invalid',
    message: 'The header Idempotency-Key is no key',
    fix: 'Send up to 255 visible ASCII characters, as a string in double quotes or bare.',
  },
  'sending.key-under-way': {
    code: 'already-exists',
    message: 'The message of this Idempotency-Key is being sent',
    fix: 'Ask again in a moment, for its answer.',
    retryAfterSeconds: 1,
  },
  'sending.key-of-other-message': {
    code: 'invalid',
    message: 'This Idempotency-Key was used for another message',
    fix: 'Use a key of its own for each message.',
  },
  'sending.key-unknown-outcome': {
    code: 'already-exists',
    message:
      'It is not known whether the message of this Idempotency-Key was sent: postern or the provider fell silent while it left',
    fix: 'Look whether it arrived, and send it with another key if it did not.',
  },
  'sending.keys-used-up': {
    code: 'limit-reached',
    message:
      '{most} Idempotency-Keys of the last 24 hours are kept for this API key, and there is no room for more',
    fix: 'Send without a key, or wait.',
    retryAfterSeconds: 600,
  },
  'approval.nowhere': {
    code: 'configuration',
    message: 'A person has to approve what this login or API key sends, and there is nobody to ask here',
  },
  'approval.full': {
    code: 'limit-reached',
    message: 'So many messages wait for approval that there is no room for another',
    fix: 'Approve or refuse some of those that wait: postern approvals list.',
    told: 'Too many messages wait for approval, try again later',
    retryAfterSeconds: 600,
  },
  'approval.owner-full': {
    code: 'limit-reached',
    message: '{most} messages of this login or API key wait for approval already',
    fix: 'Wait until somebody has approved or refused some of them.',
    told: '{most} messages of this login wait for approval already, try again later',
    retryAfterSeconds: 600,
  },
  'approval.unknown': {
    code: 'not-found',
    message: 'There is no held message {id}',
    fix: 'What was held, for the last day: postern approvals list.',
  },
  'approval.no-link': {
    code: 'not-found',
    message: 'This link shows no message: it is not whole, or what it was for ended more than a day ago',
    fix: 'Look at the list of messages that wait for approval in postern, or have the message sent anew.',
  },
  'approval.under-way': {
    code: 'already-exists',
    message: 'Somebody has approved this message, and it is being sent',
    fix: 'Look again in a moment.',
    retryAfterSeconds: 5,
  },
  'approval.over': {
    code: 'already-exists',
    message: 'This message does not wait any more: {state}',
    fix: 'Have it sent anew, if it still has to be sent.',
  },
  'approval.provider-later': {
    code: 'provider-unavailable',
    message: 'The provider did not take the message yet, and it waits on. It said: {reply}',
    fix: 'Approve it again in a while.',
    retryAfterSeconds: 60,
  },
  'sending.no-queue': {
    code: 'invalid',
    message: 'postern keeps no queue and no aliases: it sends a message at once, or its sender keeps it',
  },
  'sending.no-plain-listener': {
    code: 'configuration',
    message: 'Every address of the SMTP server begins with TLS, and a session on standard input cannot',
    fix: 'Send the message with -t or with its recipients instead.',
  },
} as const satisfies FailureEntries
