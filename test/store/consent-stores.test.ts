import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { ConsentLink, PendingConsent } from '../../src/model/consent.ts'
import { failureOf, now, openFixture } from './fixture.ts'
import { readDatabase } from './raw-database.ts'

const link: ConsentLink = {
  id: 'link',
  hash: 'aGFzaA',
  mailbox: 'printer@example.com',
  requestedBy: 'the owner',
  createdAt: now,
  expiresAt: now + 1000,
}

const pending: PendingConsent = {
  stateHash: 'state',
  browserHash: 'browser',
  mailbox: 'printer@example.com',
  codeVerifier: new Secret('verifier'),
  nonce: new Secret('nonce'),
  createdAt: now,
  expiresAt: now + 600,
}

describe('the consent link store', () => {
  it('the store gives links back as they were added', async () => {
    const { store } = await openFixture()
    const other = { ...link, id: 'other', mailbox: 'cron@example.com' } as const
    await store.consentLinks.add(link)
    await store.consentLinks.add(other)
    expect(await store.consentLinks.find('link')).toEqual(link)
    expect(await store.consentLinks.find('none')).toBeUndefined()
    expect(await store.consentLinks.list()).toEqual([link, other])
    expect(await store.consentLinks.list('Cron@example.com')).toEqual([other])
  })

  it.each([
    ['a mailbox that does not exist', { ...link, id: 'new', mailbox: 'nobody@example.com' }, 'not-found'],
    ['an id that is taken', link, 'already-exists'],
  ] as const)('the store refuses a link with %s', async (_, added, code) => {
    const { store } = await openFixture()
    await store.consentLinks.add(link)
    expect((await failureOf(store.consentLinks.add(added))).code).toBe(code)
  })
})

describe('the store of pending consents', () => {
  it('the store gives a consent once', async () => {
    const { store } = await openFixture()
    await store.consentLinks.add(link)
    await store.pendingConsents.add({ ...pending, consentLinkId: 'link' })
    const taken = await store.pendingConsents.take('state', 'browser')
    expect(taken).toEqual({ ...pending, consentLinkId: 'link' })
    expect(taken?.codeVerifier.reveal()).toBe('verifier')
    expect(taken?.nonce.reveal()).toBe('nonce')
    expect(await store.pendingConsents.take('state', 'browser')).toBeUndefined()
  })

  it('the store gives a consent to one of two simultaneous callbacks', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    const both = await Promise.all([
      store.pendingConsents.take('state', 'browser'),
      store.pendingConsents.take('state', 'browser'),
    ])
    expect(both.filter((taken) => taken !== undefined)).toHaveLength(1)
  })

  it.each([
    [
      'a mailbox that does not exist',
      { ...pending, stateHash: 'new', mailbox: 'nobody@example.com' },
      'not-found',
    ],
    ['a link that does not exist', { ...pending, stateHash: 'new', consentLinkId: 'none' }, 'not-found'],
    ['a state that is taken', { ...pending, browserHash: 'another' }, 'already-exists'],
  ] as const)('the store refuses a consent with %s', async (_, added, code) => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    expect((await failureOf(store.pendingConsents.add(added))).code).toBe(code)
  })

  it('the store sweeps away what has expired, and nothing else', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    await store.pendingConsents.add({
      ...pending,
      stateHash: 'later',
      browserHash: 'later',
      expiresAt: now + 601,
    })
    await store.pendingConsents.sweep(now + 601)
    expect(await store.pendingConsents.take('state', 'browser')).toBeUndefined()
    expect(await store.pendingConsents.take('later', 'later')).toBeDefined()
  })

  it('the store gives a consent to the browser that began alone, and to another not even once', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    expect(await store.pendingConsents.find('state')).toEqual({
      mailbox: 'printer@example.com',
      browserHash: 'browser',
    })
    expect(await store.pendingConsents.find('none')).toBeUndefined()
    expect(await store.pendingConsents.take('state', 'another')).toBeUndefined()
    expect(await store.pendingConsents.take('state', 'browser')).toBeDefined()
  })

  it('the store keeps one consent for each link and browser, however often that begins', async () => {
    const { store, dataDir } = await openFixture()
    await store.consentLinks.add(link)
    await store.consentLinks.add({ ...link, id: 'second' })
    for (const consentLinkId of ['link', 'second', undefined])
      for (const browserHash of ['browser', 'another'])
        for (let time = 0; time < 3; time += 1)
          await store.pendingConsents.add({
            ...pending,
            ...(consentLinkId !== undefined && { consentLinkId }),
            browserHash,
            stateHash: `${consentLinkId} ${browserHash} ${time}`,
          })
    const kept = await readDatabase(dataDir, 'select state_hash from pending_consents order by 1')
    expect(kept.map(({ state_hash }) => state_hash)).toEqual([
      'link another 2',
      'link browser 2',
      'second another 2',
      'second browser 2',
      'undefined another 2',
      'undefined browser 2',
    ])
  })

  it('the store keeps the last hundred of a link whose holder comes with a new browser each time', async () => {
    const { store, dataDir } = await openFixture()
    await store.consentLinks.add(link)
    await store.pendingConsents.add({ ...pending, stateHash: 'of the mailbox', createdAt: now - 1 })
    for (let time = 0; time < 150; time += 1) {
      const own = { stateHash: `state ${time}`, browserHash: `browser ${time}`, createdAt: now + time }
      await store.pendingConsents.add({ ...pending, consentLinkId: 'link', ...own })
    }
    expect(await readDatabase(dataDir, 'select count(*) as count from pending_consents')).toEqual([
      { count: 101 },
    ])
    expect(await store.pendingConsents.find('of the mailbox')).toBeDefined()
    expect(await store.pendingConsents.find('state 49')).toBeUndefined()
    expect(await store.pendingConsents.find('state 50')).toBeDefined()
  })

  it('a consent goes with its mailbox', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    await store.mailboxes.remove('printer@example.com')
    expect(await store.pendingConsents.take('state', 'browser')).toBeUndefined()
  })
})
