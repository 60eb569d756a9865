import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { ConsentLink, PendingConsent } from '../../src/store/ports.ts'
import { failureOf, now, openFixture } from './fixture.ts'

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
  it('gives links back as they were added', async () => {
    const { store } = await openFixture()
    const other = { ...link, id: 'other', mailbox: 'cron@example.com' }
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
  ] as const)('refuses a link with %s', async (_, added, code) => {
    const { store } = await openFixture()
    await store.consentLinks.add(link)
    expect((await failureOf(store.consentLinks.add(added))).code).toBe(code)
  })
})

describe('the store of pending consents', () => {
  it('gives a consent once', async () => {
    const { store } = await openFixture()
    await store.consentLinks.add(link)
    await store.pendingConsents.add({ ...pending, consentLinkId: 'link' })
    const taken = await store.pendingConsents.take('state')
    expect(taken).toEqual({ ...pending, consentLinkId: 'link' })
    expect(taken?.codeVerifier.reveal()).toBe('verifier')
    expect(taken?.nonce.reveal()).toBe('nonce')
    expect(await store.pendingConsents.take('state')).toBeUndefined()
  })

  it('gives it to one of two simultaneous callbacks', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    const both = await Promise.all([store.pendingConsents.take('state'), store.pendingConsents.take('state')])
    expect(both.filter((taken) => taken !== undefined)).toHaveLength(1)
  })

  it.each([
    [
      'a mailbox that does not exist',
      { ...pending, stateHash: 'new', mailbox: 'nobody@example.com' },
      'not-found',
    ],
    ['a link that does not exist', { ...pending, stateHash: 'new', consentLinkId: 'none' }, 'not-found'],
    ['a state that is taken', pending, 'already-exists'],
  ] as const)('refuses a consent with %s', async (_, added, code) => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    expect((await failureOf(store.pendingConsents.add(added))).code).toBe(code)
  })

  it('sweeps away what has expired, and nothing else', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    await store.pendingConsents.add({ ...pending, stateHash: 'later', expiresAt: now + 601 })
    await store.pendingConsents.sweep(now + 601)
    expect(await store.pendingConsents.take('state')).toBeUndefined()
    expect(await store.pendingConsents.take('later')).toBeDefined()
  })

  it('goes with its mailbox', async () => {
    const { store } = await openFixture()
    await store.pendingConsents.add(pending)
    await store.mailboxes.remove('printer@example.com')
    expect(await store.pendingConsents.take('state')).toBeUndefined()
  })
})
