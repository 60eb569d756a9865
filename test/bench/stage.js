// What every workload needs: a provider, a postern with one mailbox and one login, each in a process of its own.
import { startBroker, writeData, writeSettings } from './broker.js'
import { providerCertificate } from './certificate.js'
import { makeFolder, removeFolder } from './clear-up.js'
import { accessToken, bearer, mailbox, plain, refreshToken } from './credentials.js'
import { openForwarders } from './forwarders.js'
import { startWorker } from './worker.js'

/**
 * @typedef {object} Stage
 * @property {import('./conversation.js').Target} direct the provider itself, by STARTTLS
 * @property {import('./conversation.js').Target} directAtOnce the provider itself, by TLS from the first octet
 * @property {import('./conversation.js').Target} through the same by postern
 * @property {import('./conversation.js').Target} [forwarder] the same by a forwarder that reads nothing
 * @property {import('./conversation.js').Target} [stunnel] the same by stunnel, where it is installed
 * @property {{ through?: number, forwarder?: number, stunnel?: number }} pids the processes in between
 * @property {string} directory a place for files; it goes with the stage
 * @property {Record<string, string>} environment postern's
 * @property {import('./worker.js').Worker} provider
 * @property {number} posternPid
 * @property {{ port: number, apiKey: string }} web postern's web server
 * @property {(file: string) => import('./worker.js').Worker} worker a process of this folder, ended with the stage
 * @property {boolean} [oneLife] what goes through it cannot be started anew
 * @property {() => Promise<void>} stopBroker
 * @property {{ mailbox: string, auth: string }[]} [credentials] of many logins
 * @property {() => Promise<void>} clear
 *
 * @typedef {object} Wishes
 * @property {Record<string, string>} [settings] beside those that postern needs to run here
 * @property {Record<string, number>} [limits] of the provider, as postern knows them
 * @property {{ rotating?: boolean, answerMilliseconds?: number }} [tokens] how the token endpoint behaves
 * @property {boolean} [withForwarders]
 * @property {boolean} [cold] nobody may have signed in yet
 * @property {(dataDirectory: string) => Promise<Record<string, any>>} [fill] makes the data directory, in place of the one with one mailbox; what it gives belongs to the stage
 * @property {boolean} [anyMailbox] the provider lets every mailbox in
 */

// As many connections to the provider as clients, so that only the way differs.
const usualLimits = { connections: 20 }
const usualTokens = { rotating: false, answerMilliseconds: 0 }

/** @param {Wishes} wishes; @returns {Promise<Stage>} */
export async function setStage(wishes = {}) {
  const directory = makeFolder()
  /** @type {(() => unknown)[]} */
  const ends = [() => removeFolder(directory)]
  const clear = () => endAll(ends)
  try {
    return { ...(await set(directory, wishes, ends)), clear }
  } catch (error) {
    await clear()
    throw error
  }
}

/** The last one first. @param {(() => unknown)[]} ends */
export async function endAll(ends) {
  while (ends.length > 0) await ends.pop()?.()
}

/** @param {string} directory @param {Wishes} wishes @param {(() => unknown)[]} ends @returns {Promise<Omit<Stage, 'clear'>>} */
async function set(directory, wishes, ends) {
  const { settings, limits = usualLimits, tokens, withForwarders, fill = writeData, anyMailbox } = wishes
  const worker = (file) => {
    const started = startWorker(file)
    ends.push(started.end)
    return started
  }
  const provider = worker('provider.js')
  const facts = await openProvider(provider, { ...tokens, anyMailbox })
  const environment = { ...(await writeSettings(directory, facts, limits)), ...settings }
  const { password = '', apiKey = '', ...more } = await fill(environment.POSTERN_DATA_DIR)
  const broker = await startBroker(directory, environment)
  ends.push(broker.stop)
  const forwarders = withForwarders ? await openForwarders(worker, facts, ends) : undefined
  return {
    ...more,
    stopBroker: broker.stop,
    ...directTargets(facts),
    through: { port: broker.smtpPort, auth: `PLAIN ${plain(mailbox, password)}`, mailbox },
    ...forwarders?.targets,
    provider,
    pids: { through: broker.pid, ...forwarders?.pids },
    posternPid: broker.pid,
    directory,
    environment,
    web: { port: broker.webPort, apiKey },
    worker,
  }
}

/** @param {import('./worker.js').Worker} provider; @param {Record<string, unknown>} [terms] ports and tokens, where they are not the usual ones */
export async function openProvider(provider, terms = {}) {
  const { key, cert } = await providerCertificate()
  const job = { do: 'open', key, cert, mailbox, refreshToken, accessToken, ...usualTokens, ...terms }
  return { ...(await provider.ask(job)), ca: cert }
}

export function directTargets({ smtpPort, implicitPort, ca }) {
  const direct = { port: smtpPort, ca, auth: `XOAUTH2 ${bearer(mailbox, accessToken)}`, mailbox }
  return { direct, directAtOnce: { ...direct, port: implicitPort, tlsAtOnce: true } }
}
