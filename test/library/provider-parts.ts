import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAuthorizationServer } from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'
import { freePort } from '../../examples/demo/free-port.js'
import { introspectionAt, startMailProvider } from '../../examples/demo/mail-provider.js'
import { providerEntry } from '../../examples/demo/stage.js'

/** A provider on loopback, a folder with the settings that name it, and a port for a program that has the broker inside. */
export async function setProviderParts() {
  const folder = await mkdtemp(join(tmpdir(), 'postern-library-'))
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const redirectUris = [`${publicUrl}/oauth/callback`]
  const authority = await startAuthorizationServer({ redirectUris })
  const mailProvider = await startMailProvider({ introspect: introspectionAt(authority) })
  const files = { providers: join(folder, 'providers.json'), ca: join(folder, 'ca.pem') }
  const providers = { providers: [providerEntry(authority, mailProvider)] }
  await writeFile(files.providers, JSON.stringify(providers), { mode: 0o600 })
  await writeFile(files.ca, mailProvider.ca)
  return {
    ...{ folder, port, publicUrl, authority, mailProvider, files },
    settings: { POSTERN_PROVIDERS_FILE: files.providers },
    async close() {
      await mailProvider.close()
      await authority.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Signs in and consents at the provider, and gives the address that it leads back to, where nobody listens. */
export async function consentAt(url: string, login: string, back: string): Promise<string> {
  let callback: string | undefined
  const browser = createBrowser({
    onAnswer({ headers }) {
      const onward = headers.get('location') ?? ''
      if (!onward.startsWith(back)) return
      callback = onward
      throw new Error('back at the program')
    },
  })
  try {
    let page = await browser.open(url)
    for (let step = 0; step < 3; step++) {
      const fields = page.body.includes('name="login"') ? { login, password: 'any' } : {}
      page = await browser.submit(page, fields)
    }
  } catch (error) {
    if (callback === undefined) throw error
  }
  if (callback === undefined) throw new Error('the provider did not lead back')
  return callback
}
