import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage

beforeEach(async () => {
  stage = await setCommandStage()
})
afterEach(() => stage.close())

describe('postern tls make', () => {
  it('the command makes what the settings then take, in the data directory', async () => {
    const outcome = await stage.postern(['tls', 'make', '--name', 'mail.example.com', '--json'])
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    const made = JSON.parse(outcome.stdout)
    expect(made).toMatchObject({
      certFile: join(stage.folder, 'data/tls/server.pem'),
      keyFile: join(stage.folder, 'data/tls/server-key.pem'),
      caFile: join(stage.folder, 'data/tls/ca.pem'),
      caMade: true,
    })
    expect(made.names).toContain('mail.example.com')
    expect(await readFile(made.caFile, 'utf8')).toContain('BEGIN CERTIFICATE')
  })

  it('the command says what to put into the settings, and how each client is told to trust it', async () => {
    const { stdout } = await stage.postern(['tls', 'make'])
    expect(stdout).toContain(`POSTERN_TLS_CERT_FILE=${stage.folder}/data/tls/server.pem`)
    for (const who of [
      'update-ca-certificates',
      'update-ca-trust',
      'certutil',
      'security add-trusted-cert',
      '--cacert',
      'tls_trust_file',
      'smtp_tls_CAfile',
      'PHPMailer',
      'create_default_context',
      'a printer',
    ]) {
      expect(stdout).toContain(who)
    }
    const again = await stage.postern(['tls', 'make'])
    expect(again.stdout).toContain('go on as before')
    expect(again.stdout).not.toContain('certutil')
  })

  it('the settings that it prints are all that another machine needs', async () => {
    await stage.close()
    const plain = await setCommandStage()
    const { stdout } = await plain.postern(['tls', 'make'])
    await plain.close()
    const printed = [...stdout.matchAll(/^ {2}(POSTERN_\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ])
    expect(printed.map(([name]) => name)).toEqual([
      'POSTERN_TLS_CERT_FILE',
      'POSTERN_TLS_KEY_FILE',
      'POSTERN_SMTP_LISTEN',
    ])
    stage = await setCommandStage({
      ...Object.fromEntries(printed),
      POSTERN_TLS_CERT_FILE: 'data/tls/server.pem',
      POSTERN_TLS_KEY_FILE: 'data/tls/server-key.pem',
    })
    await stage.postern(['tls', 'make'])
    const { code, stdout: settings } = await stage.postern(['config', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(settings).settings).toContainEqual({
      name: 'POSTERN_SMTP_LISTEN',
      value: '0.0.0.0:2587',
      source: 'environment',
    })
  })

  it('the command says which names the certificate no longer has, and how they come to stay', async () => {
    await stage.postern(['tls', 'make', '--name', 'old.example.com', '--name', 'mail.example.com'])
    expect((await stage.postern(['tls', 'make'])).stdout).not.toContain('no longer')
    const { stdout } = await stage.postern(['tls', 'make', '--name', 'mail.example.com'])
    expect(stdout).toContain('It is no longer for old.example.com.\n')
    expect((await stage.postern(['tls', 'make', '--help'])).stdout).toContain('stay until --name is given')
  })

  it('the command works for settings that name its files before there are any', async () => {
    await stage.close()
    stage = await setCommandStage({
      POSTERN_TLS_CERT_FILE: 'data/tls/server.pem',
      POSTERN_TLS_KEY_FILE: 'data/tls/server-key.pem',
      POSTERN_SMTP_LISTEN: '0.0.0.0:0',
      POSTERN_SMTPS_LISTEN: '0.0.0.0:0',
    })
    expect(await stage.postern(['config'])).toMatchObject({ code: 78 })
    expect(await stage.postern(['tls', 'make'])).toMatchObject({ code: 0 })
    expect(await stage.postern(['config'])).toMatchObject({ code: 0, stderr: '' })
    await stage.serve()
    await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
    const login = await stage.postern(['login', 'add', 'me@example.com'])
    expect(login.stdout).toMatch(
      /^server +the name.*\nport +\d+\nencryption +STARTTLS or SSL\/TLS\nor\nserver.*\nport +\d+\nencryption +SSL\/TLS\n/,
    )
  })

  it('the command needs no settings with --dir', async () => {
    await stage.close()
    stage = await setCommandStage({ POSTERN_DATA_DIR: '~/postern' })
    expect(await stage.postern(['tls', 'make'])).toMatchObject({ code: 78 })
    const folder = join(stage.folder, 'certificates')
    expect(await stage.postern(['tls', 'make', '--dir', folder])).toMatchObject({ code: 0 })
    expect(existsSync(join(folder, 'server.pem'))).toBe(true)
  })

  it.each([
    [['--days', '0'], 2],
    [['--days', 'long'], 2],
    [['--nonsense'], 2],
    [['--name', 'not a name'], 1],
    [['--dir', '/dev/null/tls'], 78],
  ])('%j exits with %d', async (words, code) => {
    const outcome = await stage.postern(['tls', 'make', ...words, '--json'])
    expect(outcome).toMatchObject({ code, stdout: '' })
    expect(JSON.parse(outcome.stderr).error.message).not.toBe('')
  })
})

it('the advice says how to encrypt where passwords may cross the network unencrypted', async () => {
  await stage.close()
  stage = await setCommandStage({ POSTERN_SMTP_LISTEN: '127.0.0.1:2587,0.0.0.0:2588+plain-auth' })
  await stage.postern(['mailbox', 'add', 'me@example.com', '--provider', 'google'])
  const { stdout } = await stage.postern(['login', 'add', 'me@example.com'])
  expect(stdout).toContain('encryption    none (this machine only; other devices: postern tls make)\nor\n')
  expect(stdout).toContain('encryption    none: the network can read the password')
})
