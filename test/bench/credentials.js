// What everybody of the bench knows: the mailbox, and the tokens of its provider.
export const mailbox = 'bench@example.com'
export const refreshToken = 'bench-refresh-token'
/** As long as those of large providers. */
export const accessToken = `bench-${'t'.repeat(1400)}`

/** The initial response of XOAUTH2. */
export function bearer(user, token) {
  return base64(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`)
}

/** The initial response of PLAIN (RFC 4616). */
export function plain(user, password) {
  return base64(`\u0000${user}\u0000${password}`)
}

function base64(text) {
  return Buffer.from(text, 'utf8').toString('base64')
}
