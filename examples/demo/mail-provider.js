import { SMTPServer } from 'smtp-server'
import { mailScope } from './authorization-server.js'
import { loopbackCertificate } from './certificate.js'

/**
 * A mail provider's submission server on loopback: TLS or nothing, XOAUTH2 or nothing. It asks the authorization server whether a token
 * is live, carries the mail scope and belongs to the user who is named. What it takes it keeps in memory.
 *
 * @typedef {object} Options
 * @property {number} [port] 0 (default): a free one
 * @property {'starttls' | 'implicit'} [tls] STARTTLS by default
 * @property {(token: string) => Promise<{ active: boolean, sub?: string, scope?: string }>} introspect
 * @property {(message: Received) => void} [onMessage]
 *
 * @typedef {object} Received
 * @property {string} account who signed in
 * @property {string} sender
 * @property {string[]} recipients
 * @property {Buffer} raw the message, octet for octet, dot-stuffing undone
 * @property {Date} at
 *
 * @typedef {Awaited<ReturnType<typeof startMailProvider>>} MailProvider
 *
 * @param {Options} options
 */
export async function startMailProvider(options) {
  const certificate = await loopbackCertificate()
  const tls = options.tls ?? 'starttls'
  /** @type {Received[]} */
  const messages = []
  /** @type {string[]} */
  const dialogue = []
  /** @type {{ account: string, accepted: boolean }[]} */
  const signIns = []

  const server = new SMTPServer({
    name: 'smtp.example.test',
    banner: 'Example Mail',
    secure: tls === 'implicit',
    key: certificate.key,
    cert: certificate.certificate,
    authMethods: ['XOAUTH2'],
    size: 35 * 1024 * 1024,
    hideDSN: false,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: dialogueLog(dialogue),
    onAuth(auth, _session, answer) {
      judge(auth, options.introspect).then((refusal) => {
        signIns.push({ account: auth.username ?? '', accepted: !refusal })
        answer(null, refusal ? { data: refusal } : { user: auth.username })
      }, answer)
    },
    onData(stream, session, answer) {
      /** @type {Buffer[]} */
      const chunks = []
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const message = {
          account: String(session.user),
          sender: mailFrom ? mailFrom.address : '',
          recipients: rcptTo.map((recipient) => recipient.address),
          raw: Buffer.concat(chunks),
          at: new Date(),
        }
        messages.push(message)
        options.onMessage?.(message)
        answer(null, 'Your message is in the inbox')
      })
    },
  })
  // A client that goes away in the middle is no reason to end the demo.
  server.on('error', (error) => dialogue.push(`       ${error.message}`))
  const port = await listen(server, options.port ?? 0)

  return {
    host: '127.0.0.1',
    port,
    tls,
    /** PEM of the authority that a client has to trust. */
    ca: certificate.ca,
    messages,
    /** Both sides' lines, without what proves an identity. */
    dialogue,
    /** Every AUTH, in order. */
    signIns,
    /** @returns {Promise<void>} */
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/**
 * What is wrong with these credentials, in the form of the JSON of a 334 refusal; undefined when nothing is.
 * @param {{ username?: string | undefined, accessToken?: string | undefined }} auth
 * @param {Options['introspect']} introspect
 */
async function judge(auth, introspect) {
  const token = await introspect(auth.accessToken ?? '')
  if (!token.active || token.sub?.toLowerCase() !== auth.username?.toLowerCase()) return refusal('401')
  return token.scope?.split(' ').includes(mailScope) ? undefined : refusal('403')
}

/** @param {string} status */
function refusal(status) {
  return { status, schemes: 'bearer', scope: mailScope }
}

/**
 * Asks by RFC 7662 as the client `mail-provider`.
 * @param {import('./authorization-server.js').AuthorizationServer} authority
 * @returns {Options['introspect']}
 */
export function introspectionAt(authority) {
  const { id, secret } = authority.clients.mailProvider
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  return async (token) => {
    const response = await fetch(authority.endpoints.introspection, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ token }),
    })
    return response.ok ? /** @type {any} */ (await response.json()) : { active: false }
  }
}

/**
 * smtp-server logs the dialogue with credentials taken out; this keeps the lines in the form of our dialogue files.
 * @param {string[]} dialogue
 */
function dialogueLog(dialogue) {
  const ignore = () => {}
  /** @param {{ tnx?: string }} entry @param {string} [text] @param {unknown[]} values */
  const debug = (entry, text, ...values) => {
    if (entry.tnx === 'command') dialogue.push(`postern > ${values[0]}`.replace('/* secured */', '[hidden]'))
    if (entry.tnx === 'send')
      dialogue.push(
        ...String(values[0])
          .split('\r\n')
          .map((line) => `provider< ${line}`),
      )
    if (entry.tnx === 'data') dialogue.push(`postern > [the message, ${values[0]} octets]`)
    if (text?.startsWith('Connection upgraded')) dialogue.push('        = TLS from here on =')
  }
  return { level: ignore, trace: ignore, debug, info: debug, warn: ignore, error: ignore, fatal: ignore }
}

/** @param {SMTPServer} server @param {number} port @returns {Promise<number>} */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
