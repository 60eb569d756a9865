import { expect, it } from 'vitest'
import { openingWait } from '../../src/upstream/refusal.ts'
import { say } from '../../src/wire/reply.ts'

it.each<[string, number | undefined]>([
  ['454 4.7.0 Too many login attempts, please try again later. ca2sm424696pbc.68 - gsmtp', 900],
  ['454 4.7.0 Temporary authentication failure', undefined],
  ['421 4.7.0 Try again later, closing connection. (EHLO)', 300],
  ['421 4.7.0 Temporary System Problem. Try again later.', undefined],
  ['421 4.3.2 Service not active', undefined],
  ['421 4.3.2 Concurrent connections limit exceeded', 30],
  ['432 4.3.2 Concurrent connections limit exceeded.', 30],
  ['432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded', 30],
  ['421 4.4.2 Message submission rate for this client has exceeded the configured limit', 60],
  ['451 4.7.500 Server busy. Please try again later', 900],
  ['421 4.7.0 [TSS04] Messages temporarily deferred', 900],
  ['535 5.7.0 (#AUTH005) Too many bad auth attempts.', 3600],
  [
    '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
    undefined,
  ],
  ['535 5.7.8 Username and Password not accepted', undefined],
  ['550 5.2.251 Sender throttled due to continuous mailbox full errors.', 3600],
  ['421 4.7.66 TLS 1.0 and 1.1 are not supported.', undefined],
])('the reply says how long to wait: %s', (said, seconds) => {
  expect(openingWait(say(Number(said.slice(0, 3)), said.slice(4)))).toBe(seconds)
})
