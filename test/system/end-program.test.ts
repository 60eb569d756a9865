import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { endProgram } from '../../src/system/end-program.ts'

it('a program is ended, and with its group what it has begun', async () => {
  const alone = spawn('sleep', ['60'])
  endProgram(alone)
  expect(await once(alone, 'close')).toEqual([null, 'SIGKILL'])

  const shell = spawn('sleep 60 & echo begun; wait', { shell: true, detached: true })
  await once(shell.stdout, 'data')
  endProgram(shell, { group: true })
  // Nobody holds its output any more.
  await once(shell, 'close')
  // Once more does no harm.
  endProgram(shell, { group: true })
})

it('on Windows taskkill ends it with all that it has begun', () => {
  const ran: unknown[] = []
  const options = { platform: 'win32', run: (...words: unknown[]) => ran.push(words) } as const
  endProgram({ pid: 4711 }, options)
  endProgram({ pid: undefined }, options)
  expect(ran).toEqual([['taskkill.exe', ['/PID', '4711', '/T', '/F']]])
})
