// The first page as a person meets it, in Chromium with nothing in its cache: how long until all of it is there, how much comes, and from where. Beside it,
// the same octets from a server that does nothing else.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { readOwnerKey } from '#built/store/owner-key.js'
import { median } from './figures.js'
import { freePorts } from './free-ports.js'

const mostMilliseconds = 100
const mostOctets = 50_000

/** @returns {Promise<{ milliseconds: number, bare: number, ratio: number, octets: number, hosts: string[], met: boolean }>} */
export async function page({ rounds, setStage }) {
  // Forms are taken from the public address only, so it has to be known beforehand.
  const [port] = await freePorts(1)
  const url = `http://localhost:${port}`
  const settings = { POSTERN_WEB_LISTEN: `127.0.0.1:${port}`, POSTERN_PUBLIC_URL: url }
  const stage = await setStage({ settings })
  // Loaded here: no other workload starts slower for it.
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    const signedIn = await signIn(browser, url, stage.environment.POSTERN_DATA_DIR)
    const copy = await copyOf(await load(browser, url, signedIn))
    try {
      /** @type {Record<'through' | 'bare', number[]>} */
      const figures = { through: [], bare: [] }
      let last
      for (let round = 0; round <= rounds; round += 1) {
        last = await load(browser, url, signedIn)
        const bare = await load(browser, copy.url)
        if (round === 0) continue
        figures.through.push(last.milliseconds)
        figures.bare.push(bare.milliseconds)
      }
      return verdict(figures, last.answers)
    } finally {
      copy.server.close()
    }
  } finally {
    await browser.close()
    await stage.clear()
  }
}

function verdict({ through, bare }, answers) {
  const [milliseconds, beside] = [median(through), median(bare)]
  const octets = answers.reduce((sum, { body }) => sum + body.length, 0)
  const hosts = [...new Set(answers.map(({ url }) => url.host))]
  const met = milliseconds < mostMilliseconds && octets < mostOctets && hosts.length === 1
  return { milliseconds, bare: beside, ratio: milliseconds / beside, octets, hosts, met }
}

/** By a link, as after the first start. @returns {Promise<object>} the cookies */
export async function signIn(browser, url, dataDir) {
  const headers = { authorization: `Bearer ${(await readOwnerKey(dataDir)).reveal()}` }
  const made = await fetch(`${url}/api/v1/sign-in-links`, { method: 'POST', headers })
  const context = await browser.newContext()
  const tab = await context.newPage()
  const link = /** @type {{ url: string }} */ (await made.json())
  await tab.goto(link.url)
  await Promise.all([tab.waitForNavigation(), tab.click('main button')])
  const state = await context.storageState()
  await context.close()
  return state
}

/** With nothing in the cache: until the `load` event, and everything that came. */
async function load(browser, url, storageState) {
  const context = await browser.newContext(storageState && { storageState })
  try {
    const tab = await context.newPage()
    // The browser is open, so that its own start does not count.
    await tab.goto(`${url}/icon.svg`)
    const answers = []
    tab.on('response', (response) =>
      answers.push(
        response.body().then((body) => ({ url: new URL(response.url()), body, headers: response.headers() })),
      ),
    )
    const response = await tab.goto(url, { waitUntil: 'load' })
    if (response.status() !== 200) throw new Error(`${url} answered ${response.status()}`)
    // The icon comes behind it.
    await tab.waitForLoadState('networkidle')
    const milliseconds = await tab.evaluate('performance.getEntriesByType("navigation")[0].loadEventStart')
    return { milliseconds, answers: await Promise.all(answers) }
  } finally {
    await context.close()
  }
}

/** A server that has these answers in memory. */
async function copyOf({ answers }) {
  const known = new Map(answers.map(({ url, body, headers }) => [url.pathname, { body, headers }]))
  const server = createServer((request, response) => {
    const { body, headers } = known.get(request.url) ?? { body: '', headers: {} }
    response.writeHead(200, { 'content-type': headers['content-type'] ?? 'text/plain' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    url: `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`,
  }
}

export function describePage({ milliseconds, bare, ratio, octets, hosts, met }) {
  return [
    `the first page, signed in, nothing in the cache: ${milliseconds.toFixed(0)} ms until it has loaded`,
    `  the same octets from a server that does nothing else: ${bare.toFixed(0)} ms (ratio ${ratio.toFixed(2)})`,
    `  ${octets} octets in all, from ${hosts.join(' and ')} alone`,
    `stays below ${mostMilliseconds} ms and ${mostOctets} octets: ${met ? 'yes' : 'NO'}`,
  ]
}
