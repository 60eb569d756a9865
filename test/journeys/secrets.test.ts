import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBrowser } from '../../examples/demo/browser.js'
import { giveConsent } from '../../examples/demo/give-consent.js'
import type { DemoMailbox } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { findSecrets, type KnownSecret, type Observation } from '../support/secret-search.ts'
import { plain, smtpDialogue } from '../support/smtp-client.ts'
import { expiry, tokenTally } from '../support/token-tally.ts'
import { startWireTap, type WireTap } from '../support/wire-tap.ts'

const address = 'me@example.com'
const tally = tokenTally()
const observations: Observation[] = []
const secrets: KnownSecret[] = []
let stage: Stage
let tap: WireTap

beforeAll(async () => {
  stage = await setStage({
    onTokenRequest: tally.onTokenRequest,
    accessTokenSeconds: 2,
    env: { POSTERN_LOG_LEVEL: 'debug' },
  })
  tap = await startWireTap(stage.process.smtpPort)
})
afterAll(async () => {
  await tap?.close()
  await stage?.close()
})

it('no secret stands in any log line, reply, page, answer or command of a whole run, nor on the disk in the clear', async () => {
  const mailbox = await setUp()
  await consents(mailbox)
  await sends(mailbox)
  await readsTokens()
  await visitsPages()
  await fails(mailbox)
  await collect()

  const kinds = new Set(observations.map(({ where }) => where.split(' ')[0]))
  expect([...kinds].sort()).toEqual(['answer', 'command', 'disk', 'log', 'page', 'smtp'])
  expect(tally.refreshTokens().length).toBeGreaterThan(2)
  // The search itself sees: each secret that has a place of its own is found when that place is not excused.
  const shown = secrets.filter(({ shownIn }) => shownIn)
  const unexcused = shown.map(({ name, value }) => ({ name, value }))
  const found = findSecrets(observations, unexcused)
  const unseen = shown.filter(({ name }) => !found.some((text) => text.startsWith(name)))
  expect(unseen.map(({ name }) => name)).toEqual([])
  expect(findSecrets(observations, secrets)).toEqual([])
})

async function command(...words: string[]): Promise<string> {
  const { stdout, stderr } = await stage.postern.cli(...words)
  observations.push({ where: `command ${words.slice(0, 2).join(' ')}`, text: stdout + stderr })
  return stdout
}

async function ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(`${stage.postern.url}${path}`, { headers, redirect: 'manual' })
  const text = [...response.headers].join('\n') + (await response.clone().text())
  observations.push({ where: `answer ${path}`, text })
  return response
}

async function setUp(): Promise<DemoMailbox> {
  await command('mailbox', 'add', address, '--provider', 'example')
  const added = JSON.parse(await command('login', 'add', address, '--json'))
  const mailbox = { address, user: added.login.userName, password: added.password }
  secrets.push({ name: 'local password', value: mailbox.password, shownIn: /^command login add$/ })
  secrets.push({ name: 'client secret', value: stage.authority.clients.postern.secret })
  const ownerKey = (await readFile(join(stage.process.dataDir, 'owner.key'), 'utf8')).trim()
  secrets.push({ name: 'owner key', value: ownerKey, shownIn: /^disk owner\.key$/ })
  return mailbox
}

/** Once refused, once by the wrong person, once well. */
async function consents(mailbox: DemoMailbox) {
  const people = [
    { login: address, refuse: true },
    { login: 'other@example.com' },
    { login: mailbox.address },
  ]
  for (const [index, person] of people.entries()) {
    const link = JSON.parse(await command('consent', address, '--json')).url
    const browser = createBrowser({ onAnswer: (answer) => observePage(answer, index) })
    await giveConsent(link, person, browser)
    // A browser must be given its cookie, and the link is what the command is there to print.
    const cookies = browser.cookieValues('localhost')
    cookies.forEach((value, number) => {
      secrets.push({ name: `cookie ${index}.${number}`, value, shownIn: /^page \d set-cookie$/ })
    })
    const secret = new URL(link).pathname.split('/').at(-1) ?? ''
    // A refusal offers the way back to the browser that came by the link.
    const shownIn =
      index < 2 ? /^command consent|^page \d (offer|outcome)$/ : /^command consent|^page \d offer$/
    secrets.push({ name: `link ${index}`, value: secret, shownIn })
  }
  for (const { parameters } of tally.requests) {
    const { code, code_verifier } = parameters
    if (code) secrets.push({ name: 'code', value: String(code) })
    if (code_verifier) secrets.push({ name: 'verifier', value: String(code_verifier) })
  }
}

/** Of what a browser sees, only postern's own pages are postern's word; each in its parts. */
function observePage({ url, body, headers }: { url: URL; body: string; headers: Headers }, index: number) {
  if (url.origin !== stage.postern.url) {
    const state = url.searchParams.get('state')
    if (state) secrets.push({ name: `state ${index}`, value: state, shownIn: /^page \d offer$/ })
    return
  }
  const kept = [...headers].filter(([name]) => name !== 'set-cookie')
  const part = url.pathname.startsWith('/consent/') ? 'offer' : 'outcome'
  observations.push({ where: `page ${index} ${part}`, text: kept.join('\n') + body })
  observations.push({ where: `page ${index} set-cookie`, text: headers.getSetCookie().join('\n') })
}

/** With the token of the consent, then with refreshed ones. */
async function sends(mailbox: DemoMailbox) {
  const message = { from: address, to: 'you@example.net', subject: 'Hello', text: 'Hello' }
  await sendWithPassword(tap.port, mailbox, message)
  await expiry(stage.authority, tally.accessTokens().at(-1) ?? '')
  await command('token', address, '--format', 'xoauth2')
  await sendWithPassword(tap.port, mailbox, message)
}

async function readsTokens() {
  const added = JSON.parse(await command('api-key', 'add', '--scope', `token:${address}`, '--json'))
  secrets.push({ name: 'API key', value: added.key, shownIn: /^command api-key add$/ })
  const authorization = `Bearer ${added.key}`
  for (const query of ['', '?format=xoauth2', '?min_life=1']) {
    const response = await ask(`/api/v1/mailboxes/${address}/token${query}`, { authorization })
    expect(response.status).toBe(200)
  }
  expect((await ask('/api/v1/mailboxes', { authorization })).status).toBe(403)
  await command('config')
  for (const words of [
    ['mailbox', 'list'],
    ['journal', '--json', '--limit', '500'],
    ['consent-link', 'list', '--json'],
    ['mailbox', 'show', address],
    ['login', 'list'],
    ['api-key', 'list'],
  ]) {
    await command(...words)
    await command(...words, '--json')
  }
}

/** As an administrator: every page, and those on which a secret is shown, once. */
async function visitsPages() {
  const { url } = stage.postern
  const link = JSON.parse(await command('sign-in', '--json')).url as string
  secrets.push({ name: 'sign-in link', value: link.split('/').at(-1) ?? '', shownIn: /^command sign-in/ })
  const origin = { origin: url }
  const signedIn = await fetch(link, { method: 'POST', headers: origin, redirect: 'manual' })
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  observations.push({ where: 'page sign-in set-cookie', text: cookie })
  const value = cookie.split('=')[1] ?? ''
  secrets.push({ name: 'session', value, shownIn: /^page sign-in set-cookie$/ })

  const visit = async (path: string, form?: Record<string, string>) => {
    const body = form && new URLSearchParams({ csrf, ...form })
    const headers = { cookie, ...origin }
    const answer = await fetch(url + path, {
      headers,
      redirect: 'manual',
      ...(body && { method: 'POST', body }),
    })
    const text = await answer.text()
    observations.push({
      where: `page ${form ? 'POST ' : ''}${path}`,
      text: [...answer.headers].join('\n') + text,
    })
    return text
  }
  const csrf = /name="csrf" value="([^"]+)"/.exec(await visit('/'))?.[1] ?? ''
  const password = 'umbrella lantern mosaic vertigo'
  secrets.push({ name: 'password of the pages', value: password })
  await visit('/account/password', { role: 'viewer', password, again: `${password}, but not the same` })
  await visit('/account/password', { role: 'viewer', password, again: password })
  const chosen = 'vertigo mosaic lantern umbrella'
  secrets.push({ name: 'chosen password', value: chosen })
  await visit('/logins', { mailbox: address, way: 'chosen', password: chosen, networks: 'no network' })
  const made = await visit('/logins', { mailbox: address, way: 'generated', name: 'Printer' })
  const ofLogin = await visit(/\/logins\/[\w-]+/.exec(made)?.[0] ?? '')
  const [, shown = ''] = [...ofLogin.matchAll(/<code data-copy>([^<]+)<\/code>/g)].map(
    ([, text]) => text ?? '',
  )
  secrets.push({
    name: 'password of a login made on a page',
    value: shown,
    shownIn: /^page \/logins\/[\w-]+$/,
  })
  const madeKey = await visit('/api-keys', { right: 'read' })
  const shownAt = /\/shown\/[\w-]+/.exec(madeKey)?.[0] ?? ''
  const key = /<code data-copy>([^<]+)<\/code>/.exec(await visit(shownAt))?.[1] ?? ''
  secrets.push({ name: 'API key made on a page', value: key, shownIn: /^page \/shown\// })
  const consent = await visit(`/mailboxes/${address}/consent-links`, {})
  const linkAt = /\/shown\/[\w-]+/.exec(consent)?.[0] ?? ''
  const ofLink = /\/consent\/([\w.-]+)/.exec(await visit(linkAt))?.[1] ?? ''
  secrets.push({
    name: 'consent link made on a page',
    value: ofLink,
    shownIn: /^page \/shown\//,
  })
  await visit(`/mailboxes/${address}/test`, { to: 'you@example.net' })
  await visit('/registrations/example/check', {})
  for (const page of [
    '/',
    '/mailboxes/new',
    `/mailboxes/${address}`,
    `/mailboxes/${address}/remove`,
    '/logins',
    '/logins/new',
  ])
    await visit(page)
  for (const page of [
    '/api-keys',
    '/consent-links',
    '/journal',
    '/account',
    '/providers/example',
    '/sign-in',
  ])
    await visit(page)
}

async function fails(mailbox: DemoMailbox) {
  const wrong = 'a-wrong-password-that-was-tried'
  secrets.push({ name: 'wrong password', value: wrong })
  await smtpDialogue(tap.port, ['EHLO x', `AUTH ${plain(mailbox.user, wrong)}`, 'AUTH PLAIN ====', 'QUIT'])
  const wrongKey = 'a-wrong-api-key-that-was-tried'
  secrets.push({ name: 'wrong API key', value: wrongKey })
  await ask(`/api/v1/mailboxes/${address}/token`, { authorization: `Bearer ${wrongKey}` })
  await ask('/oauth/callback?state=never-issued-state&code=a-code-from-nowhere')
  secrets.push({ name: 'unknown state', value: 'never-issued-state' })
  secrets.push({ name: 'unknown code', value: 'a-code-from-nowhere' })
  for (const path of ['/', '/nothing', '/healthz', '/readyz', '/consent/an-unknown-link']) await ask(path)
  const ownerKey = (await readFile(join(stage.process.dataDir, 'owner.key'), 'utf8')).trim()
  for (const path of ['/metrics', '/api/v1/health']) await ask(path, { authorization: `Bearer ${ownerKey}` })
  await expiry(stage.authority, tally.accessTokens().at(-1) ?? '')
  await stage.authority.revokeGrantsOf(address)
  await smtpDialogue(tap.port, ['EHLO x', `AUTH ${plain(mailbox.user, mailbox.password)}`, 'QUIT'])
  await command('token', address)
  await command('mailbox', 'show', address)
}

async function collect() {
  const tokenPlaces = /^answer \S+\/token(\?|$)|^command token/
  for (const value of new Set(tally.accessTokens())) {
    const shown = findSecrets(observations, [{ name: 'token', value }]).length > 0
    secrets.push({ name: `access token ${value.slice(0, 4)}`, value, ...(shown && { shownIn: tokenPlaces }) })
  }
  for (const value of tally.refreshTokens()) secrets.push({ name: 'refresh token', value })
  for (const text of tap.answered())
    observations.push({ where: 'smtp replies', text: text.toString('latin1') })
  expect(await stage.postern.stop()).toBe(0)
  for (const text of stage.postern.output().split('\n')) observations.push({ where: 'log', text })
  for (const name of await readdir(stage.process.dataDir)) {
    const octets = await readFile(join(stage.process.dataDir, name))
    observations.push({ where: `disk ${name}`, text: octets.toString('latin1') })
  }
}
