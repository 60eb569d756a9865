import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lockDataDir } from '../../src/store/data-dir-lock.ts'
import { contents, failureOf, newDataDir } from './fixture.ts'

/** Takes the lock as any program can, in a process of its own: prints "held" or SQLite's refusal, then waits. */
const holder = `
  import { DatabaseSync } from '@photostructure/sqlite'
  const database = new DatabaseSync(process.argv[1], { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    console.log('held')
    // Referring to it keeps the lock: an unused connection would be collected as garbage.
    setInterval(() => database.isOpen, 1000)
  } catch (error) {
    console.log(error.errcode === 5 ? 'busy' : error.message)
  }`

async function holdElsewhere(dataDir: string): Promise<{ said: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, join(dataDir, 'lock.sqlite')], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  return { said: String(said).trim(), child }
}

describe('the lock of a data directory', () => {
  it('the lock is refused to a second one, with the process and the directory, until it is released', async () => {
    const dataDir = await newDataDir()
    const lock = await lockDataDir(dataDir)
    const failure = await failureOf(lockDataDir(dataDir))
    expect(failure.code).toBe('configuration')
    expect(failure.message).toBe(
      `Another postern (process ${process.pid}) is using the data directory ${dataDir}`,
    )
    expect((await failureOf(lockDataDir(dataDir))).code).toBe('configuration')
    await lock.release()
    await lock.release()
    expect([...(await contents(dataDir)).keys()]).toEqual(['lock.sqlite'])
    const next = await lockDataDir(dataDir)
    await next.release()
  })

  it('the lock is refused to another process', async () => {
    const dataDir = await newDataDir()
    const lock = await lockDataDir(dataDir)
    expect((await holdElsewhere(dataDir)).said).toBe('busy')
    await lock.release()
    expect((await holdElsewhere(dataDir)).said).toBe('held')
  })

  it('the lock goes with the process that held it, even one that was killed', async () => {
    const dataDir = await newDataDir()
    await (await lockDataDir(dataDir)).release()
    const { said, child } = await holdElsewhere(dataDir)
    expect(said).toBe('held')
    expect((await failureOf(lockDataDir(dataDir))).message).toBe(
      `Another postern is using the data directory ${dataDir}`,
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await lockDataDir(dataDir)).release()
  })

  it('the lock stays for the life of the process, even when nobody keeps what was given', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const dataDir = await newDataDir()
    await lockDataDir(dataDir)
    for (let turn = 0; turn < 3; turn++) {
      await setImmediate()
      collectGarbage()
    }
    expect((await failureOf(lockDataDir(dataDir))).code).toBe('configuration')
  })

  it('the lock leaves other data directories alone', async () => {
    const locks = [await lockDataDir(await newDataDir()), await lockDataDir(await newDataDir())]
    for (const lock of locks) await lock.release()
  })
})
