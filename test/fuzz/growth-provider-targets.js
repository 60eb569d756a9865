import { refusalOfCallback } from '#built/consent/consent-refused.js'
import { parseRedirect } from '#built/consent/create-consent-service.js'
import { explain } from '#built/diagnosis/explain.js'
import { suggestProvider } from '#built/providers/catalogue.js'
import { readServiceAccount } from '#built/providers/file/credentials.js'
import { provenAddress } from '#built/providers/oauth/identity.js'
import { OAuthError } from '#built/providers/oauth/oauth-client.js'
import { checkToken, objectIdIn } from '#built/providers/oauth/token-claims.js'
import {
  parseRevocationResponse,
  parseTokenResponse,
  requireGood,
} from '#built/providers/oauth/token-response.js'
import { replyClassOf } from '#built/providers/reply-class.js'
import { readErrorChallenge } from '#built/sasl/mechanisms.js'
import { relayedReply } from '#built/smtp/replies.js'
import { certificatesIn, namesOf, readCertificatePair } from '#built/tls/certificate-pair.js'
import { openingWait, refusal } from '#built/upstream/refusal.js'
import { readHead } from '#built/upstream/send-message.js'
import { judgeSignIn } from '#built/upstream/sign-in.js'
import { formatMail, formatRecipient, parseCapabilities } from '#built/wire/envelope.js'
import { createReplyParser, statusOf, wordsOf } from '#built/wire/reply.js'

// The provider's side. The lengths are those of the limits that it has by default.
const replyLine = 8_192
const reply = 131_072
const answer = 65_536
const header = 16_384

const replyLimits = {
  upstreamReplyLineOctets: replyLine,
  upstreamReplyOctets: reply,
  upstreamReplyLines: 1_000,
}
const lines = [
  '250-a\r\n',
  '250 a\r\n',
  '250-',
  '\r\n',
  '550 5.7.1 ',
  '5.',
  'concurrent connection ',
  'submission quota ',
]
const offers = ['AUTH PLAIN\n', 'AUTH=LOGIN\n', 'SIZE 1\n', 'AUTH ', ' PLAIN', '\n']
const json = ['{"error":"', '"error":"', '"a":1,', '[', '{', '\\u0061', '\\"', 'error_description":"', 'eyJ']
const claims = ['a@b.example', '@', '.', 'user#EXT#', '@outlook.com', '/']
const pem = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '-----', 'AAAA\n', 'DNS:a, ', 'CN=']
const everyOffer = { ...parseCapabilities(saying('a\nSIZE 1\n8BITMIME\nSMTPUTF8\nDSN')), mechanisms: [] }

/** @type {import('./growth-targets.js').GrowthTarget[]} */
export const providerTargets = [
  {
    name: 'replies of a provider',
    longest: reply,
    words: lines,
    openings: ['', '250-', '550 '],
    prepare: (text) => [Buffer.from(text)],
    read: takeReplies,
  },
  {
    name: 'a reply that comes octet by octet',
    longest: replyLine,
    words: lines,
    openings: ['', '250-', '550 '],
    prepare: octetByOctet,
    read: takeReplies,
  },
  { name: 'capabilities', longest: reply, words: offers, prepare: saying, read: parseCapabilities },
  {
    name: 'what a reply means',
    longest: reply,
    words: lines,
    openings: ['', '5.2.2 ', '4.3.2 '],
    prepare: saying,
    read: readReply,
  },
  {
    name: 'what a reply to AUTH means',
    longest: reply,
    words: [...lines, '#AUTH005'],
    prepare: saying,
    read: (said) => judgeSignIn(said, { host: 'a', mailbox: 'a@b', mechanism: 'XOAUTH2' }),
  },
  {
    name: 'an error challenge',
    longest: replyLine,
    words: ['e30', 'eyJzdGF0dXMiOiI0MDAifQ', '=='],
    read: readErrorChallenge,
  },
  {
    name: 'an envelope that is written',
    longest: replyLine,
    words: ['"', '\\"', '<', '@', ' '],
    openings: ['', '"'],
    read: writeEnvelope,
  },
  {
    name: 'the head of a message octet by octet',
    longest: header,
    prepare: octetByOctet,
    read: (pieces) => readHead(pieces[Symbol.iterator]()),
  },

  {
    name: 'an answer of a token endpoint',
    longest: answer,
    words: json,
    openings: ['', '{"', '{"access_token":"', '{"refresh_token":"'],
    prepare: (text) => () => new Response(text),
    read: (made) => parseTokenResponse(made(), ['secret'], true),
  },
  {
    name: 'a refusal of a token endpoint',
    longest: answer,
    words: [...json, 'secret'],
    openings: ['', '{"error":"a","error_description":"'],
    prepare: (text) => () => new Response(text, { status: 400 }),
    read: (made) => requireGood(made(), ['secret']),
  },
  {
    name: 'an answer of a revocation endpoint',
    longest: answer,
    words: json,
    openings: ['', '{"error":"'],
    prepare: (text) => () => new Response(text, { status: 400 }),
    read: (made) => parseRevocationResponse(made(), ['secret']),
  },
  {
    name: 'how long a token endpoint wants to be left alone',
    longest: header,
    words: ['Mon, ', '1 Jan 2030 ', '00:', 'GMT'],
    prepare: retryAfter,
    read: (made) => requireGood(made(), []),
  },
  {
    name: 'the text of an error',
    longest: answer,
    words: ['AADSTS50034: ', '\r\n', 'eyJ'],
    read: (text) => new OAuthError(text),
  },
  {
    name: 'an access token',
    longest: header,
    words: ['e30', 'eyJhdWQiOiIiLCJ0aWQiOiIifQ', '.'],
    openings: ['', 'e30.', '.'],
    read: readToken,
  },
  {
    name: 'a claim of an access token',
    longest: header,
    words: ['https://', '/', 'SMTP.Send '],
    prepare: tokenWith,
    read: readToken,
  },
  {
    name: 'the claims of an ID token',
    longest: header,
    words: claims,
    openings: ['', 'a@', 'a@b.'],
    read: readClaims,
  },
  {
    name: 'an error in the callback',
    longest: header,
    words: ['access_denied', '_'],
    read: (text) => refusalOfCallback(text, 'a@b', 'Provider'),
  },
  {
    name: 'a pasted error',
    longest: 65_536,
    words: ['535 5.7.', 'AADSTS', '?error=', '"error":', '@', ' 334 eyJ', 'user=', 'consent '],
    openings: ['', '535 ', 'a@', 'for '],
    read: (text) => explain(text),
  },
  {
    name: 'a pasted answer',
    longest: answer,
    words: ['http:', '?', '#', '&code=1', '&state=', '://'],
    openings: ['', 'http://a/?', '?', 'a'],
    read: (text) => parseRedirect(text, 'http://localhost/', 'state'),
  },
  {
    name: 'an address whose provider is looked for',
    longest: answer,
    words: ['.', 'yahoo.', '.co'],
    openings: ['a@yahoo.', 'a@', ''],
    read: (text) => suggestProvider(text, async () => [text]),
  },

  {
    name: 'a certificate',
    longest: answer,
    words: pem,
    openings: ['', '-----BEGIN CERTIFICATE-----'],
    read: certificatesIn,
  },
  {
    name: 'a certificate and its key',
    longest: answer,
    words: [...pem, 'Proc-Type: 4,ENCRYPTED'],
    openings: ['', '-----BEGIN PRIVATE KEY-----'],
    read: (text) => readCertificatePair(text, text),
  },
  {
    name: 'the names of a certificate',
    longest: answer,
    words: pem,
    openings: ['', 'DNS:', 'CN='],
    read: (text) =>
      [{ subjectAltName: text }, { subject: text }].map((one) => namesOf(/** @type {any} */ (one))),
  },
  {
    name: 'a key of a service account',
    longest: answer,
    words: json,
    openings: ['', '{"type":"service_account","private_key":"'],
    read: readServiceAccount,
  },
]

/** @param {string} text */
function saying(text) {
  const [first = '', ...more] = text.split('\n')
  return { code: 550, lines: /** @type {const} */ ([first, ...more]) }
}

/** @param {string} text */
function octetByOctet(text) {
  const whole = Buffer.from(text)
  return Array.from(whole, (_, at) => whole.subarray(at, at + 1))
}

/** @param {readonly Buffer[]} pieces */
function takeReplies(pieces) {
  const parser = createReplyParser(replyLimits)
  for (const piece of pieces) parser.push(piece)
}

/** @param {ReturnType<typeof saying>} said */
function readReply(said) {
  return [
    replyClassOf(said),
    relayedReply(said),
    openingWait(said),
    statusOf(said),
    wordsOf(said),
    refusal(said, 'a', 'b'),
  ]
}

/** @param {string} path */
function writeEnvelope(path) {
  formatRecipient({ recipient: path, parameters: [] }, everyOffer)
  formatMail({ sender: 'a@b', parameters: [{ keyword: 'ENVID', value: path }] }, everyOffer)
}

/** @param {string} text */
function retryAfter(text) {
  const headers = { 'retry-after': text.replace(/[^ -~]/g, '?'), date: text.replace(/[^ -~]/g, '?') }
  return () => new Response('{}', { status: 429, headers })
}

const oauth = { scopes: [], tokenClaims: { audiences: ['a'], delegatedScope: 'b', applicationRole: 'c' } }
const provider = { name: 'Provider', oauth, registration: { clientId: 'a', tenant: 'common' } }

/** @param {string} token */
function readToken(token) {
  return [checkToken(/** @type {any} */ (provider), token, { appOnly: false }), objectIdIn(token)]
}

/** @param {string} text */
function tokenWith(text) {
  return `a.${Buffer.from(JSON.stringify({ aud: text, tid: text, scp: text, oid: text })).toString('base64url')}.b`
}

/** @param {string} text */
function readClaims(text) {
  const all = {
    iss: text,
    sub: text,
    email: text,
    email_verified: true,
    preferred_username: text,
    upn: text,
    idp: text,
  }
  const entra = { ...all, tid: '00000000-0000-0000-0000-000000000001' }
  return ['entra', 'google', undefined].map((identityRules) =>
    provenAddress(
      identityRules === 'entra' ? entra : all,
      /** @type {any} */ ({ oauth: { identityRules }, registration: {} }),
    ),
  )
}
