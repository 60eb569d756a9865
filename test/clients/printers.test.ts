import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { addMailbox } from '../../examples/demo/mailbox.js'
import { posternEnvironment } from '../../examples/demo/postern-process.js'
import { setStage } from '../../examples/demo/stage.js'
import { runProgram } from '../support/run-program.ts'
import { readExample } from './filled-example.ts'

describe('the commands for printers', () => {
  it.each(['printers.md', 'scanner.md'])('%s: each login is made as the page says', async (name) => {
    const stage = await setStage()
    onTestFinished(stage.close)
    const { folder, postern, process } = stage
    await addMailbox(postern, 'scans@example.com')
    await writeFile(join(folder, 'password.txt'), 'kept-short-1x7q\n', { mode: 0o600 })
    const commands = [...(await readExample(name)).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
      ([, text = '']) => text.trim(),
    )
    expect(commands.length).toBeGreaterThan(1)
    const program = join(import.meta.dirname, '../../dist/main.js')
    for (const text of commands) {
      const asPostern = `postern() { '${globalThis.process.execPath}' '${program}' "$@"; }\n${text}`
      const outcome = await runProgram('sh', ['-ec', asPostern], {
        env: posternEnvironment(process),
        cwd: folder,
      })
      expect(outcome.code, `${text}\n${outcome.output}`).toBe(0)
    }
  })
})
