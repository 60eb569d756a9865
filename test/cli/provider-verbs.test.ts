import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { providerAt, startTokenEndpoint, type TokenEndpoint, tokens } from '../providers/token-endpoint.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

const tenant = '11111111-2222-3333-4444-555555555555'
const app = '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab'
let stage: CommandStage
let endpoint: TokenEndpoint

beforeEach(async () => {
  endpoint = await startTokenEndpoint()
  stage = await setCommandStage({
    POSTERN_MICROSOFT_CLIENT_ID: app,
    POSTERN_MICROSOFT_TENANT: tenant,
    POSTERN_PROVIDERS_FILE: 'providers.json',
  })
  const entra = {
    id: 'ours',
    preset: 'microsoft',
    tenant,
    clientId: app,
    clientSecret: 'the-secret-of-the-app',
    tokenEndpoint: providerAt(endpoint.origin).oauth.tokenEndpoint,
  }
  await writeFile(join(stage.folder, 'providers.json'), JSON.stringify({ providers: [entra] }), {
    mode: 0o600,
  })
})
afterEach(async () => {
  await stage.close()
  await endpoint.close()
})

const run = async (...words: string[]) => {
  const { code, stdout, stderr } = await stage.postern(['provider', ...words])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}
const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

describe('postern provider', () => {
  it('list prints every provider with how well it is known, and those that are not possible', async () => {
    const text = await run('list')
    expect(text).toMatch(/^microsoft +Microsoft 365 \(work or school\) +yes +documented/m)
    expect(text).toMatch(/^yahoo +Yahoo Mail +no +restricted +authorization-code$/m)
    expect(text).toMatch(/iCloud Mail: Apple has no OAuth for mail/)
    const { providers, withoutOAuth } = JSON.parse(await run('list', '--json'))
    expect(providers).toHaveLength(17)
    expect(withoutOAuth).toHaveLength(3)
  })

  it('list --for suggests one by the domain', async () => {
    expect(await run('list', '--for', 'me@yahoo.com')).toContain('Next: postern provider show yahoo\n')
    // One that is set up already.
    expect(await run('list', '--for', 'me@gmail.com')).toContain(
      'Next: postern mailbox add me@gmail.com --provider google\n',
    )
    expect(await run('list', '--for', 'me@icloud.com')).toContain('Apple has no OAuth for mail')
  })

  it('show prints the exact redirect URI, the steps, and PowerShell with the ids and the mailbox filled in', async () => {
    const text = await run('show', 'microsoft', '--mailbox', 'billing@example.com')
    expect(text).toMatch(/redirect URI +http:\/\/localhost:\d+\/oauth\/callback/)
    expect(text).toContain(`Connect-ExchangeOnline -Organization '${tenant}'`)
    expect(text).toContain(
      `New-ServicePrincipal -AppId '${app}' -ObjectId '<OBJECT ID OF THE ENTERPRISE APPLICATION>'`,
    )
    expect(text).toContain("-Role 'Application SMTP.SendAsApp'")
    expect(text).toContain("Set-CASMailbox -Identity 'billing@example.com'")
  })

  it('show --ask fills in the object id that an access token of the app says, and raises what it says otherwise', async () => {
    const oid = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
    const claims = { aud: 'https://outlook.office365.com', tid: tenant, appid: app, oid }
    endpoint.answer(tokens(token(claims)))
    const text = await run('show', 'ours', '--ask')
    expect(text).toContain(`-ObjectId '${oid}'`)
    expect(text).toContain('Doubt: The token has no role SMTP.SendAsApp')
    endpoint.answer(tokens(token({ ...claims, aud: 'https://graph.microsoft.com' })))
    const { token: checked } = JSON.parse(await run('show', 'ours', '--ask', '--json'))
    expect(checked.mistake.what).toContain('Microsoft Graph')
  })

  it('show --ask says why no token could be had, without the secret', async () => {
    const error_description = 'AADSTS7000215: Invalid client secret: the-secret-of-the-app'
    endpoint.answer({ status: 401, json: { error: 'invalid_client', error_description } })
    const text = await run('show', 'ours', '--ask')
    expect(text).toContain('Wrong: invalid_client: AADSTS7000215')
    expect(text).not.toContain('the-secret-of-the-app')
  })

  it('a provider is suggested where a mailbox is added without one, and not taken by itself', async () => {
    const { code, stderr } = await stage.postern(['mailbox', 'add', 'me@gmail.com'])
    expect(code).toBe(2)
    expect(stderr).toContain('--provider google may be the one: me@gmail.com seems to be at Gmail')
    expect(readdirSync(join(stage.folder, 'data'))).toEqual([])
  })

  it('script writes one file of PowerShell for exactly the mailboxes, with the object id that a token says', async () => {
    const oid = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
    endpoint.answer(tokens(token({ aud: 'https://outlook.office365.com', tid: tenant, appid: app, oid })))
    const words = [
      'script',
      'ours',
      '--app-only',
      '--mailbox',
      'a@example.com',
      '--mailbox',
      "b'@example.com",
    ]
    const text = await run(...words, '--ask')
    expect(text.startsWith('<#\r\n')).toBe(true)
    expect(text).toContain("$Mailboxes = @(\r\n  'a@example.com'\r\n  'b''@example.com'\r\n)\r\n")
    expect(text).toContain(`$ClientId = '${app}'\r\n$KnownObjectId = '${oid}'\r\n$AppOnly = $true\r\n`)
    const { script } = JSON.parse(await run(...words, '--object-id', oid, '--json'))
    expect(script).toBe(text)
    expect(await run('script', 'microsoft-china', '--mailbox', 'a@example.com')).toContain(
      "$Environment = 'O365China'\r\n",
    )
  })

  it.each([
    [['script', 'google', '--mailbox', 'a@example.com'], 'not set up by Exchange Online'],
    [['script', 'ours', '--mailbox', '*@example.com'], 'not one mailbox'],
    [['script', 'microsoft-china', '--app-only', '--mailbox', 'a@example.com'], 'no app registration'],
    [['script', 'gmial', '--mailbox', 'a@example.com'], 'Use one of microsoft'],
  ])('%j says what it needs', async (words, message) => {
    const { code, stdout, stderr } = await stage.postern(['provider', ...words])
    expect(code).toBeGreaterThan(0)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('show of another name says which providers there are', async () => {
    const { code, stderr } = await stage.postern(['provider', 'show', 'gmial'])
    expect(code).toBe(1)
    expect(stderr).toContain('Use one of microsoft')
  })

  it('show prints the lines to copy, and for which file', async () => {
    expect(await run('show', 'microsoft')).toContain('  POSTERN_MICROSOFT_CLIENT_SECRET=your-client-secret\n')
    const yahoo = await run('show', 'yahoo')
    expect(yahoo).toContain('  POSTERN_PROVIDERS_FILE=./providers.json\n')
    expect(yahoo).toContain('"preset": "yahoo"')
  })

  it('check looks at what is set, here or by the postern that runs', async () => {
    endpoint.answer(tokens('one'))
    expect(await run('check', 'ours')).toMatch(
      /^good {3}The settings.*\n\? {6}No postern is running.*[\s\S]*\ngood {3}Microsoft 365.* accepts the client/,
    )
    await stage.serve()
    endpoint.answer({ status: 401, json: { error: 'invalid_client', error_description: 'AADSTS7000215' } })
    const { code, stdout } = await stage.postern(['provider', 'check', 'ours'])
    expect(stdout).toMatch(/good {3}The postern that runs was started with these settings/)
    expect(stdout).toMatch(/WRONG {2}Microsoft 365.* refuses the client: .*AADSTS7000215/)
    expect(code).toBe(1)
  })
})
