import { expect, it } from 'vitest'
import type { SentNotice } from '../../src/store/ports.ts'
import { now, openFixture } from './fixture.ts'

const told: SentNotice = { key: 'consent me', channel: 'mail', firstAt: now, lastAt: now, stage: '30' }

it('the store keeps what was told for each channel, and forgets all of it when it is solved', async () => {
  const { store, reopen } = await openFixture()
  await store.notices.put(told)
  await store.notices.put({ ...told, channel: 'webhook' })
  await store.notices.put({ ...told, lastAt: now + 1, stage: '14' })
  await store.notices.put({ ...told, key: 'consent you' })
  await store.close()
  const again = (await reopen()).store
  expect(await again.notices.list()).toHaveLength(3)
  expect(await again.notices.list()).toContainEqual({ ...told, lastAt: now + 1, stage: '14' })
  await again.notices.remove('consent me')
  expect(await again.notices.list()).toEqual([{ ...told, key: 'consent you' }])
})
