import { expect, it } from 'vitest'
import { openFixture } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

const offer = {
  providerId: 'google',
  host: 'smtp.gmail.com',
  size: 35_882_577,
  eightBitMime: true,
  smtpUtf8: true,
  dsn: false,
  enhancedStatusCodes: true,
}

it('what mail servers offer outlives the process, the last word of each', async () => {
  const { store, reopen } = await openFixture()
  const { size: _, ...sizeless } = offer
  await store.serverCapabilities.put({ ...offer, dsn: true })
  await store.serverCapabilities.put(offer)
  await store.serverCapabilities.put({ ...sizeless, providerId: 'other', smtpUtf8: false })
  await store.close()
  const { store: again } = await reopen()
  const found = await again.serverCapabilities.list()
  expect(found.sort((left, right) => (left.providerId < right.providerId ? -1 : 1))).toEqual([
    offer,
    { ...sizeless, providerId: 'other', smtpUtf8: false },
  ])
})

it('the providers in use are those that there are mailboxes of, each once, and none that somebody else wrote down', async () => {
  const { store, dataDir } = await openFixture()
  for (const [address, providerId] of [
    ['a@example.com', 'google'],
    ['b@example.com', 'google'],
    ['c@example.com', 'microsoft'],
  ] as const)
    await store.mailboxes.add({ address, providerId, createdAt: 0 })
  expect((await store.mailboxes.providers()).sort()).toEqual(['google', 'microsoft'])
  await changeDatabase(
    dataDir,
    "update mailboxes set provider_id = 'mine' where address_key = 'c@example.com'",
  )
  expect(await store.mailboxes.providers()).toEqual(['google'])
})
