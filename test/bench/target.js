// Any other proxy in postern's place. The bench starts its provider where the proxy was told to find it, waits until it may be used, and
// measures what can be seen from outside.

import { writeFile } from 'node:fs/promises'
import { greet, openSession } from './conversation.js'
import { accessToken, bearer, mailbox, plain, refreshToken } from './credentials.js'
import { pause } from './figures.js'
import { openForwarders } from './forwarders.js'
import { directTargets, endAll, openProvider } from './stage.js'
import { startWorker } from './worker.js'

const waitSeconds = 120

/**
 * @typedef {object} TargetOptions
 * @property {string} host plain, on this machine
 * @property {number} port
 * @property {string | undefined} [auth] what follows AUTH; `XOAUTH2` alone for one that leaves that to its clients
 * @property {string | undefined} [user] with `password`, instead of `auth`
 * @property {string | undefined} [password]
 * @property {number | undefined} [pid] for its memory and processor time
 * @property {number} providerPort STARTTLS
 * @property {number} implicitPort TLS from the first octet
 * @property {number} tokenPort
 * @property {string} caFile where the certificate of the provider is written
 */

/**
 * Stages with the target in postern's place. All have the same provider, which is opened for the first of them.
 *
 * @param {TargetOptions} options
 * @returns {{ setStage: (wishes?: import('./stage.js').Wishes) => Promise<import('./stage.js').Stage>, end: () => void }}
 */
export function createTargetStages(options) {
  const through = targetOf(options)
  const provider = startWorker('provider.js')
  let facts
  let ready

  return {
    async setStage({ tokens, cold, withForwarders } = {}) {
      facts ??= await open(provider, options, tokens)
      // Whoever did not come is not waited for a second time.
      ready ??= untilReady(through, cold)
      await ready
      await provider.ask({ do: 'shape' })
      // The workloads for targets use nothing of a stage that a target does not have.
      return /** @type {any} */ (stageFor({ options, facts, provider, through, withForwarders }))
    },
    end: () => provider.end(),
  }
}

async function open(provider, { host, port, providerPort, implicitPort, tokenPort, caFile }, tokens) {
  const target = `${host}:${port}`
  const ports = { smtpPort: providerPort, implicitPort, tokenPort }
  const facts = await openProvider(provider, { ...ports, ...tokens })
  await writeFile(caFile, facts.ca)
  const endpoint = `http://127.0.0.1:${tokenPort}`
  console.error(`The provider for ${target}:
  SMTP             localhost:${providerPort} with STARTTLS (localhost:${implicitPort} with TLS from the first octet), XOAUTH2
  authority        ${caFile}
  token endpoint   ${endpoint}/token (authorization endpoint ${endpoint}/authorize, scope mail)
  client id        bench, without a secret
  mailbox          ${mailbox}
  refresh token    ${refreshToken}
Waiting for ${target}, up to ${waitSeconds} seconds`)
  return facts
}

async function stageFor({ options, facts, provider, through, withForwarders }) {
  /** @type {(() => unknown)[]} */
  const ends = []
  const worker = (file) => {
    const started = startWorker(file)
    ends.push(started.end)
    return started
  }
  const forwarders = withForwarders ? await openForwarders(worker, facts, ends) : undefined
  return {
    ...directTargets(facts),
    through,
    ...forwarders?.targets,
    provider,
    pids: { ...(options.pid && { through: options.pid }), ...forwarders?.pids },
    posternPid: options.pid,
    worker,
    oneLife: true,
    clear: () => endAll(ends),
  }
}

/** The way to the target. @param {TargetOptions} options */
function targetOf({ host, port, auth, user, password }) {
  return { host, port, auth: authOf(auth, user, password), mailbox }
}

function authOf(auth, user, password) {
  if (auth === undefined) return `PLAIN ${plain(user, password)}`
  return auth.trim().toUpperCase() === 'XOAUTH2' ? `XOAUTH2 ${bearer(mailbox, accessToken)}` : auth
}

/** Until it signs us in; where it must not have a token yet, until it says hello. */
async function untilReady(through, cold) {
  let why
  for (let second = 0; second < waitSeconds; second++) {
    try {
      const { socket } = await (cold ? greet(through) : openSession(through))
      socket.destroy()
      return
    } catch (error) {
      why = error
      await pause(1)
    }
  }
  throw new Error(`the target is not ready after ${waitSeconds} seconds: ${why}`)
}
