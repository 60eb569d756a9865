import { expect, it, onTestFinished } from 'vitest'
import { lapsedGrants } from '../../src/notices/lapsed-grants.ts'
import { lastingTrouble } from '../../src/notices/lasting-trouble.ts'
import { failureOf, me, startBroker } from '../grants/fixture.ts'
import { newGrant, now, openFixture } from '../store/fixture.ts'

it('a lapsed grant is a condition until somebody consents again, and a later lapse is another one', async () => {
  const { store } = await openFixture()
  const look = async () => lapsedGrants(await store.grants.list())
  const first = await store.grants.adopt(newGrant({ signedInAs: 'boss@example.com' }))
  expect(await look()).toEqual([])
  await store.grants.lapse(first.id, 1, now, 'invalid_grant')
  const [condition] = await look()
  expect(condition).toMatchObject({
    key: 'consent-needed printer@example.com',
    kind: 'consent-needed',
    mailbox: 'printer@example.com',
  })
  expect(condition?.text).toContain('sign in as boss@example.com')
  const second = await store.grants.adopt(newGrant())
  expect(await look()).toEqual([])
  await store.grants.lapse(second.id, 1, now, 'invalid_grant')
  expect((await look())[0]?.stage).not.toBe(condition?.stage)
})

it('trouble with tokens is a condition after an hour, of the mailbox or of its whole registration, until it is over', async () => {
  const { broker, clock, endpoint, close } = await startBroker()
  onTestFinished(close)
  const look = lastingTrouble(broker, clock)
  endpoint.answer({ status: 503, text: 'away' })
  await failureOf(broker.accessTokenFor(me))
  expect(await look()).toEqual([])
  clock.pass(3600)
  expect(await look()).toMatchObject([{ key: `trouble mailbox ${me}`, kind: 'trouble', mailbox: me }])

  endpoint.answer({ status: 401, json: { error: 'invalid_client' } })
  await failureOf(broker.accessTokenFor(me))
  clock.pass(3600)
  expect((await look()).map(({ key }) => key)).toContain('trouble registration local')

  endpoint.answer({ json: { access_token: 'a', token_type: 'Bearer', expires_in: 3600 } })
  await broker.accessTokenFor(me)
  expect(await look()).toEqual([])
})
