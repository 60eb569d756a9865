import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command, signInLink } from '../../examples/demo/mailbox.js'
import { startPostern } from '../../examples/demo/postern-process.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { fetchNode, OutOfReach } from '../../packaging/fetch-node.js'
import { newestNodes } from '../../packaging/targets.js'
import { consentedMailbox } from '../support/consented-mailbox.ts'

const program = resolve(import.meta.dirname, '../../dist/main.js')

describe.each(newestNodes)('the built program on Node.js $version', (node) => {
  const executable = find(node)
  let stage: Stage
  beforeAll(async () => {
    if (executable !== undefined) stage = await setStage({ command: [executable, program] })
  })
  afterAll(() => stage?.close())

  it.runIf(executable !== undefined)(
    'serves from the consent to the message, and again after a restart',
    async () => {
      const { postern, mailProvider } = stage
      const mailbox = await consentedMailbox(postern)
      const send = (to: typeof postern, subject: string) =>
        sendWithPassword(to.smtpPort, mailbox, {
          from: mailbox.address,
          to: 'you@example.net',
          subject,
          text: 'Hello\n',
        })
      await send(postern, 'Before')
      expect((await postern.cli('token', mailbox.address)).stdout).toMatch(/^\S{20,}\n$/)
      const signedIn = await fetch(await signInLink(postern), { method: 'POST', redirect: 'manual' })
      const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';')
      expect(await (await fetch(postern.url, { headers: { cookie } })).text()).toContain(mailbox.address)
      expect((await postern.cli('journal', '--json')).stdout).toContain('consent')
      expect(await postern.cli('backup', join(stage.folder, 'backup.tar'))).toMatchObject({
        code: 0,
        stderr: '',
      })
      expect((await postern.cli('doctor', mailbox.address)).code).toBe(0)
      expect(await postern.stop()).toBe(0)
      stage.postern = await startPostern(stage.process)
      expect((await command(stage.postern, 'mailbox', 'show', mailbox.address)).state).toBe('active')
      await send(stage.postern, 'After')
      expect(mailProvider.messages.map(({ account }) => account)).toEqual([mailbox.address, mailbox.address])
    },
  )
})

/** Undefined, with the reason printed, where it cannot be had. */
function find(node: (typeof newestNodes)[number]): string | undefined {
  try {
    const here = `${process.platform}-${process.arch}`
    if (here !== 'linux-x64') throw new OutOfReach(`they are fetched for linux-x64; this is ${here}`)
    return join(fetchNode(node), 'bin/node')
  } catch (error) {
    if (process.env.CI === 'true' || !(error instanceof OutOfReach)) throw error
    console.log(`skipped: Node.js ${node.version}: ${error.message}`)
    return undefined
  }
}
