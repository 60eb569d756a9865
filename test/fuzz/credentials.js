import { createHmac } from 'node:crypto'

/**
 * What stands for credentials in a plan: `{plain data}`, `{user data}`, `{password data}`, `{xoauth2 data}`, `{oauthbearer data}`,
 * `{cram-md5 data}` (the answer to the last challenge), each in base64; `data` names a login. Passwords are made anew in every
 * run, so a plan can be kept without them.
 *
 * @typedef {{ user: string, password: string, apiKey: string }} Login
 */
const placeholder = /\{(plain|user|password|xoauth2|oauthbearer|cram-md5) ([a-z0-9-]+)\}/g

/**
 * @param {Buffer} octets
 * @param {ReadonlyMap<string, Login>} logins
 * @param {string} lastReply
 */
export function fillIn(octets, logins, lastReply) {
  const text = octets.toString('latin1')
  if (!text.includes('{')) return octets
  const filled = text.replace(placeholder, (whole, kind, name) => {
    const login = logins.get(name)
    return login ? Buffer.from(forms[kind]?.(login, lastReply) ?? '').toString('base64') : whole
  })
  return filled === text ? octets : Buffer.from(filled, 'latin1')
}

/** @type {Record<string, (login: Login, lastReply: string) => string>} */
const forms = {
  plain: ({ user, password }) => `\0${user}\0${password}`,
  user: ({ user }) => user,
  password: ({ password }) => password,
  xoauth2: ({ user, apiKey }) => `user=${user}\x01auth=Bearer ${apiKey}\x01\x01`,
  oauthbearer: ({ user, apiKey }) => `n,a=${user},\x01auth=Bearer ${apiKey}\x01\x01`,
  'cram-md5': ({ user, password }, lastReply) => {
    const challenge = Buffer.from(lastReply.slice(4), 'base64')
    return `${user} ${createHmac('md5', password).update(challenge).digest('hex')}`
  },
}
