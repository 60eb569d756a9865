import { spawnSync } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPrivateFile, replacePrivateFile } from '../../src/store/data-dir.ts'
import { runProgram } from '../support/run-program.ts'
import { mountSmallDisk, noSmallDisk } from '../support/small-disk.ts'
import { failureOf, newDataDir } from './fixture.ts'

describe.skipIf(noSmallDisk !== undefined)(
  `a file that a full disk does not take${noSmallDisk ? ` (skipped: ${noSmallDisk})` : ''}`,
  () => {
    it('leaves no draft behind, however often it is tried', async () => {
      const disk = mountSmallDisk(256 * 1024)
      onTestFinished(() => disk.close())
      await disk.fill()
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const made = await failureOf(createPrivateFile(join(disk.path, 'a'), 'file.any', 'x'.repeat(9000)))
        const put = await failureOf(replacePrivateFile(join(disk.path, 'b'), 'file.any', 'x'.repeat(9000)))
        expect([made.id, put.id]).toEqual(['data.unusable', 'data.unusable'])
      }
      expect(await readdir(disk.path)).toEqual(['filler'])
    })
  },
)

const strace = spawnSync('strace', ['-V']).error === undefined

describe.skipIf(!strace)(
  `a disk without hard links${strace ? '' : ' (skipped: there is no strace to refuse them)'}`,
  () => {
    it('holds a store all the same', async () => {
      const folder = await newDataDir()
      const program = resolve(import.meta.dirname, '../../dist/main.js')
      const env = { POSTERN_DATA_DIR: folder, POSTERN_GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com' }
      const refused = [
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        'trace=link,linkat',
        '-e',
        'inject=link,linkat:error=EPERM',
      ]
      const add = [process.execPath, program, 'mailbox', 'add', 'me@example.com', '--provider', 'google']
      await mkdir(folder, { recursive: true, mode: 0o700 })
      expect(await runProgram('strace', [...refused, ...add], { env })).toMatchObject({ code: 0 })
      const list = await runProgram(process.execPath, [program, 'mailbox', 'list'], { env })
      expect(list).toMatchObject({ code: 0, output: expect.stringContaining('me@example.com') })
    })
  },
)
