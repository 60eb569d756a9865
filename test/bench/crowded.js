// A store with 5,000 mailboxes and 10,000 logins beside a small one, on the same machine in the same run: start, the pages with the long
// lists, sign-ins of many different logins, the renewal of idle grants, memory.
import { systemClock as clock } from '#built/base/clock.js'
import { silentLog as log } from '#built/base/log.js'
import { Secret } from '#built/base/secret.js'
import { createLogins } from '#built/credentials/create-logins.js'
import { openStore } from '#built/store/store.js'
import { plain, refreshToken } from './credentials.js'
import { median, pause, processorBetween, processorTime, residentOctets } from './figures.js'
import { freePorts } from './free-ports.js'
import { signIn } from './page.js'
import { describeTable, withUnit } from './rows.js'
import { startOnce } from './start.js'

const usualSizes = {
  small: { mailboxes: 50, logins: 100 },
  crowded: { mailboxes: 5000, logins: 10_000 },
  /** So many logins sign in, each of another mailbox as far as there are so many. */
  signIns: 200,
  looks: 10,
  renewalSeconds: 130,
}
const pages = ['/', '/logins', '/api-keys', '/providers']
const dayMilliseconds = 86_400_000
/** Long enough ago that idle grants are due. */
const idleMilliseconds = 2 * dayMilliseconds

export async function crowded({ setStage, sizes = usualSizes }) {
  const small = await measure(setStage, sizes.small, sizes)
  const large = await measure(setStage, sizes.crowded, sizes)
  return { node: process.version, sizes, small, crowded: large, renewals: await renewals(setStage, sizes) }
}

async function measure(setStage, crowd, sizes) {
  const [port] = await freePorts(1)
  const url = `http://localhost:${port}`
  const settings = {
    POSTERN_WEB_LISTEN: `127.0.0.1:${port}`,
    POSTERN_PUBLIC_URL: url,
    // Nothing is due while something else is measured.
    POSTERN_RENEWAL_SECONDS: String(20 * 86_400),
  }
  const stage = await setStage({ settings, fill: (dataDir) => fill(dataDir, crowd), anyMailbox: true })
  try {
    const resident = await residentOctets(stage.posternPid)
    const looks = await lookAtPages(stage, url, sizes.looks)
    const signIns = await signInAll(stage, sizes.signIns)
    const afterwards = await residentOctets(stage.posternPid)
    return { resident, looks, signIns, afterwards, start: await startAnew(stage) }
  } finally {
    await stage.clear()
  }
}

/** Two more processes, one after the other, over the same data: the first one warms the disk's cache up. */
async function startAnew(stage) {
  await stage.stopBroker()
  await startOnce(stage, stage.environment.POSTERN_DATA_DIR)
  return startOnce(stage, stage.environment.POSTERN_DATA_DIR)
}

async function lookAtPages(stage, url, looks) {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const { cookies } = /** @type {{ cookies: { name: string, value: string }[] }} */ (
    await signIn(browser, url, stage.environment.POSTERN_DATA_DIR).finally(() => browser.close())
  )
  const headers = { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }
  const figures = {}
  for (const path of pages) {
    const times = []
    let octets = 0
    const before = await processorTime(stage.posternPid)
    for (let look = 0; look < looks; look += 1) {
      const began = performance.now()
      const answer = await fetch(`${url}${path}`, { headers, redirect: 'manual' })
      octets = (await answer.arrayBuffer()).byteLength
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
      times.push(performance.now() - began)
    }
    const processor = processorBetween(before, await processorTime(stage.posternPid)) / looks
    figures[path] = { milliseconds: median(times), processor, octets }
  }
  return figures
}

/** Each login signs in once with its own connection, and sends one message; then all of them once more. */
async function signInAll(stage, most) {
  const load = stage.worker('load.js')
  const targets = stage.credentials.slice(0, most)
  const rounds = {}
  for (const name of ['first', 'again']) {
    const each = []
    const before = await processorTime(stage.posternPid)
    for (const { mailbox, auth } of targets) {
      const target = { ...stage.through, mailbox, auth }
      const sent = await load.ask({ do: 'send', clients: 1, messages: 1, newConnections: true, ...target })
      each.push(...sent.each)
    }
    const processor = processorBetween(before, await processorTime(stage.posternPid)) / targets.length
    each.sort((one, other) => one - other)
    rounds[name] = { median: median(each), p99: each[Math.ceil(each.length * 0.99) - 1], processor }
  }
  return rounds
}

/** All grants are due at once, as after a long stop. */
async function renewals(setStage, { crowded: crowd, renewalSeconds }) {
  const renewedAt = clock.now() - idleMilliseconds
  const stage = await setStage({
    fill: (dataDir) => fill(dataDir, { ...crowd, logins: 1 }, renewedAt),
    anyMailbox: true,
  })
  try {
    await stage.provider.ask({ do: 'count' })
    const before = await processorTime(stage.posternPid)
    await pause(renewalSeconds)
    const milliseconds = processorBetween(before, await processorTime(stage.posternPid))
    const { tokenRequests } = await stage.provider.ask({ do: 'count' })
    return {
      seconds: renewalSeconds,
      tokenRequests,
      aMinute: (tokenRequests * 60) / renewalSeconds,
      processor: milliseconds / tokenRequests,
      minutesForAll: (crowd.mailboxes * renewalSeconds) / tokenRequests / 60,
      resident: await residentOctets(stage.posternPid),
    }
  } finally {
    await stage.clear()
  }
}

/** Through the ports of the store, as postern does it. */
async function fill(dataDir, { mailboxes, logins }, renewedAt = clock.now()) {
  const { store, keyedHash } = await openStore({ dataDir, clock, log })
  try {
    for (let at = 0; at < mailboxes; at += 1) {
      const mailbox = addressOf(at)
      await store.mailboxes.add(
        { address: mailbox, providerId: 'bench', createdAt: renewedAt },
        {
          mailbox,
          refreshToken: new Secret(refreshToken),
          flow: 'adopted',
          scopes: [],
          grantedAt: renewedAt,
          renewedAt,
        },
      )
    }
    const made = createLogins({ store, keyedHash, clock, log })
    const credentials = []
    for (let at = 0; at < logins; at += 1) {
      const mailbox = addressOf(at % mailboxes)
      const { login, password } = await made.add({ mailboxes: [mailbox], name: `Device ${at}` })
      credentials.push({ mailbox, auth: `PLAIN ${plain(login.userName, password?.reveal())}` })
    }
    return { credentials }
  } finally {
    await store.close()
  }
}

/** @returns {import('#built/model/address.js').Address} */
function addressOf(at) {
  return `department-${at}@subsidiary.example.com`
}

export function describeCrowded({ node, sizes, small, crowded: large, renewals: renewed }) {
  const { crowded: crowd } = sizes
  /** @type {[string, string, (measured: any) => number][]} */
  const rows = [
    ['start, until both servers listen', 'ms', ({ start }) => start.milliseconds],
    ['resident after the start', 'MB', ({ start }) => start.megabytes],
    ...pages.flatMap(
      (path) =>
        /** @type {[string, string, (measured: any) => number][]} */ ([
          [`page ${path}`, 'ms', ({ looks }) => looks[path].milliseconds],
          ['  processor time', 'ms', ({ looks }) => looks[path].processor],
          ['  octets', 'KB', ({ looks }) => looks[path].octets / 1000],
        ]),
    ),
    ...['first', 'again'].flatMap(
      (round) =>
        /** @type {[string, string, (measured: any) => number][]} */ ([
          [`sign-in and a message, ${round}`, 'ms', ({ signIns }) => signIns[round].median],
          ['  99th percentile', 'ms', ({ signIns }) => signIns[round].p99],
          ['  processor time', 'ms', ({ signIns }) => signIns[round].processor],
        ]),
    ),
    ['resident after all of that', 'MB', ({ afterwards }) => afterwards / 1e6],
  ]
  const column = (measured) => rows.map(([, unit, figure]) => withUnit(figure(measured), unit))
  return [
    `${crowd.mailboxes} mailboxes and ${crowd.logins} logins in one store, Node ${node}`,
    '',
    ...describeTable([
      ['', ...rows.map(([name]) => name)],
      [`${sizes.small.mailboxes} mailboxes, ${sizes.small.logins} logins`, ...column(small)],
      [`${crowd.mailboxes} mailboxes, ${crowd.logins} logins`, ...column(large)],
    ]),
    '',
    `${crowd.mailboxes} idle grants that are due at once: ${withUnit(renewed.aMinute, '')} renewals a minute, ${withUnit(renewed.processor, 'ms')} of processor time each; all of them in ${Math.ceil(renewed.minutesForAll)} minutes`,
  ]
}
