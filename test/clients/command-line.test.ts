import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awkwardMessage } from '../support/awkward-message.ts'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const recipient = 'you@example.net'
const message = awkwardMessage('me@example.com', recipient)

describe.runIf(peer('dovecot'))('a command-line program, through postern and Dovecot', () => {
  let stage: LegacyStage
  let folder: string
  let file: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-clients-'))
    file = join(folder, 'message.eml')
    await writeFile(file, message)
    stage = await setLegacyStage()
  })
  afterAll(async () => {
    await stage?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Whatever the program sent has arrived, octet for octet, and it has signed in by the mechanism that was named. */
  async function expectSameOctets(outcome: { code: number; output: string }, mechanism: string) {
    expect(outcome.output).not.toMatch(/\b[45]\d\d[ -]\d\.\d\.\d/)
    expect(outcome.code).toBe(0)
    const { sent, arrived, dialogue } = await stage.delivered()
    expect(dialogue).toMatch(new RegExp(`^AUTH ${mechanism}`, 'im'))
    expect(arrived).toHaveLength(1)
    expect(arrived[0]).toMatchObject({ sender: 'me@example.com', recipients: [recipient] })
    expect(arrived[0]?.raw.toString('latin1')).toBe(sent[0]?.toString('latin1'))
    return arrived[0]?.raw ?? Buffer.alloc(0)
  }

  const mechanisms = ['PLAIN', 'LOGIN']

  it.runIf(peer('swaks')).each(mechanisms)('swaks %s', async (mechanism) => {
    const { user, password, address } = stage.mailbox
    const signIn = ['--auth', mechanism, '--auth-user', user, '--auth-password', password]
    const envelope = [
      '--server',
      '127.0.0.1',
      '--port',
      String(stage.port),
      '--from',
      address,
      '--to',
      recipient,
    ]
    const outcome = await runProgram('swaks', [
      ...envelope,
      ...signIn,
      '--suppress-data',
      '--data',
      `@${file}`,
    ])

    expect((await expectSameOctets(outcome, mechanism)).toString('latin1')).toContain('\r\n.hidden\r\n')
  })

  it.runIf(peer('curl')).each(mechanisms)('curl %s', async (mechanism) => {
    const { user, password, address } = stage.mailbox
    const url = ['--silent', '--show-error', '--url', `smtp://127.0.0.1:${stage.port}`]
    const signIn = ['--user', `${user}:${password}`, '--login-options', `AUTH=${mechanism}`]
    const envelope = ['--mail-from', address, '--mail-rcpt', recipient, '--upload-file', file]
    const outcome = await runProgram('curl', [...url, ...signIn, ...envelope])

    expect((await expectSameOctets(outcome, mechanism)).equals(message)).toBe(true)
  })

  it.runIf(peer('msmtp')).each(mechanisms)('msmtp %s', async (mechanism) => {
    const { user, password, address } = stage.mailbox
    const server = [
      '--host=127.0.0.1',
      `--port=${stage.port}`,
      '--tls=off',
      `--auth=${mechanism.toLowerCase()}`,
    ]
    const signIn = [`--user=${user}`, '--passwordeval=printenv MSMTP_PASSWORD']
    const outcome = await runProgram('msmtp', [...server, ...signIn, `--from=${address}`, recipient], {
      input: message.toString('latin1').replaceAll('\r\n', '\n'),
      env: { MSMTP_PASSWORD: password },
    })

    await expectSameOctets(outcome, mechanism)
  })

  it.runIf(peer('s-nail')).each(mechanisms)('s-nail %s', async (mechanism) => {
    const { user, password, address } = stage.mailbox
    const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
    const mta = `mta=smtp://${login}@127.0.0.1:${stage.port}`
    const settings = ['-:/', '-Sv15-compat', '-S', mta, '-S', `smtp-auth=${mechanism.toLowerCase()}`]
    const envelope = ['-S', `from=${address}`, '-s', 'Grüße', recipient]
    const outcome = await runProgram('s-nail', [...settings, ...envelope], { input: '.a dot\n\nGrüße\n' })

    await expectSameOctets(outcome, mechanism)
  })

  it.runIf(peer('git send-email')).each(mechanisms)('git send-email %s', async (mechanism) => {
    const { user, password, address } = stage.mailbox
    const patch = join(folder, '0001-change.patch')
    await writeFile(patch, `From: ${address}\nSubject: [PATCH] change\n\n---\n diff\n\n.\n-- \n2.39.5\n`)
    const server = ['--smtp-server=127.0.0.1', `--smtp-server-port=${stage.port}`]
    const signIn = [`--smtp-user=${user}`, `--smtp-pass=${password}`, `--smtp-auth=${mechanism}`]
    const envelope = [
      `--from=${address}`,
      `--to=${recipient}`,
      '--confirm=never',
      '--suppress-cc=all',
      '--quiet',
    ]
    const outcome = await runProgram('git', ['send-email', ...server, ...signIn, ...envelope, patch], {
      cwd: folder,
      env: {
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_SYSTEM: '/dev/null',
        GIT_AUTHOR_NAME: 'Me',
        GIT_AUTHOR_EMAIL: address,
        GIT_COMMITTER_NAME: 'Me',
        GIT_COMMITTER_EMAIL: address,
      },
    })

    await expectSameOctets(outcome, mechanism)
  })
})
