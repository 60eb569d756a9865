import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
const reporter = join(import.meta.dirname, 'counting-reporter.ts')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-counting-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Breaks the run off when a test prints "here", as the key q does in a terminal. */
const breakingOff = `export default class {
  onInit(vitest) { this.vitest = vitest }
  onUserConsoleLog({ content }) { if (content.includes('here')) this.vitest.cancelCurrentRun('keyboard-input') }
}`

async function run(source: string) {
  await writeFile(join(folder, 'a.test.js'), source)
  await writeFile(join(folder, 'breaking-off.mjs'), breakingOff)
  const reporters = ['--reporter', join(folder, 'breaking-off.mjs'), '--reporter', reporter]
  const words = [vitest, 'run', '--globals', '--no-cache', '--root', folder, ...reporters]
  const child = spawn(process.execPath, words, { env: { PATH: process.env.PATH, HOME: folder } })
  let output = ''
  child.stderr.resume()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, lastLine: output.trimEnd().split('\n').at(-1) }
}

it('the reporter counts every test of a skipped group as skipped, also in groups within it that are skipped themselves', async () => {
  const skipped = `
    it('runs', () => {})
    describe.skip('a group', () => {
      beforeAll(() => { throw new Error('never called') })
      it('a test', () => {})
      it.skip('a test that is skipped itself', () => {})
      describe('a group within', () => { it('a test', () => {}) })
      describe.runIf(false)('a skipped group within', () => {
        it('a test', () => {})
        it.each([1, 2])('a test of a table', () => {})
        describe('further within', () => { it('a test', () => {}) })
      })
    })
    it('is skipped while it runs', ({ skip }) => skip('for a reason'))
    it.todo('is not written yet')`

  expect(await run(skipped)).toEqual({ code: 0, lastLine: '1 passed, 0 failed, 9 skipped' })
})

const failing: Array<[title: string, source: string, lastLine: string]> = [
  [
    'a test that fails',
    `it('a', () => { throw new Error() }); it('b', () => {})`,
    '1 passed, 1 failed, 0 skipped',
  ],
  ['a file that does not load', `import './missing.js'; it('a', () => {})`, '0 passed, 1 failed, 0 skipped'],
  ['a file that throws', `it('a', () => {}); throw new Error()`, '0 passed, 1 failed, 0 skipped'],
  ['a file without a test', '', '0 passed, 1 failed, 0 skipped'],
  [
    'what a failing beforeAll keeps from running, in groups within as well',
    `it.skip('z', () => {})
    describe('g', () => {
      beforeAll(() => { throw new Error() })
      it('a', () => {})
      describe('h', () => { it('b', () => {}) })
    })`,
    '0 passed, 2 failed, 1 skipped',
  ],
  [
    'a failing beforeAll of a file',
    `beforeAll(() => { throw new Error() }); describe('g', () => { it('a', () => {}) })`,
    '0 passed, 1 failed, 0 skipped',
  ],
  [
    'a failing afterAll, whose tests passed',
    `describe('g', () => { afterAll(() => { throw new Error() }); it('a', () => {}) })`,
    '1 passed, 1 failed, 0 skipped',
  ],
  [
    'a failing beforeEach',
    `beforeEach(() => { throw new Error() }); it('a', () => {}); it.skip('b', () => {})`,
    '0 passed, 1 failed, 1 skipped',
  ],
  [
    'an error that nobody caught',
    `it('a', async () => { Promise.reject(new Error()); await new Promise((done) => setTimeout(done, 50)) })`,
    '1 passed, 1 failed, 0 skipped',
  ],
]

it.each(failing)('the reporter counts as failed: %s', async (_title, source, lastLine) => {
  expect(await run(source)).toEqual({ code: 1, lastLine })
})

it('the reporter counts as failed everything that a run did not come to before it was broken off', async () => {
  const broken = `
    it('passes', () => {})
    it('is running', () => { console.log('here'); return new Promise(() => {}) })
    it('comes later', () => {})
    describe('a group', () => { it('comes later', () => {}) })`

  expect(await run(broken)).toEqual({ code: 1, lastLine: '1 passed, 3 failed, 0 skipped' })
})
