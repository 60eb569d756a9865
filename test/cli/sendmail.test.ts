import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { posternEnvironment } from '../../examples/demo/postern-process.js'
import { setStage } from '../../examples/demo/stage.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const [me, you] = ['me@example.com', 'you@example.net']

describe('postern sendmail and postern send, as programs run them', () => {
  let stage: Awaited<ReturnType<typeof setStage>>
  let folder: string
  let environment: Record<string, string>
  let withKey: Record<string, string>

  beforeAll(async () => {
    stage = await setStage()
    await consentedMailbox(stage.postern, me)
    folder = await mkdtemp(join(tmpdir(), 'postern-sendmail-'))
    const link = join(folder, 'linked', 'sendmail')
    await mkdir(join(folder, 'linked'))
    await symlink(program, link)
    const run = (path: string) => `#!/bin/sh\nexec '${process.execPath}' '${path}' "$@"\n`
    await writeFile(join(folder, 'sendmail'), run(link), { mode: 0o755 })
    await writeFile(join(folder, 'postern'), run(program), { mode: 0o755 })
    environment = posternEnvironment(stage.process)
    const { key } = await command(stage.postern, 'api-key', 'add', '--scope', `send:${me}`)
    await writeFile(join(folder, 'key'), key, { mode: 0o600 })
    withKey = { POSTERN_API_KEY: key, POSTERN_API_URL: stage.postern.url }
  })
  afterAll(async () => {
    await stage?.close()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(() => {
    stage.mailProvider.messages.splice(0)
  })

  const shell = (line: string, input = '', env: Record<string, string> = environment) =>
    runProgram('sh', ['-c', line], { env: { ...env, PATH: `${folder}:/usr/bin:/bin` }, cwd: folder, input })
  const only = () => {
    expect(stage.mailProvider.messages).toHaveLength(1)
    const [{ sender, recipients, raw } = { sender: '', recipients: [], raw: Buffer.alloc(0) }] =
      stage.mailProvider.messages
    return { sender, recipients, text: raw.toString('latin1') }
  }
  const head = `From: Me <${me}>\nTo: ${you}\nDate: Mon, 30 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.com>\n`

  it('-t -i takes the recipients from the header and everything of the body, octet for octet', async () => {
    const text = `${head}Subject: x\n\n.\nhello\n..\n`
    const sent = await shell(
      'sendmail -t -i',
      text.replace('Subject', 'Bcc: hidden@example.net,\n third@example.net\nSubject'),
    )
    expect(sent).toEqual({ code: 0, output: '' })
    expect(only()).toEqual({
      sender: me,
      recipients: [you, 'hidden@example.net', 'third@example.net'],
      text: text.replaceAll('\n', '\r\n'),
    })
  })

  it('what a header needs is added, and a dot ends the message without -i', async () => {
    const sent = await shell(`sendmail -f ${me} -F 'Cron "D"' ${you}`, 'Subject: x\n\nhello\n.\nnot this\n')
    expect(sent).toEqual({ code: 0, output: '' })
    const { sender, recipients, text } = only()
    expect({ sender, recipients }).toEqual({ sender: me, recipients: [you] })
    expect(text).toMatch(
      /^From: "Cron \\"D\\"" <me@example\.com>\r\nDate: [^\r]+\r\nMessage-ID: <[^\r]+>\r\nSubject: x\r\n\r\nhello\r\n$/,
    )
  })

  it('cron: local users are somebody with an address', async () => {
    const names = { ...withKey, POSTERN_SENDMAIL_FROM: me, POSTERN_SENDMAIL_TO: you }
    const text = 'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> job\n\nout\n'
    const sent = await shell('sendmail -FCronDaemon -i -B8BITMIME -oem root', text, names)
    expect(sent).toEqual({ code: 0, output: '' })
    expect(only()).toMatchObject({ sender: me, recipients: [you] })
    expect(only().text).toContain(`From: "CronDaemon" <${me}>\r\n`)
  })

  it.each([
    ['an option that there is not', `sendmail -Z ${you}`, 64],
    ['no recipient', 'sendmail -i', 64],
    ['a recipient that is no address', `sendmail -f ${me} 'a b@c d'`, 67],
    ['the queue', 'sendmail -bp', 69],
    ['a daemon', 'sendmail -bd', 69],
    ['a sender that is not its own', `sendmail -f other@example.org ${you}`, 77],
    ['a wrong key', `POSTERN_API_KEY=wrong sendmail -f ${me} ${you}`, 77],
    ['no postern there', `POSTERN_API_URL=http://127.0.0.1:9 sendmail -f ${me} ${you}`, 75],
    ['a NUL', `printf 'Subject: x\\n\\n\\000\\n' | sendmail -f ${me} ${you}`, 65],
  ])('%s ends by sysexits.h', async (_, line, code) => {
    const ended = await shell(line, 'Subject: x\n\nhello\n', withKey)
    expect(ended).toMatchObject({ code, output: expect.stringMatching(/^postern: /) })
    expect(stage.mailProvider.messages).toEqual([])
  })

  it('-bs is a session at the SMTP server', async () => {
    const { code, output } = await shell('sendmail -bs', 'EHLO program.example.com\r\nQUIT\r\n')
    expect(code).toBe(0)
    expect(output).toMatch(/^220 .*\r\n250-.*\r\n[\s\S]*221 2\.0\.0 Goodbye\r\n$/)
  })

  describe('the example for /usr/sbin/sendmail, which has the key in a file', () => {
    let example: string
    const env = () => ({ PATH: environment.PATH ?? '' })

    beforeAll(async () => {
      const text = await readFile(new URL('../../examples/sendmail/sendmail', import.meta.url), 'utf8')
      const here = text
        .replace('http://localhost:8587', stage.postern.url)
        .replace('billing@example.com\nPOSTERN', `${me}\nPOSTERN`)
        .replace('admin@example.com', you)
        .replace('/etc/postern-sendmail.key', join(folder, 'key'))
      example = join(folder, 'example')
      await writeFile(example, here, { mode: 0o755 })
    })

    it('sends', async () => {
      expect(await shell(`example ${you}`, 'Subject: x\n\nhello\n', env())).toEqual({ code: 0, output: '' })
      expect(only()).toMatchObject({ sender: me, recipients: [you] })
    })

    it('cron calls it', async () => {
      const text =
        'From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> job\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nAuto-Submitted: auto-generated\n\nout\n'
      const sent = await shell('example -i -FCronDaemon -B8BITMIME -oem root', text, env())
      expect(sent).toEqual({ code: 0, output: '' })
      expect(only()).toMatchObject({ sender: me, recipients: [you] })
      expect(only().text).toContain('Auto-Submitted: auto-generated\r\n')
    })

    it.runIf(peer('PHPMailer'))("PHP's mail() calls it", async () => {
      const code = `exit(mail('${you}', 'hello', 'the text', 'From: ${me}') ? 0 : 1);`
      const line = `php -d sendmail_path='${example} -t -i' -r "${code}"`
      expect(await shell(line, '', env())).toEqual({ code: 0, output: '' })
      expect(only()).toMatchObject({ sender: me, recipients: [you] })
    })

    it.runIf(peer('bsd-mailx'))("Debian's mailx calls it", async () => {
      await writeFile(join(folder, 'mailrc'), `set sendmail=${example}\nset sendwait\n`)
      const mailx = { ...env(), MAILRC: join(folder, 'mailrc') }
      const line = `bsd-mailx -s 'Grüße' -c copy@example.net ${you}`
      expect(await shell(line, 'the text\n', mailx)).toEqual({ code: 0, output: '' })
      expect(only()).toMatchObject({ sender: me, recipients: [you, 'copy@example.net'] })
      expect(only().text).toContain('\r\n\r\nthe text\r\n')
      stage.mailProvider.messages.splice(0)
      expect(await shell(`bsd-mailx -r ${me} -s hello root`, 'for root\n', mailx)).toEqual({
        code: 0,
        output: '',
      })
      expect(only()).toMatchObject({ sender: me, recipients: [you] })
    })
  })

  it.runIf(peer('s-nail'))('mailx sends by it', async () => {
    const line = `s-nail -:/ -S mta='${join(folder, 'sendmail')}' -r ${me} -s hello ${you}`
    const { code, output } = await shell(line, 'the text\n')
    expect({ code, output }).toEqual({ code: 0, output: '' })
    expect(only()).toMatchObject({ sender: me, recipients: [you] })
    expect(only().text).toContain('the text\r\n')
  })

  it.runIf(peer('PHPMailer'))("PHP's mail() sends by it", async () => {
    const code = `exit(mail('${you}', 'hello', 'the text', 'From: ${me}') ? 0 : 1);`
    const line = `php -d sendmail_path='${join(folder, 'sendmail')} -t -i' -r "${code}"`
    expect(await shell(line)).toEqual({ code: 0, output: '' })
    expect(only()).toMatchObject({ sender: me, recipients: [you] })
  })

  it('postern send composes, and sends what is there already', async () => {
    await writeFile(join(folder, 'a.txt'), 'attached')
    const line = `postern send --from ${me} --to ${you} --cc two@example.net --subject Hello --text - --attach a.txt --header 'X-Task: 42' --idempotency-key k1`
    const sent = await shell(line, 'the text\n')
    expect(sent).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Sent to you@example\.net, two@example\.net \(250 /),
    })
    expect((await shell(line, 'the text\n')).code).toBe(0)
    expect(only()).toMatchObject({ sender: me, recipients: [you, 'two@example.net'] })
    expect(only().text).toContain(Buffer.from('attached').toString('base64'))

    stage.mailProvider.messages.splice(0)
    const { code, output } = await shell('postern send --file - --json', `${head}\nhello\n`, withKey)
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({ mailbox: me, accepted: [{ recipient: you }] })
    expect(only().text).toBe(`${head}\nhello\n`.replaceAll('\n', '\r\n'))
  })
})
