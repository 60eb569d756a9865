import { Readable } from 'node:stream'
import express from 'express'
import { failure } from '#built/base/failure.js'
import { Secret } from '#built/base/secret.js'
import { printable } from '#built/base/text.js'
import { parseDisplayName, parseExpiry, parseUserName } from '#built/credentials/credential.js'
import { checkChosenPassword } from '#built/credentials/password-policy.js'
import { parseScope } from '#built/credentials/scopes.js'
import { readFilters } from '#built/journal/journal-reader.js'
import { parseAddressPattern } from '#built/mailboxes/sender-policy.js'
import { addressKey, parseAddress } from '#built/model/address.js'
import { isWithin, parseNetwork } from '#built/net/ip.js'
import { bearerOf } from '#built/web/api/bearer.js'
import { cookieValues } from '#built/web/cookies.js'
import { createHostAllowList } from '#built/web/hosts-and-origins.js'
import { html } from '#built/web/html.js'
import { createSignInStates, isSignInState } from '#built/web/page-sign-ins.js'
import { errorSection } from '#built/web/pages/error-page.js'
import { lines, readForm } from '#built/web/pages/page-context.js'
import { time } from '#built/web/pages/parts.js'
import { plainPath } from '#built/web/routing.js'
import { isToken } from '#built/web/sign-in-links.js'
import { phrasesIn } from '#built/web/texts/phrases.js'

// The web server. A header has at most 16 KiB, a form and a body 64 KiB.
const header = 16_384
const body = 65_536

const addresses = ['@', 'a@b.example', '.', '-', 'b.', '*@', 'é', '\u0301', '\u0327']
const networks = ['10.0.0.0/8', '::', 'ffff:', '/', '1.', 'fe80::%']
const times = ['2030-12-31', 'T', 'T18:00:00', '.0', 'Z', '+00:00', ':']
const phrases = [
  'There is no mailbox ',
  ' is not a mail address',
  '{1}',
  ' in ',
  ': ',
  '. ',
  '" ',
  ' of ',
  ', ',
]
const t = phrasesIn('ja')
const publicUrl = new URL('https://postern.example.com')
const hosts = createHostAllowList({ publicUrl, pagesUrl: publicUrl }, () => [8587])
const states = createSignInStates(() => 'hash')
const router = express.Router()
router.use(plainPath)
for (const path of [
  '/mailboxes/:address',
  '/mailboxes/:address/token',
  '/logins/:id/senders',
  '/consent/:link',
  '/',
])
  router.get(path, (_request, _response, next) => next())

/** @type {import('./growth-targets.js').GrowthTarget[]} */
export const pageTargets = [
  { name: 'an address', longest: body, words: addresses, openings: ['', 'a@', 'a@b.'], read: parseAddress },
  { name: 'the key of an address', longest: body, words: addresses, read: addressKey },
  { name: 'foreign text', longest: body, read: printable },
  { name: 'a user name', longest: body, words: addresses, read: parseUserName },
  { name: 'a display name', longest: body, words: addresses, read: (text) => parseDisplayName(text, 'none') },
  { name: 'a sender', longest: body, words: addresses, openings: ['', '*@'], read: parseAddressPattern },
  { name: 'a scope', longest: body, words: addresses, openings: ['', 'send:', 'token:a@'], read: parseScope },
  {
    name: 'a network',
    longest: body,
    words: networks,
    openings: ['', '10.0.0.0/', '::/'],
    read: parseNetwork,
  },
  {
    name: 'an address in a network',
    longest: header,
    words: networks,
    read: (text) => isWithin(['10.0.0.0/8'], text),
  },
  {
    name: 'when something ends',
    longest: body,
    words: times,
    openings: ['', '2030-12-31T18:00:00'],
    read: (text) => parseExpiry(text, 0),
  },
  {
    name: 'a name in a password',
    longest: body,
    words: addresses,
    read: (text) => checkChosenPassword('correct horse battery', [text]),
  },
  {
    name: 'the time in a filter',
    longest: header,
    words: times,
    openings: ['', '2030-12-31T18:00:00.', 'T'],
    read: (text) => readFilters({ since: text }, 0),
  },
  {
    name: 'the mailbox in a filter',
    longest: header,
    words: addresses,
    openings: ['', 'a@'],
    read: (text) => readFilters({ mailbox: text }, 0),
  },
  {
    name: 'the login in a filter',
    longest: header,
    words: addresses,
    read: (text) => readFilters({ login: text }, 0),
  },
  {
    name: 'the recipient in a filter',
    longest: header,
    words: addresses,
    read: (text) => readFilters({ recipient: text }, 0),
  },
  {
    name: 'the kind in a filter',
    longest: header,
    words: ['send'],
    read: (text) => readFilters({ kind: text }, 0),
  },

  {
    name: 'a path',
    longest: header,
    words: ['/', '/mailboxes/', '/token', '%2F', '%', '?', '..'],
    openings: ['/', '/mailboxes/', '/mailboxes/a/'],
    read: route,
  },
  {
    name: 'a form',
    longest: body,
    words: ['a=1&', '&', '%20', 'a[]=1&', 'a[b]=1&', '='],
    openings: ['', 'a='],
    prepare: Buffer.from,
    read: (octets) => parse(readForm, octets, 'application/x-www-form-urlencoded'),
  },
  {
    name: 'a body',
    longest: body,
    words: ['{"a":', '[', '"a":1,', '\\u0061'],
    openings: ['{', '{"a":"', '['],
    prepare: Buffer.from,
    read: (octets) => parse(express.json({ limit: body }), octets, 'application/json'),
  },
  {
    name: 'the lines of a field',
    longest: body,
    words: ['a,', '\r\n'],
    read: (text) => lines({ a: text }, 'a'),
  },
  {
    name: 'cookies',
    longest: header,
    words: ['postern=1;', 'postern=', '; '],
    openings: ['', 'postern='],
    read: (cookie) =>
      cookieValues(/** @type {any} */ ({ headers: { cookie } }), { name: 'postern', options: {} }),
  },
  {
    name: 'a host',
    longest: header,
    words: ['localhost', ':8587', '[::1]'],
    read: (host) => [hosts.allowsHost(host), hosts.allowsOrigin(host, host)],
  },
  {
    name: 'an API key',
    longest: header,
    words: ['Bearer ', 'postern_'],
    openings: ['Bearer ', 'bearer  ', ''],
    read: (authorization) =>
      bearerOf(/** @type {any} */ ({ headers: { authorization }, socket: {} }), {
        apiKeys: { check: refuse },
        countWrong: () => {},
        markAuthenticated: () => {},
      }),
  },
  {
    name: 'the languages of a browser',
    longest: header,
    words: ['ja,', 'en;q=0.5,', ';q=1', '-', '*'],
    read: (text) => asking({ 'accept-language': text }).acceptsLanguages('en', 'ja'),
  },
  {
    name: 'a state',
    longest: header,
    words: ['sign-in.', 'a.', '.1'],
    openings: ['sign-in.', ''],
    read: (text) => [isSignInState(text), states.read(text, new Secret('browser')), isToken(text)],
  },

  {
    name: 'a text on a page',
    longest: body,
    words: ['<', '&amp;', '\u202e'],
    read: (text) => html`${text}`.toString(),
  },
  {
    name: 'a time on a page',
    longest: body,
    words: times,
    openings: ['2030-12-31T18:00', ''],
    read: (text) => time(text).toString(),
  },
  {
    name: 'a text that may have a translation',
    longest: body,
    words: phrases,
    openings: ['', 'There is no mailbox ', '"'],
    read: t.say,
  },
  {
    name: 'a mistake on a page',
    longest: body,
    words: phrases,
    openings: ['', 'http://'],
    read: (text) =>
      errorSection(
        {
          status: 400,
          failure: failure('web.request-not-right', { mistakes: text, said: text }),
          headers: {},
        },
        t,
      ).toString(),
  },
]

/** @param {Record<string, string>} headers @returns {any} */
function asking(headers) {
  return Object.assign(Object.create(express.request), { headers })
}

/** @param {string} url */
function route(url) {
  const request = Object.assign(asking({}), { method: 'GET', url })
  router(request, Object.create(express.response), () => {})
}

/** @param {import('express').RequestHandler} parser @param {Buffer} octets @param {string} type */
function parse(parser, octets, type) {
  const request = Object.assign(Readable.from([octets]), {
    method: 'POST',
    headers: { 'content-type': type, 'content-length': String(octets.length) },
  })
  return new Promise((resolve) => parser(/** @type {any} */ (request), /** @type {any} */ ({}), resolve))
}

/** @returns {Promise<never>} */
async function refuse() {
  throw failure('sign-in.wrong')
}
