import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { posternEnvironment } from '../../examples/demo/postern-process.js'
import { setStageWith } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import { eventually } from '../support/eventually.ts'
import { peer, searchPath } from '../support/peer.ts'
import { type Recorded, startRecordingSink } from '../support/recording-sink.ts'
import { runProgram } from '../support/run-program.ts'

const examples = fileURLToPath(new URL('../../examples/with-token/', import.meta.url))
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const [billing, recipient] = ['billing@example.com', 'you@example.net']

describe.runIf(peer('dovecot'))('a program that signs in at the provider with a token of postern', () => {
  const closing: (() => unknown)[] = []
  let folder: string
  let sink: Awaited<ReturnType<typeof startRecordingSink>>
  let dovecot: Dovecot
  let stage: Awaited<ReturnType<typeof setStageWith<Dovecot>>>
  let environment: Record<string, string>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-with-token-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))
    sink = await startRecordingSink()
    closing.push(sink.close)
    stage = await setStageWith(
      async (authority) => {
        dovecot = await startDovecot(authority, sink.port, { asPassword: true })
        return dovecot
      },
      // So short that a renewal is seen.
      { accessTokenSeconds: 20 },
    )
    closing.push(stage.close)
    await consentedMailbox(stage.postern, billing)
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'postern'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
      mode: 0o755,
    })
    await writeFile(join(folder, 'ca.pem'), dovecot.ca)
    // A working directory without a .env of a developer's.
    environment = { ...posternEnvironment(stage.process), PATH: `${bin}:${searchPath}`, HOME: folder }
  })
  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  beforeEach(() => {
    sink.messages.splice(0)
  })

  const run = (name: string, words: readonly string[], input?: string, env: Record<string, string> = {}) =>
    runProgram(name, words, {
      env: { ...environment, ...env },
      cwd: folder,
      ...(input !== undefined && { input }),
    })

  /** An example, with this provider in the place of the one that it names, and what `changes` says of the rest. */
  async function example(name: string, ...changes: (readonly [string, string])[]): Promise<string> {
    let text = await readFile(join(examples, name), 'utf8')
    for (const [from, to] of [
      ['smtp.office365.com', dovecot.host],
      ['587', String(dovecot.port)],
      ...changes,
    ] as const) {
      expect(text).toContain(from)
      text = text.replaceAll(from, to)
    }
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }

  async function arrived(): Promise<Recorded> {
    const message = await eventually('the message arrives', () => sink.messages[0], 20)
    expect(message).toMatchObject({ sender: billing, recipients: [recipient] })
    return message
  }

  const text = `From: ${billing}\nTo: ${recipient}\nSubject: Hello\n\nIt arrived.\n`

  it.runIf(peer('msmtp')).each(['xoauth2', 'oauthbearer'])('msmtp, %s', async (mechanism) => {
    const path = await example('msmtprc', [
      'auth xoauth2',
      `auth ${mechanism}\ntls_trust_file ${folder}/ca.pem`,
    ])
    const outcome = await run('msmtp', [`--file=${path}`, recipient], text)
    expect(outcome).toEqual({ code: 0, output: '' })
    await arrived()
  })

  const mutts = (['neomutt', 'mutt'] as const)
    .filter((name) => peer(name))
    .flatMap((name) => [[name, 'xoauth2'] as const, [name, 'oauthbearer'] as const])
  it.each(mutts)('%s, %s', async (name, mechanism) => {
    const path = await example(
      'neomuttrc',
      ['"xoauth2"', `"${mechanism}"`],
      [
        'set ssl_starttls = yes',
        `set ssl_starttls = yes\nset ssl_ca_certificates_file = "${folder}/ca.pem"\nset copy = no`,
      ],
    )
    const outcome = await run(name, ['-n', '-F', path, '-s', 'Hello', '--', recipient], 'It arrived.\n')
    expect(outcome).toMatchObject({ code: 0 })
    await arrived()
  })

  it.runIf(peer('curl'))('curl', async () => {
    await writeFile(join(folder, 'message.eml'), text.replaceAll('\n', '\r\n'))
    const env = { SERVER: `smtp://${dovecot.host}:${dovecot.port}`, CURL_CA_BUNDLE: join(folder, 'ca.pem') }
    const outcome = await run(join(examples, 'send-with-curl.sh'), ['message.eml', recipient], '', env)
    expect(outcome).toEqual({ code: 0, output: '' })
    await arrived()
  })

  it.runIf(peer('python3'))('Python', async () => {
    const env = {
      MAIL_HOST: dovecot.host,
      MAIL_PORT: String(dovecot.port),
      MAIL_CA_FILE: join(folder, 'ca.pem'),
    }
    const path = join(folder, 'send.py')
    await writeFile(
      path,
      (await readFile(join(examples, 'send.py'), 'utf8')).replace('someone@example.net', recipient),
    )
    expect(await run('python3', [path], '', env)).toEqual({ code: 0, output: '' })
    await arrived()
  })

  describe.runIf(peer('git send-email'))('git', () => {
    const patch = `From: ${billing}\nSubject: [PATCH] change\n\n---\n diff\n\n-- \n2.39.5\n`
    const words = ['send-email', `--to=${recipient}`, '--confirm=never', '--suppress-cc=all', '--quiet']
    const identity = {
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_AUTHOR_EMAIL: billing,
      GIT_COMMITTER_EMAIL: billing,
    }

    beforeAll(() => writeFile(join(folder, '0001-change.patch'), patch))

    it('send-email asks the credential helper, and signs in with what it says', async () => {
      // Debian's Authen::SASL knows no mechanism for tokens, so here the token goes as the password of PLAIN.
      const config = await example('gitconfig', ['XOAUTH2', 'PLAIN'])
      const env = { ...identity, GIT_CONFIG_GLOBAL: config }
      const ca = `--smtp-ssl-cert-path=${folder}/ca.pem`
      const outcome = await run('git', [...words, ca, '0001-change.patch'], '', env)
      expect(outcome).toMatchObject({ code: 0 })
      await arrived()
    })

    it('send-email by msmtp', async () => {
      await example('msmtprc', ['auth xoauth2', `auth xoauth2\ntls_trust_file ${folder}/ca.pem`])
      await writeFile(join(folder, '.msmtprc'), await readFile(join(folder, 'msmtprc')), { mode: 0o600 })
      const path = join(folder, 'gitconfig-by-msmtp')
      await writeFile(path, await readFile(join(examples, 'gitconfig-by-msmtp')))
      const env = { ...identity, GIT_CONFIG_GLOBAL: path }
      expect(await run('git', [...words, '0001-change.patch'], '', env)).toMatchObject({ code: 0 })
      await arrived()
    })

    const fill = async (...lines: string[]) => {
      const env = { ...identity, GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' }
      const helper = ['-c', 'credential.helper=!postern credential-helper']
      const { code, output } = await run(
        'git',
        [...helper, 'credential', 'fill'],
        `${lines.join('\n')}\n\n`,
        env,
      )
      return { code, answer: Object.fromEntries(output.split('\n').map((line) => line.split(/=(.*)/s))) }
    }

    it('credential fill is told the token of the mailbox at its own provider', async () => {
      const { code, answer } = await fill(
        'protocol=smtp',
        `host=${dovecot.host}:${dovecot.port}`,
        `username=${billing}`,
      )
      expect({ code, username: answer.username }).toEqual({ code: 0, username: billing })
      expect(answer.password).toMatch(/^[\w-]{20,}$/)
    })

    it('the only mailbox at a server need not be named', async () => {
      const { answer } = await fill('protocol=smtp', `host=${dovecot.host}:${dovecot.port}`)
      expect(answer.username).toBe(billing)
    })

    it.each([
      ['a web server', 'https', () => `${dovecot.host}:${dovecot.port}`, billing],
      ['another host', 'smtp', () => 'smtp.evil.example', billing],
      ['another port of the host', 'smtp', () => `${dovecot.host}:1`, billing],
      ['a mailbox that there is not', 'smtp', () => `${dovecot.host}:${dovecot.port}`, 'nobody@example.com'],
      ['what is no address', 'smtp', () => `${dovecot.host}:${dovecot.port}`, 'nobody'],
    ])('%s is told nothing', async (_, protocol, host, username) => {
      const { code, answer } = await fill(`protocol=${protocol}`, `host=${host()}`, `username=${username}`)
      expect(code).toBe(128)
      expect(answer).not.toHaveProperty('password')
    })

    it.each(['store', 'erase', 'capability'])('%s is taken without a word', async (operation) => {
      const input = `protocol=smtp\nhost=${dovecot.host}\nusername=${billing}\npassword=x\n\n`
      expect(await run('postern', ['credential-helper', operation], input)).toEqual({ code: 0, output: '' })
    })

    it('what is not the protocol is told nothing', async () => {
      for (const input of ['', '\n', '=\n\n', 'protocol\n\n', `protocol=smtp\n${'x'.repeat(200_000)}\n\n`])
        expect(await run('postern', ['credential-helper', 'get'], input)).toEqual({ code: 0, output: '' })
    })
  })

  describe('the token file of sasl-xoauth2', () => {
    let tokens: string
    const file = () => join(tokens, billing)
    const read = async () => JSON.parse(await readFile(file(), 'utf8')) as Record<string, string>

    beforeEach(async () => {
      tokens = await mkdtemp(join(folder, 'tokens-'))
      await chmod(tokens, 0o755)
    })

    it('is written once, for its owner alone, with what the plugin reads and no refresh token', async () => {
      const outcome = await run('postern', ['export', 'sasl-xoauth2', file()])
      expect(outcome.code).toBe(0)
      expect(outcome.output).toMatch(
        /^Wrote .*: a token of billing@example\.com for \d+ seconds\. With --watch/,
      )
      const content = await read()
      expect(outcome.output).not.toContain(content.access_token)
      expect(content).toEqual({
        access_token: expect.stringMatching(/^[\w-]{20,}$/),
        expiry: expect.stringMatching(/^\d{10}$/),
        refresh_token: '',
        manage_token_externally: 'true',
      })
      expect((await stat(file())).mode & 0o777).toBe(0o600)
      expect(await readdir(tokens)).toEqual([billing])
    })

    it('has the owner of its folder, and then of the file that was there', async () => {
      await chown(tokens, 12_345, 12_346)
      await run('postern', ['export', 'sasl-xoauth2', file()])
      expect(await stat(file())).toMatchObject({ uid: 12_345, gid: 12_346 })
      await chown(file(), 23_456, 23_457)
      const other = join(tokens, 'other')
      await writeFile(`${file()}.new`, 'left behind by one that was killed')
      await run('postern', ['export', 'sasl-xoauth2', file()])
      expect(await stat(file())).toMatchObject({ uid: 23_456, gid: 23_457 })
      expect((await stat(file())).mode & 0o777).toBe(0o600)
      await run('postern', ['export', 'sasl-xoauth2', other, '--mailbox', billing])
      expect(await stat(other)).toMatchObject({ uid: 12_345, gid: 12_346 })
    })

    it('is not written for a mailbox that there is not, nor where it cannot be', async () => {
      const nobody = await run('postern', ['export', 'sasl-xoauth2', join(tokens, 'nobody@example.com')])
      expect(nobody.code).toBe(1)
      expect(await readdir(tokens)).toEqual([])
      const nowhere = await run('postern', ['export', 'sasl-xoauth2', join(tokens, 'no', billing)])
      expect(nowhere).toMatchObject({
        code: 1,
        output: expect.stringContaining('cannot be written (ENOENT)'),
      })
    })

    it.runIf(peer('python3'))(
      'with --watch is another one with each token, whole at any moment, and outlives a restart of postern',
      async () => {
        const child = spawn('postern', ['export', 'sasl-xoauth2', file(), '--watch'], {
          env: environment,
          cwd: folder,
        })
        const ended = new Promise((done) => child.once('close', done))
        let output = ''
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (piece: string) => {
            output += piece
          })
        try {
          const first = await eventually(
            'the first token is written',
            () => read().catch(() => undefined),
            20,
          )
          const seen = new Set<string>()
          const second = await eventually(
            'another token is written',
            async () => {
              const now = await read()
              seen.add(now.access_token ?? '')
              return now.access_token !== first.access_token && now
            },
            60,
          )
          expect(seen).toEqual(new Set([first.access_token, second.access_token]))
          expect((await stat(file())).mode & 0o777).toBe(0o600)
          await sendByPython(second.access_token ?? '')

          await stage.postern.stop()
          await eventually(
            'it is told that postern is away',
            () => output.includes('No postern is running'),
            60,
          )
          expect(await read()).toEqual(expect.objectContaining({ manage_token_externally: 'true' }))
          stage.postern = await startAgain()
          const before = await read()
          await eventually('it goes on', async () => (await read()).access_token !== before.access_token, 90)
          expect(output).not.toContain(second.access_token)
        } finally {
          child.kill()
          await ended
        }
      },
      240_000,
    )

    const startAgain = async () => {
      const { startPostern } = await import('../../examples/demo/postern-process.js')
      return startPostern(stage.process)
    }

    /** As the plugin: with the token of the file. */
    async function sendByPython(token: string): Promise<void> {
      const script = `
import smtplib, ssl, sys
with smtplib.SMTP(sys.argv[1], int(sys.argv[2])) as server:
    server.starttls(context=ssl.create_default_context(cafile=sys.argv[3]))
    server.ehlo()
    server.auth("XOAUTH2", lambda challenge=None: "" if challenge else f"user={sys.argv[4]}\\x01auth=Bearer {sys.argv[5]}\\x01\\x01")
    server.sendmail(sys.argv[4], [sys.argv[6]], "Subject: Hello\\r\\n\\r\\nIt arrived.\\r\\n")
`
      const words = [
        '-c',
        script,
        dovecot.host,
        String(dovecot.port),
        join(folder, 'ca.pem'),
        billing,
        token,
        recipient,
      ]
      expect(await run('python3', words)).toEqual({ code: 0, output: '' })
      await arrived()
    }
  })
})
