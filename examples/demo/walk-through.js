import { createBrowser } from './browser.js'
import { giveConsent } from './give-consent.js'
import { command } from './mailbox.js'
import { sendWithPassword } from './send-with-password.js'
import { done, exhibit, heading, say } from './story.js'

/**
 * The whole demo without a person: consent over HTTP, one message by AUTH PLAIN, and what both sides said.
 * @param {import('./stage.js').Stage} stage
 * @param {import('./mailbox.js').DemoMailbox} mailbox
 * @param {string} link
 * @throws when anything is not as it should be
 */
export async function walkThrough(stage, mailbox, link) {
  heading('1. The consent, once, in a browser (here: by HTTP)')
  await consent(stage, mailbox, link)

  heading('2. A message from legacy software')
  const message = {
    from: mailbox.address,
    to: 'you@example.net',
    subject: 'Hello through the gate',
    text: 'Sent with AUTH PLAIN and a local password.\nArrived with XOAUTH2 and a fresh bearer token.\n',
  }
  const before = stage.mailProvider.dialogue.length
  const client = await sendWithPassword(stage.postern.smtpPort, mailbox, message)
  exhibit('legacy software and postern', client)
  exhibit('postern and the mail provider', stage.mailProvider.dialogue.slice(before))

  heading('3. What the mail provider received')
  const received = stage.mailProvider.messages.at(-1)
  if (!received) throw new Error('postern said that the message was sent, but the mail provider has none')
  exhibit(`from ${received.account}, signed in with XOAUTH2`, received.raw.toString().trimEnd().split('\r\n'))
  say()
  done('An old password went in, a bearer token came out.')
}

/** @param {import('./stage.js').Stage} stage @param {import('./mailbox.js').DemoMailbox} mailbox @param {string} link */
async function consent({ postern }, mailbox, link) {
  /** @type {string[]} */
  const steps = []
  const browser = createBrowser({
    onAnswer: ({ url, status }) => steps.push(`${status} ${withoutSecrets(url)}`),
  })
  const end = await giveConsent(link, { login: mailbox.address }, browser)
  exhibit('the pages on the way', steps)
  say()
  const { state } = await command(postern, 'mailbox', 'show', mailbox.address)
  if (state !== 'active')
    throw new Error(`The consent ended on a page with status ${end.status}, the mailbox is ${state}`)
  done(`${mailbox.address} may send: its refresh token is sealed in postern's store`)
}

/** The path with what identifies a consent taken out. @param {URL} url */
function withoutSecrets(url) {
  const path = url.pathname.replace(/[\w-]{16,}/g, '[hidden]')
  const names = [...url.searchParams.keys()]
  return `${url.origin}${path}${names.length ? ` (${names.join(', ')})` : ''}`
}
