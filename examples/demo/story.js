/** What the demo prints. Colours only where a person looks. */
const colour = process.stdout.isTTY && !process.env.NO_COLOR
const paint = /** @param {number} code */ (code) => /** @param {string} text */ (text) =>
  colour ? `\u001b[${code}m${text}\u001b[0m` : text
const bold = paint(1)
const dim = paint(2)
const green = paint(32)
const cyan = paint(36)

/** @param {string} [text] */
export function say(text = '') {
  console.log(text)
}

/** @param {string} text */
export function heading(text) {
  say()
  say(bold(text))
}

/** @param {string} text */
export function done(text) {
  say(`  ${green('✓')} ${text}`)
}

/** A dialogue or message, set off from the text. @param {string} title @param {string[]} lines */
export function exhibit(title, lines) {
  say()
  say(`  ${cyan(title)}`)
  for (const line of lines) say(`  ${dim('│')} ${line}`)
}

/**
 * @param {import('./stage.js').Stage} stage
 * @param {string} inboxUrl
 * @param {import('./mailbox.js').DemoMailbox} mailbox
 */
export function printOpening({ authority, mailProvider, postern }, inboxUrl, mailbox) {
  say(bold('postern: a legacy login becomes XOAUTH2'))
  say()
  say(`  legacy software    ${dim('── AUTH PLAIN, a local password ─▶')}  ${bold('postern')}`)
  say(`  ${bold('postern')}            ${dim('── XOAUTH2, a fresh bearer token ▶')}  mail provider`)
  heading('On this machine now, all with throw-away data')
  say(
    `  authorization server   ${authority.issuer}  ${dim('login and consent pages, PKCE, rotating refresh tokens')}`,
  )
  say(
    `  mail provider          ${mailProvider.host}:${mailProvider.port}  ${dim('TLS and XOAUTH2, nothing else')}`,
  )
  say(`  inbox                  ${inboxUrl}`)
  say(`  postern                127.0.0.1:${postern.smtpPort} (SMTP), ${postern.url} (pages)`)
  say(
    `  mailbox                ${mailbox.address}  ${dim('with a login for legacy software; no consent yet')}`,
  )
}

/**
 * @param {import('./stage.js').Stage} stage
 * @param {string} inboxUrl
 * @param {import('./mailbox.js').DemoMailbox} mailbox
 * @param {string} link
 * @param {string} signIn
 */
export function printReady({ postern }, inboxUrl, mailbox, link, signIn) {
  heading('1. Give the consent, in a browser')
  say(`  ${link}`)
  say(dim(`  Sign in as ${mailbox.address} with any password, then allow. The link works once.`))
  heading('2. Send a message as legacy software does')
  say(curlCommand(postern.smtpPort, mailbox))
  say()
  say(pythonCommand(postern.smtpPort, mailbox))
  heading('3. See it arrive')
  say(`  ${inboxUrl}`)
  heading('And the pages of postern')
  say(`  ${signIn}`)
  say(dim('  This link signs you in once, within 15 minutes.'))
  say()
  say(dim('  Ctrl-C ends the demo and removes its data.'))
  say()
}

/** @param {number} port @param {import('./mailbox.js').DemoMailbox} mailbox */
export function curlCommand(port, { address, user, password }) {
  return `printf 'From: ${address}\\r\\nTo: you@example.net\\r\\nSubject: Hello from curl\\r\\n\\r\\nHello!\\r\\n' | \\
  curl -sS --url smtp://127.0.0.1:${port} --user '${user}:${password}' \\
    --mail-from ${address} --mail-rcpt you@example.net --upload-file -`
}

/** @param {number} port @param {import('./mailbox.js').DemoMailbox} mailbox */
export function pythonCommand(port, { address, user, password }) {
  return `python3 -c "
import smtplib
with smtplib.SMTP('127.0.0.1', ${port}) as smtp:
    smtp.login('${user}', '${password}')
    smtp.sendmail('${address}', ['you@example.net'], 'Subject: Hello from Python\\r\\n\\r\\nHello!\\r\\n')
"`
}
