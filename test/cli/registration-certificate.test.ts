import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientId, type Entra, objectId, startEntra, tenant } from '../providers/entra-stand-in.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let entra: Entra
let stage: CommandStage

beforeEach(async () => {
  entra = await startEntra({ now: Date.now })
  stage = await setCommandStage()
})
afterEach(async () => {
  await stage.close()
  await entra.close()
  expect(entra.mistakes).toEqual([])
})

async function run(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await stage.postern(words)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

const certificate = (...options: string[]) => run('registration', 'certificate', 'ours', ...options)

async function addRegistration(): Promise<void> {
  const tokenEndpoint = `${entra.origin}/${tenant}/oauth2/v2.0/token`
  await run(
    ...['registration', 'add', 'ours', '--preset', 'microsoft', '--tenant', tenant, '--client-id', clientId],
    ...['--token-endpoint', tokenEndpoint, '--graph-endpoint', entra.origin],
  )
}

describe('postern registration certificate', () => {
  it.each([true, false])(
    'goes from nothing to an access token, and renews it (postern runs: %s)',
    async (runs) => {
      await stage.makeStore()
      if (runs) await stage.serve()
      await addRegistration()
      const pem = await certificate('--object-id', objectId, '--pem')
      expect(new X509Certificate(pem).subject).toBe(`CN=postern ${clientId}`)
      entra.upload(pem)
      expect(await run('registration', 'check', 'ours')).toContain('accepts the client')
      const first = entra.thumbprints()[0]
      const text = await certificate()
      expect(text).toContain(`in use       thumbprint ${first}, ends on `)
      expect(text).toContain(pem)
      expect(text).not.toContain('PRIVATE')
      // The next one, ahead of time: made, registered with the proof of the first, and in use.
      const { inUse } = JSON.parse(await certificate('--renew', '--try', '--json'))
      expect(entra.thumbprints()).toEqual([first, inUse.thumbprint])
      expect(await run('registration', 'check', 'ours')).toContain('accepts the client')
      expect(entra.done).not.toContain('token refused')
    },
  )

  it('says for which registrations there is none', async () => {
    await stage.makeStore()
    const { code, stderr } = await stage.postern(['registration', 'certificate', 'google'])
    expect(code).toBe(1)
    expect(stderr).toContain('There is no registration "google" whose certificate postern could keep')
  })
})
