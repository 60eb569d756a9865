import { expect, it } from 'vitest'
import {
  explainHandshake,
  explainSlowHandshake,
  type HandshakeCause,
} from '../../src/tls/handshake-trouble.ts'

/** As Node.js reports it: OpenSSL's words in `reason`, which name SSL 3 or nothing in particular, by its version. */
function reported(reason: string): Error {
  return Object.assign(new Error(`0A000418:error:SSL routines:ssl3_read_bytes:${reason}`), {
    reason,
    code: `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`,
  })
}

it.each([
  ['tlsv1 alert unknown ca', /does not trust/, /ca\.pem/],
  ['sslv3 alert bad certificate', /refuses the certificate/, /--name/],
  ['ssl/tls alert bad certificate', /refuses the certificate/, /--name/],
  ['sslv3 alert certificate unknown', /refuses the certificate/, /ca\.pem/],
  ['sslv3 alert certificate expired', /has ended/, /clock of the client/],
  ['sslv3 alert certificate revoked', /revoked/, /another/],
  ['tlsv1 unrecognized name', /unrecognized name/, /openssl s_client/],
  ['tlsv1 alert access denied', /another name/, /--name/],
  ['unsupported protocol', /no version of TLS/, /\+old-tls/],
  ['tlsv1 alert protocol version', /no version of TLS/, /\+old-tls/],
  ['no shared cipher', /no method of encryption/, /\+old-tls/],
  ['sslv3 alert handshake failure', /no method of encryption/, /\+old-tls/],
  ['wrong version number', /not TLS/, /SSL\/TLS/],
  ['http request', /not TLS/, /SSL\/TLS/],
  ['something that nobody knows yet', /something that nobody knows yet/, /openssl s_client/],
])('an explanation of "%s" keeps the words', (reason, why, fix) => {
  const explained = explainHandshake(reported(reason), 'implicit')
  expect(explained.why).toMatch(why)
  expect(explained.why).toContain(reason)
  expect(explained.fix).toMatch(fix)
})

it.each([
  ['nothing', undefined],
  ['a reset', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ['an end', reported('unexpected eof while reading')],
])('%s is taken for what it mostly is: no trust', (_, error) => {
  expect(explainHandshake(error, 'starttls')).toMatchObject({
    why: expect.stringContaining('did not say why'),
    fix: expect.stringContaining('do not trust'),
  })
})

it.each<[HandshakeCause, RegExp, RegExp]>([
  ['implicit', /Choose "SSL\/TLS" in the client for this port/, /waits for a greeting.* Choose "SSL\/TLS"/],
  ['starttls', /went on without it/, /asked for STARTTLS, and then fell silent.*ca\.pem.*firewall/],
  ['recognised', /update the client/, /began with TLS, and then fell silent.*ca\.pem.*firewall/],
])(
  'a client that sends no TLS, or nothing, gets advice by how it came to that: %s',
  (cause, noTls, silence) => {
    expect(explainHandshake(reported('wrong version number'), cause).fix).toMatch(noTls)
    expect(explainSlowHandshake(cause).fix).toMatch(silence)
  },
)
