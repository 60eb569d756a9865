import { startInbox } from './inbox.js'
import { addMailbox, consentLink, signInLink } from './mailbox.js'
import { setStage } from './stage.js'
import { printOpening, printReady } from './story.js'
import { walkThrough } from './walk-through.js'

// npm run demo             leaves everything running, for you to click through
// npm run demo -- --auto   goes through it by itself, and ends

const autoSeconds = 60
const auto = process.argv.slice(2).includes('--auto')

/** @type {(() => unknown)[]} */
const closing = []
const interrupted = new Promise((resolve, reject) => {
  const end = () => (auto ? reject(new Error('It was interrupted')) : resolve(undefined))
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end)
})
const tooLong = new Promise((_resolve, reject) => {
  const message = `The demo was not through after ${autoSeconds} seconds`
  if (auto) setTimeout(() => reject(new Error(message)), (autoSeconds - 2) * 1000).unref()
})
// Nobody may be listening yet when they end.
for (const promise of [interrupted, tooLong]) promise.catch(() => {})

try {
  await run()
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
for (const end of closing.reverse()) await end()
process.exit()

async function run() {
  /** @type {(what: string) => void} */
  let tell = () => {}
  const stage = await setStage({
    smtpPort: 2587,
    webPort: 8587,
    onMessage: ({ sender, recipients }) =>
      tell(`A message from ${sender} to ${recipients.join(', ')} arrived.`),
    onTokenRequest: ({ grantType, status }) => tell(`Token request (${grantType}) answered with ${status}.`),
  })
  closing.push(stage.close)
  const inbox = await startInbox({ messages: stage.mailProvider.messages })
  closing.push(inbox.close)
  const mailbox = await addMailbox(stage.postern, 'me@example.com')
  const link = await consentLink(stage.postern, mailbox.address)

  printOpening(stage, inbox.url, mailbox)
  if (auto) return Promise.race([walkThrough(stage, mailbox, link), tooLong, interrupted])
  printReady(stage, inbox.url, mailbox, link, await signInLink(stage.postern))
  tell = (what) => console.log(`  ${new Date().toLocaleTimeString('en-GB')}  ${what}`)
  await interrupted
  console.log('\n  Cleaning up.')
}
