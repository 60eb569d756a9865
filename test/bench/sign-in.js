// What it costs to find out who a client is: processor time of the whole process for each sign-in, over a database on disk.

import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { systemClock as clock } from '#built/base/clock.js'
import { silentLog as log } from '#built/base/log.js'
import { Secret } from '#built/base/secret.js'
import { createApiKeys } from '#built/credentials/api-keys.js'
import { createLogins } from '#built/credentials/create-logins.js'
import { createCredentialIndex } from '#built/credentials/credential-index.js'
import { createSignIns } from '#built/credentials/sign-ins.js'
import { followStore } from '#built/store/followed-store.js'
import { openStore } from '#built/store/store.js'
import { makeFolder, removeFolder } from './clear-up.js'
import { median } from './figures.js'

const mailbox = 'me@example.com'
/** Milliseconds of processor time: what a right generated password may cost at most. */
const bound = 1
const usualSizes = { attempts: 1000 }

/** @returns {Promise<{ ways: { way: string, milliseconds: number }[], bound: number, met: boolean }>} */
export async function signIn({ rounds, sizes: { attempts: usual } = usualSizes }) {
  const folder = makeFolder()
  const { store, keyedHash } = await openStore({ dataDir: join(folder, 'data'), clock, log })
  try {
    const attempts = await prepare(store, keyedHash)
    const ways = []
    for (const [way, attempt] of Object.entries(attempts)) {
      const count = way === 'a wrong password' ? Math.ceil(usual / 100) : usual
      // The first ones compile the code and prove a chosen password.
      for (let warmUp = 0; warmUp < count / 5; warmUp += 1) await attempt()
      const times = []
      for (let round = 0; round < rounds; round += 1) times.push(await processorTime(attempt, count))
      ways.push({ way, milliseconds: median(times) })
    }
    return { ways, bound, met: ways[0].milliseconds < bound }
  } finally {
    await store.close()
    await removeFolder(folder)
  }
}

async function prepare(plain, keyedHash) {
  const { store, follow } = followStore(plain)
  const index = createCredentialIndex({ store, clock, log })
  follow({ signInsChanged: () => index.refresh() })
  const needs = { store, keyedHash, clock, log }
  const logins = createLogins(needs)
  const apiKeys = createApiKeys({ ...needs, ownerKey: new Secret('nobody') })
  // Counting guesses costs next to nothing, and nobody should wait here.
  const throttle = { attempt: async (_, look) => (await look()) === 'right', refused: () => {} }
  const signIns = createSignIns({ ...needs, apiKeys, index, throttle })
  await store.mailboxes.add({ address: mailbox, providerId: 'custom', createdAt: 0 })
  const add = (request) => logins.add({ mailboxes: [mailbox], ...request })
  const generated = await add({})
  const sealed = await add({ cramMd5: true, networks: ['127.0.0.1'] })
  const ownWords = new Secret('mauve kettle orbits')
  const chosen = await add({ password: ownWords })
  const { key } = await apiKeys.add({ scopes: [`send:${mailbox}`] })
  const check = (credentials) => signIns.check(credentials, '127.0.0.1')
  /** @param {Awaited<ReturnType<typeof add>>} made @param {Secret | undefined} secret */
  const password = (made, secret) => () =>
    check({ kind: 'password', userName: made.login.userName, password: secret })
  return {
    'a generated password': password(generated, generated.password),
    'a chosen password, not for the first time': password(chosen, ownWords),
    'CRAM-MD5': () => check(answer(sealed)),
    'an API key': () => check({ kind: 'bearer', userName: mailbox, token: key }),
    'a wrong password': () => password(generated, new Secret('wrong'))().catch(() => {}),
  }
}

/** @param {{ login: { userName: string }, password?: Secret }} made */
function answer({ login, password = new Secret('') }) {
  const challenge = '<1.2@localhost>'
  const digest = createHmac('md5', password.reveal()).update(challenge).digest('hex')
  return { kind: 'cram-md5', userName: login.userName, challenge, digest }
}

/** Of all threads of this process, in milliseconds for one attempt. */
async function processorTime(attempt, count) {
  const before = process.cpuUsage()
  for (let done = 0; done < count; done += 1) await attempt()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / count
}

export function describeSignIn({ ways, bound: most, met }) {
  return [
    'processor time for one sign-in (milliseconds):',
    ...ways.map(({ way, milliseconds }) => `  ${way.padEnd(44)}${milliseconds.toFixed(3)}`),
    `a generated password stays below ${most} ms: ${met ? 'yes' : 'NO'}`,
  ]
}
