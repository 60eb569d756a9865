import { expect, it } from 'vitest'
import { newcomersFiles } from './newcomers-files.js'

const files = newcomersFiles()

it.each([
  ['asks for a peer', 'test/clients/postfix.test.ts'],
  ['starts postern', 'test/journeys/drain.test.ts'],
  ['looks at rights', 'test/store/own-files.test.ts'],
  ['stands on what starts programs', 'test/journeys/every-page.test.ts'],
])('the run of a newcomer has a file that %s', (_, file) => {
  expect(files).toContain(file)
})

it('the run of a newcomer leaves out what is the same for anybody', () => {
  expect(files).not.toContain('test/base/networks.test.ts')
  expect(files).not.toContain('test/fuzz/growth.test.ts')
})
