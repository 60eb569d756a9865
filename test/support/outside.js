import { spawn } from 'node:child_process'
import { startAuthorizationServer } from '../../examples/demo/authorization-server.js'
import { giveConsent } from '../../examples/demo/give-consent.js'
import { introspectionAt, startMailProvider } from '../../examples/demo/mail-provider.js'
import { addMailbox, command, consentLink } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { writeSettings } from '../../examples/demo/stage.js'

// Everything outside postern (the provider, whoever consents, legacy software) as a process of its own, so that it can be where a
// postern in a container is: on the same loopback. `outside.ts` starts it and asks it, by messages.

/** @typedef {{ consent: { address: string, command: string[] }, send: { port: number, subject: string } }} Questions */

const [folder = '', webPort = ''] = process.argv.slice(2)
const authority = await startAuthorizationServer({
  redirectUris: [`http://localhost:${webPort}/oauth/callback`],
})
const mailProvider = await startMailProvider({ introspect: introspectionAt(authority) })
await writeSettings(folder, authority, mailProvider, {})

/** @type {import('../../examples/demo/mailbox.js').DemoMailbox | undefined} */
let mailbox

const answers = {
  /** A mailbox with a login, whose owner consents. @param {Questions['consent']} question */
  async consent({ address, command: words }) {
    const postern = /** @type {any} */ ({
      cli: (/** @type {string[]} */ ...more) => run([...words, ...more]),
    })
    mailbox = await addMailbox(postern, address)
    const page = await giveConsent(await consentLink(postern, address), { login: address })
    const { state } = await command(postern, 'mailbox', 'show', address)
    if (state !== 'active')
      throw new Error(`the mailbox is ${state} after the page ${page.status}: ${page.body}`)
    return state
  },
  /** What the provider got. @param {Questions['send']} question */
  async send({ port, subject }) {
    if (!mailbox) throw new Error('nobody has consented yet')
    const before = mailProvider.messages.length
    const { address: from } = mailbox
    await sendWithPassword(port, mailbox, { from, to: 'you@example.net', subject, text: 'Hello\n' })
    return mailProvider.messages.slice(before).map(({ account, raw }) => ({ account, raw: raw.toString() }))
  },
}

process.on(
  'message',
  async (/** @type {{ ask: keyof typeof answers, question: any }} */ { ask, question }) => {
    try {
      process.send?.({ answer: await answers[ask](question) })
    } catch (error) {
      process.send?.({ failed: error instanceof Error ? `${error.stack}` : `${error}` })
    }
  },
)
// With whoever has started it.
process.once('disconnect', () => process.exit(0))
process.send?.({ answer: 'ready' })

/** @param {string[]} words */
function run([program = '', ...words]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    for (const stream of /** @type {const} */ (['stdout', 'stderr']))
      child[stream].setEncoding('utf8').on('data', (text) => {
        said[stream] += text
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, ...said }))
  })
}
