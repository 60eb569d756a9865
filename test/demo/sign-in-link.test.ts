import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createBrowser } from '../../examples/demo/browser.js'
import { eventually } from '../support/eventually.ts'

const main = resolve(import.meta.dirname, '../../examples/demo/main.js')

it('the demo prints a link that signs a browser in to the pages, where its mailbox is', async () => {
  const demo = spawn(process.execPath, [main], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(demo, 'close')
  onTestFinished(async () => {
    demo.kill()
    await ended
  })
  let told = ''
  demo.stdout.setEncoding('utf8').on('data', (piece: string) => {
    told += piece
  })
  const link = await eventually(
    'the link',
    () => /And the pages of postern\n {2}(\S+\/sign-in\/\S+)\n/.exec(told)?.[1],
    40,
  )
  const browser = createBrowser()
  const first = await browser.submit(await browser.open(link))
  expect(first.status).toBe(200)
  expect((await browser.open(new URL('/', link))).body).toContain('me@example.com</a>')
  // It works once, as the demo says.
  const second = createBrowser()
  expect((await second.open(link)).body).not.toContain('me@example.com')
  expect((await second.open(new URL('/', link))).status).toBe(401)
})
