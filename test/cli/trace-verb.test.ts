import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plain, smtpDialogue } from '../support/smtp-client.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage
beforeEach(async () => {
  stage = await setCommandStage()
})
afterEach(() => stage.close())

async function smtpPort(): Promise<number> {
  const running = JSON.parse(await readFile(join(stage.folder, 'data', 'running.json'), 'utf8'))
  return running.smtp[0].port
}

/** Follows, has a client speak, and ends it when the client's last word has been printed. */
async function follow(words: readonly string[], lines: readonly string[], isOver: RegExp) {
  await stage.serve()
  const port = await smtpPort()
  let isFollowing = (): void => {}
  let isPrinted = (): void => {}
  const following = new Promise<void>((resolve) => {
    isFollowing = resolve
  })
  const printed = new Promise<void>((resolve) => {
    isPrinted = resolve
  })
  let stdout = ''
  const ended = stage.postern(
    ['trace', ...words],
    '',
    () => isFollowing(),
    (text) => {
      stdout = text
      if (isOver.test(text)) isPrinted()
    },
  )
  await Promise.race([following, ended])
  await smtpDialogue(port, lines)
  await Promise.race([printed, ended])
  return { stdout }
}

describe('postern trace', () => {
  it('what a client and postern say is printed as it happens, without what is secret', async () => {
    const lines = ['EHLO scanner', `AUTH ${plain('scanner', 'a-wrong-password')}`, 'QUIT']
    const { stdout } = await follow(['--login', 'scanner'], lines, /postern closed/)
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-f]{4}-1 `
    for (const line of [
      '-- connected from 127.0.0.1',
      'C: EHLO scanner',
      'C: AUTH PLAIN [taken out]',
      'C: QUIT',
    ])
      expect(stdout).toMatch(new RegExp(`^${time}${line.replace(/[[\]]/g, '\\$&')}$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^${time}S: 535 5\\.7\\.8 .*  \\(\\d+ ms\\)$`, 'm'))
    expect(stdout).not.toContain('a-wrong-password')
  })

  it.each([
    ['nobody', []],
    ['both', ['--login', 'x', '--source', '192.0.2.1']],
    ['no address', ['--source', 'host.example']],
    ['too long', ['--login', 'x', '--minutes', '61']],
    ['no number', ['--login', 'x', '--minutes', 'ten']],
  ])('%s is refused', async (_, words) => {
    await stage.serve()
    expect((await stage.postern(['trace', ...words])).code).toBe(1)
  })
})
