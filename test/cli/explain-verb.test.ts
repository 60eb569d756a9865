import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CommandStage, setCommandStage } from './command-stage.ts'

const me = 'me@example.com'
const disabled =
  '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. [x.prod.outlook.com]'
let stage: CommandStage
beforeEach(async () => {
  stage = await setCommandStage({ POSTERN_MICROSOFT_CLIENT_ID: '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' })
})
afterEach(() => stage.close())

describe('postern explain', () => {
  it('the command says what an error means, and what helps, with the mailbox in the commands', async () => {
    const { code, stdout, stderr } = await stage.postern(['explain', `user=${me}:`, ...disabled.split(' ')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^SMTP AUTH is switched off for this mailbox/)
    expect(stdout).toContain(`Set-CASMailbox -Identity '${me}' -SmtpClientAuthenticationDisabled $false`)
    expect(stdout).toContain('An administrator at the provider can repair it.')
    expect(stdout).not.toContain('prod.outlook.com')
  })

  it.each([
    ['a pipe', ['explain']],
    ['-', ['explain', '-']],
  ])('an error is read from %s', async (_, words) => {
    const { code, stdout } = await stage.postern(words, `line one\n${disabled}\nline three\n`)
    expect({ code, known: stdout.includes('SMTP AUTH is switched off') }).toEqual({ code: 0, known: true })
  })

  it('no more of a pipe is read than is looked at', async () => {
    const endless = Readable.from(
      (function* () {
        while (true) yield `${disabled}\n`
      })(),
    )
    expect((await stage.postern(['explain', '-'], endless)).code).toBe(0)
  })

  it('--json answers as JSON', async () => {
    const { code, stdout } = await stage.postern(['explain', '--json', 'AADSTS70008'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      known: true,
      id: 'aadsts70008',
      fix: [{ words: 'Consent again:', command: 'postern consent ADDRESS', shell: 'sh' }],
      lasts: 'until-repaired',
      who: 'person',
      about: 'mailbox',
      confidence: 'documented',
    })
  })

  it('what is to be put into a command by hand is said', async () => {
    const { stdout } = await stage.postern(['explain', `user ${me} says: AADSTS70008`])
    expect(stdout).toContain('postern consent ADDRESS')
    expect(stdout).toContain('Put the address of the mailbox in the place of ADDRESS')
    const { stdout: whole } = await stage.postern(['explain', `user=${me}: AADSTS70008`])
    expect(whole).not.toContain('in the place of')
    const { stdout: json } = await stage.postern(['explain', '--json', 'AADSTS70008'])
    expect(JSON.parse(json).toFill).toEqual([expect.stringContaining('in the place of ADDRESS')])
  })

  it('an unknown error is told where to look, and exits with 1', async () => {
    const { code, stdout, stderr } = await stage.postern(['explain', 'it', 'does', 'not', 'work'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toContain('Where to look:')
    expect(stdout).toContain('postern journal --outcome failed')
    const json = await stage.postern(['explain', '--json', 'AADSTS99999999'])
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ known: false })
    expect(json.stdout).toContain('https://login.microsoftonline.com/error?code=99999999')
  })

  it('a line that looks like options is taken, and none at all is a mistake', async () => {
    expect((await stage.postern(['explain', '--- 535 5.7.3', '--weird', 'said'])).code).toBe(0)
    expect((await stage.postern(['explain', '-'], '  \n')).code).toBe(2)
    const terminal = Object.assign(new PassThrough(), { isTTY: true })
    expect((await stage.postern(['explain'], terminal)).code).toBe(2)
  })

  it('nothing secret is printed back', async () => {
    const secret = '0.AXoA9oQmz-q1v0Wc9Zt3mKpYf2Q.AgABAwEAAADW6jl31mB3T7ugrWTT8pFe'
    const text = `http://localhost/oauth/callback?code=${secret}&error=access_denied password=hunter2@x.example`
    for (const words of [
      ['explain', text],
      ['explain', '--json', text],
      ['explain', `${secret} nothing else`],
    ]) {
      const { stdout, stderr } = await stage.postern(words)
      expect(stdout + stderr).not.toMatch(/AXoA9oQ|hunter2/)
    }
  })
})

describe('postern explain beside a running postern', () => {
  it('the answer says how the mailbox stands that is named in the text', async () => {
    await stage.serve()
    await stage.postern(['mailbox', 'add', me, '--provider', 'microsoft'])
    const { code, stdout } = await stage.postern(['explain', `to=<you@example.net> from ${me} AADSTS65001`])
    expect(code).toBe(0)
    expect(stdout).toContain(`Here: ${me} is a mailbox of this postern; it has no consent yet.`)
    expect(stdout).toContain(`postern consent ${me}`)
    expect(stdout).toContain('postern consent --admin microsoft')
    const json = await stage.postern(['explain', '--json', `${me}: AADSTS65001`])
    expect(JSON.parse(json.stdout)).toMatchObject({ here: { address: me, state: 'absent' } })
  })

  it('the mailbox is filled in as the one that is here, and of several only the one that the text says sends', async () => {
    await stage.serve()
    for (const address of [me, 'you@example.com'])
      await stage.postern(['mailbox', 'add', address, '--provider', 'microsoft'])
    const consentIn = async (text: string) =>
      /postern consent (\S+)/.exec((await stage.postern(['explain', text])).stdout)?.[1]
    expect(await consentIn(`anna@example.net cannot send by ${me}: AADSTS70008`)).toBe(me)
    expect(await consentIn(`to=<${me}>, from=<you@example.com>: AADSTS70008`)).toBe('you@example.com')
    expect(await consentIn(`${me} wrote to you@example.com: AADSTS70008`)).toBe('ADDRESS')
  })

  it('the answer says nothing of a mailbox that is not known', async () => {
    await stage.serve()
    const { code, stdout } = await stage.postern(['explain', `user ${me}: AADSTS70008`])
    expect(code).toBe(0)
    expect(stdout).not.toContain('Here:')
  })
})

describe('postern explain where there is nothing else', () => {
  const main = resolve(import.meta.dirname, '../../dist/main.js')

  function run(words: string[], cwd: string, env: Record<string, string>) {
    return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
      const options = { cwd, env: { PATH: process.env.PATH ?? '', ...env } }
      const child = execFile(process.execPath, [main, ...words], options, (error, stdout, stderr) =>
        done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      )
      child.stdin?.end()
    })
  }

  it('the command works without a data directory, whatever the settings are, and makes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-nothing-'))
    try {
      for (const env of [{}, { POSTERN_SMTP_LISTEN: 'nonsense', POSTERN_DATA_DIR: '/nonexistent' }]) {
        const { code, stdout, stderr } = await run(['explain', `user=${me} AADSTS70008`], folder, env)
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
        expect(stdout).toContain(`postern consent ${me}`)
      }
      expect(await readdir(folder)).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
