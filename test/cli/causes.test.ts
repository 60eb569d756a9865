import { describe, expect, it } from 'vitest'
import { type Failure, failure } from '../../src/base/failure.ts'
import { describeFailure, exitCodeOf } from '../../src/cli/terminal.ts'
import { unusable } from '../../src/store/data-dir.ts'
import { storeFailure } from '../../src/store/sqlite.ts'

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: a secret may be in here`), { code, syscall })
}

describe('what a fault says', () => {
  it('the name that the system has for the cause is shown, its text is not, and --debug shows where', () => {
    const error = systemError('EXDEV', 'rename')
    const said = describeFailure(error, false)
    expect(said).toBe(
      'postern: Something went wrong inside postern (EXDEV, rename)\n  The same with --debug shows where.\n',
    )
    expect(describeFailure(error, false, true)).toContain('causes.test.ts')
    expect(JSON.parse(describeFailure(error, true)).error).toMatchObject({
      failure: 'postern.fault',
      cause: 'EXDEV, rename',
    })
    expect(describeFailure(new TypeError('x is no function'), false)).toContain('(TypeError)')
  })
})

describe('the exit code', () => {
  it.each([
    ['a port in use', failure('listen.web-in-use', { server: 'x', address: 'y', port: 1, setting: 'z' })],
    [
      'an address that is not there yet',
      failure('listen.smtp-no-such-address', { address: 'y', setting: 'z' }),
    ],
    ['another postern on the data directory', failure('data.in-use', { holder: '', directory: '/x' })],
    ['a full disk', unusable(systemError('ENOSPC', 'write'), 'file.process', '/x')],
    ['a read-only disk', unusable(systemError('EROFS', 'open'), 'file.process', '/x')],
    ['a database on a full disk', storeFailure({ errcode: 13 })],
  ] satisfies [string, Failure][])('of %s is 75: it passes by itself', (_what, error) => {
    expect(exitCodeOf(error)).toBe(75)
  })

  it.each([
    ['a file of another user', unusable(systemError('EACCES', 'open'), 'file.lock', '/x')],
    ['a key that does not fit', failure('key.of-other-database')],
    [
      'a port that is not allowed',
      failure('listen.web-forbidden', { server: 'x', address: 'y', setting: 'z' }),
    ],
  ] satisfies [string, Failure][])('of %s is 78: no restart mends it', (_what, error) => {
    expect(exitCodeOf(error)).toBe(78)
  })
})
