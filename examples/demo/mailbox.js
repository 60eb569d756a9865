/** @typedef {{ address: string, user: string, password: string }} DemoMailbox */

/**
 * Adds a mailbox and a login for it, by the command.
 * @param {import('./postern-process.js').Postern} postern
 * @param {string} address
 * @returns {Promise<DemoMailbox>}
 */
export async function addMailbox(postern, address) {
  await command(postern, 'mailbox', 'add', address, '--provider', 'example')
  const added = await command(postern, 'login', 'add', address, '--name', 'Demo')
  return { address, user: added.login.userName, password: added.password }
}

/**
 * A one-use link for the consent of a mailbox.
 * @param {import('./postern-process.js').Postern} postern
 * @param {string} address
 * @returns {Promise<string>}
 */
export async function consentLink(postern, address) {
  return (await command(postern, 'consent', address)).url
}

/**
 * A one-use link that signs a browser in to the pages.
 * @param {import('./postern-process.js').Postern} postern
 * @returns {Promise<string>}
 */
export async function signInLink(postern) {
  return (await command(postern, 'sign-in')).url
}

/**
 * Runs a verb with `--json` and reads its answer.
 * @param {import('./postern-process.js').Postern} postern
 * @param {string[]} words
 */
export async function command(postern, ...words) {
  const { code, stdout, stderr } = await postern.cli(...words, '--json')
  if (code !== 0)
    throw new Error(`postern ${words.join(' ')} ended with ${code}: ${(stderr || stdout).trim()}`)
  return JSON.parse(stdout)
}
