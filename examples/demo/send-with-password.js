import nodemailer from 'nodemailer'

/**
 * Sends one message as legacy software does: plain SMTP on loopback, AUTH PLAIN with the local password.
 * @param {number} port
 * @param {import('./mailbox.js').DemoMailbox} mailbox
 * @param {import('nodemailer').SendMailOptions} message
 * @returns {Promise<string[]>} the dialogue, credentials hidden
 */
export async function sendWithPassword(port, mailbox, message) {
  /** @type {string[]} */
  const dialogue = []
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    secure: false,
    ignoreTLS: true,
    authMethod: 'PLAIN',
    auth: { user: mailbox.user, pass: mailbox.password },
    logger: /** @type {any} */ (dialogueLog(dialogue)),
    debug: true,
  })
  await transport.sendMail(message)
  transport.close()
  return dialogue
}

/** nodemailer logs the dialogue with credentials taken out. @param {string[]} dialogue */
function dialogueLog(dialogue) {
  const ignore = () => {}
  /** @param {{ tnx?: string }} entry @param {string} text @param {unknown[]} values */
  const debug = (entry, text, ...values) => {
    const line = values.reduce(
      (/** @type {string} */ filled, value) => filled.replace('%s', String(value)),
      text,
    )
    if (entry.tnx === 'client') dialogue.push(`client  > ${line.replace(/^(AUTH \S+) .*/, '$1 [hidden]')}`)
    if (entry.tnx === 'server') dialogue.push(...line.split(/\r?\n/).map((reply) => `postern < ${reply}`))
    // Logged in pieces; it is shown where it arrives.
    const message = 'client  > [the message]'
    if (entry.tnx === 'message' && !dialogue.includes(message)) dialogue.push(message)
  }
  return { level: ignore, trace: ignore, debug, info: debug, warn: ignore, error: ignore, fatal: ignore }
}
