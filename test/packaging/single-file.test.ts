import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { command } from '../../examples/demo/mailbox.js'
import { runPostern, startPostern } from '../../examples/demo/postern-process.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { openNotifySocket } from '../support/notify-socket.ts'
import { peer, searchPath } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { singleFile } from '../support/single-file.ts'

const root = resolve(import.meta.dirname, '../..')
const built = singleFile()
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))

/** No Node.js can be found, nor anything else. */
const nothingElse = { PATH: '/nonexistent' }
let folder: string
let program: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-single-file-'))
  program = join(folder, 'postern')
  if (built !== undefined) await copyFile(built, program)
})
afterAll(() => rm(folder, { recursive: true }))

const run = (words: string[], env: Record<string, string> = {}) =>
  runPostern(words, { ...nothingElse, ...env }, join(folder, 'data'), '', [program])

describe.runIf(built !== undefined)('the single file in an empty directory, without Node.js', () => {
  it('says what it is', async () => {
    const { stdout } = await run(['--version'])
    expect(stdout).toMatch(
      new RegExp(
        `^${version} \\(single file(, commit [0-9a-f]{12}( with changes)?)?, Node.js 24\\.[\\d.]+, linux x64\\)\\n$`,
      ),
    )
  })

  describe('serves', () => {
    let stage: Stage
    beforeAll(async () => {
      stage = await setStage({ command: [program], env: nothingElse })
    })
    afterAll(() => stage?.close())

    it('consent, mail, token, pages and journal work, and it stops in good order', async () => {
      const { postern, mailProvider } = stage
      const mailbox = await consentedMailbox(postern)
      await sendWithPassword(postern.smtpPort, mailbox, {
        from: mailbox.address,
        to: 'you@example.net',
        subject: 'From one file',
        text: 'Hello\n',
      })
      expect(mailProvider.messages.map(({ account }) => account)).toEqual([mailbox.address])
      expect((await postern.cli('token', mailbox.address)).stdout).toMatch(/^\S{20,}\n$/)
      expect(await (await fetch(postern.url)).text()).toContain('</html>')
      const entries = (await postern.cli('journal', '--json')).stdout
      expect(entries).toContain('consent')
      expect(await postern.cli('backup', join(folder, 'backup.tar'))).toMatchObject({ code: 0, stderr: '' })
      expect((await postern.cli('doctor', mailbox.address)).code).toBe(0)
      expect(await postern.stop()).toBe(0)
      // The same store again.
      stage.postern = await startPostern(stage.process)
      expect((await command(stage.postern, 'mailbox', 'show', mailbox.address)).state).toBe('active')
    })

    it('several processes need PostgreSQL here, too', async () => {
      const { postern } = stage
      expect(await postern.stop()).toBe(0)
      const environment = { ...nothingElse, POSTERN_WORKERS: '2', POSTERN_DATA_DIR: stage.process.dataDir }
      const refused = await run(['serve'], environment)
      expect(refused.code).toBe(78)
      expect(refused.stderr).toContain('POSTERN_DATABASE_URL')
    })
  })

  it('certificates, explanations and what a shell completes come from the file itself', async () => {
    const made = await run(['tls', 'make', '--name', 'localhost'], {
      POSTERN_DATA_DIR: join(folder, 'tls-data'),
    })
    expect(made).toMatchObject({ code: 0 })
    expect((await run(['explain', '535 5.7.139 SmtpClientAuthentication is disabled'])).code).toBe(0)
    expect((await run(['completion', 'bash'])).stdout).toContain('postern')
  })

  it('under the name of sendmail it is that', async () => {
    await symlink(program, join(folder, 'sendmail'))
    const { output } = await runProgram(join(folder, 'sendmail'), ['--help'], { env: nothingElse })
    expect(output).toContain('Usage: postern sendmail')
  })

  it.runIf(peer('systemd', 'python3'))('systemd is told when it is ready', async () => {
    const systemd = await openNotifySocket(folder)
    const postern = await startPostern({
      command: [program],
      dataDir: join(folder, 'notify/data'),
      ...(await ports()),
      env: { PATH: searchPath, NOTIFY_SOCKET: systemd.path },
    })
    try {
      await systemd.heard('READY=1')
    } finally {
      await postern.stop()
      await systemd.close()
    }
  })
})

async function ports() {
  await mkdir(join(folder, 'notify'), { recursive: true })
  return { smtpPort: await freePort(), webPort: await freePort() }
}
