/**
 * Mailboxes, logins and API keys by the HTTP API of a running postern, as its administrator.
 *
 * @param {{ port: number, ownerKey: string }} access
 */
export function createAdministrator({ port, ownerKey }) {
  return {
    /** @param {string} address @param {string} provider @param {string} refreshToken */
    addMailbox: (address, provider, refreshToken) => post('mailboxes', { address, provider, refreshToken }),
    /** @param {string} address @param {object} wishes @returns {Promise<string>} its password */
    addLogin: async (address, wishes) => (await post(`mailboxes/${address}/logins`, wishes)).password,
    /** @param {string} scope @returns {Promise<string>} */
    addApiKey: async (scope) => (await post('api-keys', { scopes: [scope] })).key,
  }

  /** @param {string} path @param {object} body */
  async function post(path, body) {
    const response = await fetch(`http://localhost:${port}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ownerKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`postern answers ${response.status} to ${path}: ${text}`)
    return JSON.parse(text)
  }
}
