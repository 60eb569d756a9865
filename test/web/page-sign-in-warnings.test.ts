import { expect, it } from 'vitest'
import { warnOfPageSignIns } from '../../src/web/page-sign-ins.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const google = { id: 'google', name: 'Google' }
const named = { administrators: ['boss@example.com'], viewers: [] } as const

it.each([
  ['nothing is said while nobody is named', [], { administrators: [], viewers: [] }, 0],
  ['nothing is said where all can vouch', [google], { ...named, providers: ['google'] }, 0],
  ['nothing is said where some of the built-in ones can', [google], named, 0],
  ['a warning is said where none can', [], named, 1],
  [
    'a warning is said where one that is named cannot',
    [google],
    { ...named, providers: ['google', 'yandex'] },
    1,
  ],
] as const)('%s', (_what, offered, people, lines) => {
  const log = createRecordingLog()
  warnOfPageSignIns({ providers: () => offered }, people, log)
  expect(log.lines).toHaveLength(lines)
})
