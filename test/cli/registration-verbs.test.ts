import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { providerAt, startTokenEndpoint, type TokenEndpoint } from '../providers/token-endpoint.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage
let endpoint: TokenEndpoint

beforeEach(async () => {
  endpoint = await startTokenEndpoint()
  stage = await setCommandStage()
})
afterEach(async () => {
  await stage.close()
  await endpoint.close()
})

async function run(words: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await stage.postern(['registration', ...words], input)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

async function refused(words: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await stage.postern(['registration', ...words], input)
  expect({ isRefused: code !== 0, stdout }).toEqual({ isRefused: true, stdout: '' })
  return stderr
}

const ours = () => [
  'add',
  'ours',
  ...['--name', 'Our mail', '--client-id', 'our-client'],
  ...['--authorization-endpoint', `${endpoint.origin}/authorize`],
  ...['--token-endpoint', providerAt(endpoint.origin).oauth.tokenEndpoint ?? ''],
  ...['--scope', 'mail.send', '--smtp', 'smtp.example.com:465', '--mechanism', 'XOAUTH2'],
  ...['--connections', '3', '--refused-recipients', '20/100', '--refresh-margin', '300'],
  ...['--authorization-parameter', 'prompt=consent=always', '--proxy', 'direct'],
  ...['--client-secret-file', '-', '--secret-expires', '2031-01-31'],
]

describe.each(['in the store itself', 'of the postern that runs'])('postern registration, %s', (where) => {
  beforeEach(async () => {
    if (where === 'of the postern that runs') await stage.serve()
  })

  it('add takes every field as an option and the secret from standard input; show has all but the secret', async () => {
    const added = await run(ours(), 'the-first-secret\n')
    expect(added).toContain('secret 1                set, ends on 2031-01-31, added on ')
    expect(added).toContain(
      'Next: postern registration check ours, then: postern mailbox add ADDRESS --provider ours\n',
    )
    const shown = await run(['show', 'ours'])
    for (const line of [
      /^registration +ours$/m,
      /^from +the store$/m,
      /^client id +our-client$/m,
      /^parameter +prompt=consent=always$/m,
      /^smtp +smtp\.example\.com:465 implicit$/m,
      /^connections +3$/m,
      /^refused recipients +20\/100$/m,
      /^refresh margin +300$/m,
      /^proxy +direct$/m,
      /^authenticates +client_secret_basic$|^authenticates +client_secret_post$/m,
    ])
      expect(shown).toMatch(line)
    expect(added + shown + (await run(['list', '--json']))).not.toContain('the-first-secret')
  })

  it('a second secret follows the first, which is taken out by its place', async () => {
    await run(ours(), 'the-first-secret')
    const changed = await run(
      ['set', 'ours', '--add-client-secret-file', '-', '--secret-expires', '2032-01-31'],
      'second',
    )
    expect(changed).toBe('Changed of ours: client secrets. It counts from now on, without a restart.\n')
    expect(JSON.parse(await run(['show', 'ours', '--json'])).clientSecrets).toMatchObject([
      { place: 1, expires: '2031-01-31' },
      { place: 2, expires: '2032-01-31' },
    ])
    await run(['set', 'ours', '--remove-client-secret', '1'])
    expect(JSON.parse(await run(['show', 'ours', '--json'])).clientSecrets).toMatchObject([
      { expires: '2032-01-31' },
    ])
  })

  it('a limit that is not given stays, and a field is taken away by its name', async () => {
    await run(ours(), 'the-first-secret')
    await run(['set', 'ours', '--messages-per-minute', '30', '--unset', 'refreshMargin', '--unset', 'proxy'])
    const { fields } = JSON.parse(await run(['show', 'ours', '--json']))
    expect(fields.limits).toEqual({
      connections: 3,
      messagesPerMinute: 30,
      refusedRecipients: { refused: 20, of: 100 },
    })
    expect(fields).not.toHaveProperty('refreshMargin')
    expect(fields).not.toHaveProperty('proxy')
  })

  it('list shows those of the settings and those of the store, each with where it comes from', async () => {
    await run(ours(), 'the-first-secret')
    const list = await run(['list'])
    expect(list).toMatch(/^google +Gmail.* +the settings \(POSTERN_GOOGLE_CLIENT_ID\) +1-a\.apps/m)
    expect(list).toMatch(/^ours +Our mail +the store +our-client +2031-01-31 +0$/m)
    const providers = await stage.postern(['provider', 'list'])
    expect(providers.stdout).toMatch(/^ours +Our mail +yes +own/m)
    expect((await stage.postern(['provider', 'show', 'ours'])).stdout).toMatch(
      /^registered +yes, by the store/m,
    )
  })

  it('what the settings have is refused with both named, and is not changed here', async () => {
    expect(await refused(['add', 'google', '--client-id', 'mine'])).toContain(
      'There cannot be a stored registration "google": the settings have one with this id (POSTERN_GOOGLE_CLIENT_ID)',
    )
    expect(await refused(['set', 'google', '--client-id', 'mine'])).toContain('comes from the settings')
    expect(await refused(['remove', 'google'])).toContain('comes from the settings')
  })

  it('every mistake is named with its field', async () => {
    expect(
      await refused([
        'add',
        'ours',
        '--preset',
        'microsoft',
        '--cloud',
        'china',
        '--tenant',
        'contoso.example',
      ]),
    ).toContain('tenant: must be the tenant ID (a GUID) in this cloud; clientId: is missing')
  })

  it('remove is refused while mailboxes use it, names them, and is done with --force', async () => {
    await run(ours(), 'the-first-secret')
    await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'ours'])
    expect(await refused(['remove', 'ours'])).toContain(
      'Mailboxes use the registration "ours" (1): me@example.com',
    )
    expect(await run(['remove', 'ours', '--force'])).toContain('keep their consents: me@example.com')
    expect(await refused(['show', 'ours'])).toContain('There is no registration "ours"')
  })

  it('check asks the provider as the client', async () => {
    await run(ours(), 'the-first-secret')
    endpoint.answer({ status: 400, json: { error: 'invalid_grant' } })
    expect(await run(['check', 'ours'])).toContain('good   Our mail accepts the client.')
    expect(
      endpoint.requests.at(-1)?.form.client_secret ?? endpoint.requests.at(-1)?.headers.authorization,
    ).toBeDefined()
  })

  it('a certificate is read from its files', async () => {
    const { pem, keyPem } = await clientCertificate('ec')
    const files = { certificate: join(stage.folder, 'app.pem'), key: join(stage.folder, 'key.pem') }
    await writeFile(files.certificate, pem)
    await writeFile(files.key, keyPem, { mode: 0o600 })
    const words = ['add', 'microsoft', '--client-id', 'mine', '--tenant', 'contoso.example']
    const added = await run([...words, '--certificate-file', files.certificate, '--key-file', files.key])
    expect(added).toMatch(/^certificate +ends on 2031-01-01, SHA-256 /m)
    expect(added).toMatch(/^authenticates +private_key_jwt$/m)
  })
})

it('doctor asks the provider of a stored registration, and takes it for one that is set up', async () => {
  await stage.close()
  stage = await setCommandStage({ POSTERN_GOOGLE_CLIENT_ID: undefined })
  await stage.postern(['registration', ...ours()], 'the-first-secret')
  endpoint.answer({ status: 401, json: { error: 'invalid_client' } })
  const { code, stdout } = await stage.postern(['doctor', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(stdout).fault).toMatchObject({
    about: 'ours',
    step: 'client',
    id: 'registration.client-refused',
  })
})

it('the secrets of a stored registration stay where they are, also for a look at a token', async () => {
  await run(ours(), 'the-first-secret')
  const { stdout } = await stage.postern(['provider', 'show', 'ours', '--ask'])
  expect(stdout).toContain('The secrets of the registration "ours" are in the store')
  expect(endpoint.requests).toEqual([])
})

it('a person types the secret, and nothing of it is shown', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, modes: [] as boolean[] })
  const terminal = Object.assign(stdin, { setRawMode: (on: boolean) => stdin.modes.push(on) })
  const typing = stage.postern(['registration', ...ours()], terminal, (shown) => {
    if (shown.endsWith(': ')) stdin.write('the-wromg\u007f\u007fng\u007f-typed-secret\r')
  })
  const { code, stdout, stderr } = await typing
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'Secret (nothing of it is shown): \n' })
  expect(stdin.modes).toEqual([true, false])
  expect(stdout).not.toContain('typed')
})
