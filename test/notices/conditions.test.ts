import { expect, it, onTestFinished } from 'vitest'
import type { Address } from '../../src/model/address.ts'
import { heldMessages, lapsedGrants, lastingTrouble } from '../../src/notices/conditions.ts'
import { failureOf, me, startBroker } from '../grants/fixture.ts'
import { tokens } from '../providers/token-endpoint.ts'
import { newGrant, now, openFixture } from '../store/fixture.ts'
import { failureAs } from '../support/made-failure.ts'
import { createTestApprovals, holdMessage } from '../support/test-approvals.ts'

const refusing = {
  tryAgain: async () => {
    throw failureAs('consent-needed', 'It is refused again')
  },
}

it('a lapsed grant is a condition until somebody consents again, and a later lapse is another one', async () => {
  const { store } = await openFixture()
  const look = async () => lapsedGrants(await store.grants.list(), refusing)
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

it('many consents of one registration that are lost within minutes are one trouble of the registration', async () => {
  const { store } = await openFixture()
  const lapse = async (mailbox: Address, at: number, providerId = 'google') => {
    await store.mailboxes.put({ address: mailbox, providerId, createdAt: now })
    const { id } = await store.grants.adopt(newGrant({ mailbox }))
    await store.grants.lapse(id, 1, at, 'invalid_grant')
  }
  const look = async (tokens: Parameters<typeof lapsedGrants>[1] = refusing) =>
    lapsedGrants(await store.grants.list(), tokens)
  const minute = 60_000
  await lapse('a@example.com', now)
  await lapse('b@example.com', now + 5 * minute)
  await lapse('later@example.com', now + 60 * minute)
  await lapse('elsewhere@example.com', now + minute, 'microsoft')
  expect((await look()).map(({ kind }) => kind)).toEqual(Array(4).fill('consent-needed'))

  await lapse('c@example.com', now + 10 * minute)
  const [together, ...others] = await look()
  expect(together).toMatchObject({
    key: 'consents-lost google',
    kind: 'trouble',
    provider: 'google',
    title: 'google has refused the consents of 3 mailboxes within minutes',
  })
  expect(together?.text).toContain('Mailboxes: a@example.com, b@example.com, c@example.com.')
  expect(others.map(({ mailbox }) => mailbox)).toEqual(['elsewhere@example.com', 'later@example.com'])
  // One more that follows is no news.
  await lapse('d@example.com', now + 12 * minute)
  expect((await look())[0]?.stage).toBe(together?.stage)

  expect(await together?.stillSo?.()).toBe(true)
  const [again] = await look({ tryAgain: async () => {} })
  expect(await again?.stillSo?.()).toBe(false)
})

it('mailboxes that get no token for one reason are one trouble', async () => {
  const house = await startBroker()
  onTestFinished(house.close)
  const look = lastingTrouble(house.broker, house.clock)
  const mailboxes = await house.addMailboxes(3)
  for (const mailbox of mailboxes) {
    house.endpoint.answer(tokens('first'))
    await house.broker.accessTokenFor(mailbox)
  }
  house.register({ clientId: 'mistyped' })
  house.clock.pass(7200)
  for (const mailbox of mailboxes) {
    house.endpoint.answer({ status: 400, json: { error: 'invalid_grant' } })
    await failureOf(house.broker.accessTokenFor(mailbox))
  }
  house.clock.pass(3600)
  const [condition, ...others] = await look()
  expect(others).toEqual([])
  expect(condition).toMatchObject({ title: '3 mailboxes get no access token' })
  expect(condition?.text).toMatch(
    /the client id was postern then, and is mistyped now\. Set it back.* Mailboxes: /,
  )
})

it('a message that needs approval is told with its link, and again only when it ended without being sent', async () => {
  const { store, clock } = await openFixture()
  const approvals = await createTestApprovals({ held: store.heldMessages, clock }).opened()
  const look = () => heldMessages(approvals)
  expect(await heldMessages(undefined)).toEqual([])
  const [one, two] = [await holdMessage(approvals), await holdMessage(approvals)]
  const [first] = (await look()).filter(({ key }) => key === `approval ${one}`)
  expect(first).toMatchObject({
    ...{ kind: 'approval-needed', stage: 'waiting', repeats: false, mailbox: 'me@example.com' },
    title: 'agent wants to send a message from me@example.com',
    approvalLink: { url: approvals.linkOf(one) },
  })
  // Those who are told may be many: what it is about stands behind the link.
  expect(first?.text).not.toContain('Grüße')
  await approvals.refuse(one, { name: 'the boss' })
  await approvals.approve(two, { name: 'the boss' })
  const left = await look()
  expect(left).toMatchObject([{ key: `approval ${one}`, kind: 'approval-over', stage: 'refused' }])
  expect(left[0]?.text).toContain('refused by the boss')
  expect(left[0]?.approvalLink).toBeUndefined()
})
