import { expect, it } from 'vitest'
import { endingLines, nextEnd } from '../../src/cli/mailbox.ts'
import type { EndingStatus } from '../../src/mailboxes/mailboxes.ts'

const at = (kind: EndingStatus['kind'], endsAt: string): EndingStatus => ({
  kind,
  endsAt: `${endsAt}T00:00:00.000Z`,
  fix: 'Do this.',
})

it('each end is told with what it is, when, and what to do', () => {
  expect(endingLines([at('test-phase', '2026-03-08'), at('unused', '2026-05-30')])).toEqual([
    ['ends', '2026-03-08: the grant, because the registration is in a test phase. Do this.'],
    ['ends', '2026-05-30: the grant, if nobody uses it. Do this.'],
  ])
  expect(endingLines()).toEqual([])
})

it.each<[string, EndingStatus[], string]>([
  ['the soonest', [at('client-secret', '2026-04-01'), at('refresh-token', '2026-06-01')], '2026-04-01'],
  [
    'none that postern prevents by itself, and none that is over and replaced',
    [at('old-client-secret', '2025-12-01'), at('unused', '2026-03-01'), at('certificate', '2026-04-01')],
    '2026-04-01',
  ],
  ['nothing where only that is known', [at('unused', '2026-03-01')], ''],
])('the next end in a list is %s', (_, endings, day) => {
  expect(nextEnd(endings)).toBe(day)
})
