import { plain } from './made-part.js'

/** What the first part of an id is about, in the order of the page. */
const subjects = {
  postern: 'postern itself',
  network: 'Connections to other servers',
  proxy: 'The proxy on the way',
  address: 'Addresses and networks that are given',
  upstream: "The provider's mail server",
  sending: 'What may leave, and when',
  provider: 'Providers and their endpoints',
  registration: 'App registrations',
  exchange: 'Scripts for Exchange Online',
  token: 'Access tokens',
  grant: 'Grants',
  consent: 'Consents',
  mailbox: 'Mailboxes',
  notice: 'Notices',
  login: 'Logins',
  'api-key': 'API keys',
  password: 'Passwords',
  'sign-in': 'Signing in to send',
  sender: 'Senders',
  limits: 'Limits of logins and API keys',
  approval: 'Messages that need approval',
  data: 'The data directory',
  backup: 'Backups',
  copy: 'Copies of the whole store',
  keyring: 'Replacing the key',
  database: 'The database',
  key: 'Keys',
  certificate: 'Certificates',
  listen: 'Ports',
  web: 'Requests over HTTP',
  page: 'The pages',
  journal: 'The journal',
  trace: 'Traces',
  command: 'The command',
  service: 'A service of the machine',
  import: 'Moving in',
  export: 'Tokens in files of other programs',
  doctor: 'What `postern doctor` finds',
}

/**
 * Every failure of the catalogue, below a heading for each subject.
 * @param {Readonly<Record<string, { code: string, message: string, fix?: string }>>} catalogue
 */
export function errorsPart(catalogue) {
  const entries = Object.entries(catalogue)
  const strange = entries.filter(([id]) => !Object.hasOwn(subjects, subjectOf(id)))
  if (strange.length > 0)
    throw new Error(`no title for the subject of ${strange.map(([id]) => id).join(', ')}`)
  const sections = Object.entries(subjects).map(([subject, title]) => {
    const own = entries.filter(([id]) => subjectOf(id) === subject)
    return own.length === 0 ? '' : `\n## ${title}\n\n${own.map(entryText).join('\n')}`
  })
  return sections.join('')
}

/** @param {string} id */
function subjectOf(id) {
  return id.slice(0, id.indexOf('.'))
}

/** @param {[string, { code: string, message: string, fix?: string }]} entry */
function entryText([id, { code, message, fix }]) {
  const what = `- \`${id}\` (${code}): ${plain(message)}.`
  return fix === undefined ? `${what}\n` : `${what}\n  *Fix:* ${plain(fix)}\n`
}
