import { describe, expect, it } from 'vitest'
import { type ReplyClass, replyClassOf } from '../../src/providers/reply-class.ts'
import { reply } from './governor-stage.ts'

describe('a reply inside a transaction', () => {
  it.each<[ReplyClass, string]>([
    // Exchange Online
    [
      'quota',
      '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process it',
    ],
    ['quota', '554 5.2.0 storedrv.submission.exception:submissionquotaexceededexception'],
    ['quota', '550 5.2.2 Submission quota exceeded for this account'],
    ['quota', '554 5.2.2 The submission quota was exceeded'],
    ['rate', '421 4.4.2 Message submission rate for this client has exceeded the configured limit'],
    ['rate', '432 4.4.2 Message submission rate for this client has exceeded the configured limit'],
    ['rate', '451 4.4.2 Message submission rate for this client has exceeded the configured limit'],
    ['too-many-at-once', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded'],
    ['too-many-at-once', '432 4.3.2 Concurrent connections limit exceeded. Visit the help page.'],
    ['too-many-at-once', '421 4.3.2 Concurrent connection limit exceeded'],
    ['throttled', '550 5.2.251 Sender throttled due to continuous mailbox full errors.'],
    ['throttled', '550 5.2.252 Sender throttled due to continuous send as denied errors.'],
    ['throttled', '550 5.2.253 Sender throttled due to continuous invalid license errors.'],
    ['throttled', '550 5.2.254 Sender throttled due to continuous too many recipients errors.'],
    ['throttled', '550 5.2.255 Sender throttled due to continuous invalid recipients errors.'],
    ['deferred', '451 4.7.500 Server busy. Please try again later.'],
    ['deferred', '451 4.7.699 Anything at all'],
    [
      'mailbox-full',
      '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded',
    ],
    ['mailbox-full', '554 5.2.2 quotaexceededexception'],
    ['blocked', '550 5.7.501 Access denied, spam abuse detected'],
    ['blocked', '550 5.7.502 Access denied, banned sender'],
    ['blocked', '550 5.7.503 Access denied, banned sender'],
    ['blocked', '550 5.7.511 Access denied, banned sender'],
    ['blocked', '550 5.7.705 Access denied, tenant has exceeded threshold'],
    ['blocked', '550 5.1.8 Access denied, bad outbound sender'],
    ['address-blocked', '550 5.7.708 Access denied, traffic not accepted from this IP'],
    ['no-logon', '430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission.Exception:ConnectionFailed'],
    ['sender-refused', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'],
    ['sender-refused', '554 5.2.252 SendAsDenied; me@example.com not allowed to send as you@example.com'],
    [
      'sender-refused',
      '554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied',
    ],
    ['sender-refused', '554 5.6.0 SendAsDenied; me@example.com not allowed to send as you@example.com'],
    ['sender-refused', '550 Client does not have permission to send as this sender'],
    ['sender-refused', '553 5.7.1 <you@example.com>: Sender address rejected: not owned by user me'],
    ['sender-refused', '551 5.7.1 Not authorised to send from this header address'],
    ['sender-refused', '550 5.7.0 From address is not one of your addresses'],
    ['sender-refused', '553 Relaying disallowed as you@example.com'],
    ['signed-out', '530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM'],
    ['signed-out', '550 5.7.57 Client not authenticated to send mail.'],
    ['signed-out', '535 5.7.57 Client not authenticated to send mail.'],
    ['signed-out', '530 5.7.0 Authentication required'],
    ['signed-out', '530 Must issue a STARTTLS command first'],
    // Gmail
    [
      'quota',
      '550-5.4.5 Daily user sending limit exceeded. For more information on\n550 5.4.5 limits visit the help pages',
    ],
    ['quota', '550 5.4.5 Daily SMTP relay sending limit exceeded'],
    ['quota', '550-5.7.1 Email quota exceeded: this message was rate limited\n550 5.7.1 try later'],
    ['quota', '550 5.7.1 Daily SMTP relay limit exceeded for customer'],
    // Yahoo
    ['deferred', '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints'],
    ['deferred', '421 [TSS09] All messages from 192.0.2.1 will be permanently deferred'],
  ])('a reply means %s beyond its transaction: %s', (replyClass, text) => {
    expect(replyClassOf(reply(text))).toBe(replyClass)
  })

  it.each([
    // Of the provider's own rules, but about this one message.
    '432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded',
    '432 4.3.2 STOREDRV.Storage; recipient thread limit exceeded; mailbox database thread limit',
    '554 5.2.0 STOREDRV.Submission.Exception:InvalidRecipientsException; Failed to process message',
    '554 5.2.0 STOREDRV.Deliver; delivery result banned',
    '554 5.2.2 mailbox full',
    '554 5.2.2 <you@example.com> Recipient mailbox full',
    '552 5.2.2 Mailbox full; STOREDRV.Deliver',
    '552 5.2.2 The account that you tried to reach is over quota',
    '452 4.2.2 Mailbox full',
    '550 5.2.256 Something that is not known yet',
    '550 5.2.25 Something shorter',
    '451 4.2.251 Sender throttled',
    '550 5.7.606 Access denied, banned sending IP',
    '550 5.7.649 Access denied, banned sending IP',
    '550 5.7.500 Not one of the list',
    '550 5.7.504 Not one of the list',
    '550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant',
    '550 5.7.750 Client blocked from sending from unregistered domains',
    '550 5.7.6 Not the sixtieth',
    '550 5.7.600 Not the sixtieth',
    '550 5.7.570 Not the fifty-seventh',
    '550 5.1.8 <me@example.com>: Sender address rejected: Domain not found',
    '450 4.1.8 <me@example.com>: Sender address rejected: Domain not found',
    '550 5.7.1 Unauthenticated email is not accepted from this domain',
    '550 5.7.1 <you@example.com>: Recipient address rejected: Access denied',
    '550 5.7.1 This message looks like spam; SendAsDenied',
    '451 4.7.1 Greylisted, try again in 5 minutes',
    '451 4.7.0 Temporary server error. Please try again later. PRX4',
    '421 4.7.66 TLS 1.0 and 1.1 are not supported.',
    '451 4.7.5 Not the five hundreds',
    '451 4.7.5000 Not the five hundreds',
    '421 4.4.2 Connection dropped due to SocketError',
    '421 4.3.2 Service not active',
    '421 4.7.0 Try again later, closing connection. (MAIL)',
    '421 Max message per connection reached, closing transmission channel',
    '430 4.2.0 STOREDRV; mailbox server is too busy',
    '552 5.2.3 Your message exceeded the size limits',
    '552 5.3.4 Message too large',
    '452 4.5.3 Too many recipients',
    '550 5.5.3 Too many recipients',
    '550 5.5.105 Too many recipients',
    '450 4.2.1 The user you are trying to contact is receiving mail at a rate that is too high',
    '452 4.3.1 Insufficient system storage',
    '550 5.1.1 The email account that you tried to reach does not exist',
    '550 No such user here',
    '550 Message submission rate for this client has exceeded the configured limit',
    '554 5.6.0 Invalid message content',
    '250 2.0.0 OK: SubmissionQuotaExceeded',
    '354 Go ahead',
  ])('a reply means nothing beyond its transaction: %s', (text) => {
    expect(replyClassOf(reply(text))).toBeUndefined()
  })

  it('a reply has the status of the first line that has one', () => {
    expect(replyClassOf(reply('550-Refused\n550-5.4.5 Limit\n550 5.1.1 What follows'))).toBe('quota')
    expect(replyClassOf(reply('550-5.1.1 No such user\n550 5.4.5 Limit'))).toBeUndefined()
  })
})
