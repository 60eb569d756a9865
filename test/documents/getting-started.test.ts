import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { peer, searchPath } from '../support/peer.ts'
import { commandsOf, followGettingStarted } from './follow-getting-started.js'

const root = join(import.meta.dirname, '../..')

/** In a folder that has been installed: `.ci/newcomer` follows the page from an empty clone. */
it.runIf(peer('curl'))(
  'every command of docs/getting-started.md does what the page says, up to a message that arrives',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-newcomer-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    for (const name of ['package.json', '.env.example']) await cp(join(root, name), join(folder, name))
    for (const name of ['dist', 'node_modules']) await symlink(join(root, name), join(folder, name))
    const ran = await followGettingStarted({
      folder,
      environment: { PATH: searchPath, HOME: folder },
      leaveOut: (command) => command === 'npm install',
    })
    expect(ran.length).toBeGreaterThan(10)
  },
)

it('what looks like a command in docs/getting-started.md is one that is run', async () => {
  const page = await readFile(join(root, 'docs/getting-started.md'), 'utf8')
  const blocks = [...page.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
  const others = blocks.filter(([, language]) => language !== 'sh').map(([, , text = '']) => text.trim())
  expect(blocks.length - others.length).toBe(commandsOf(page).length)
  expect(others.filter((text) => /^(npm|npx|node|postern|curl|cp|\$) /m.test(text))).toEqual([])
})
