import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import { conditionOf, type MailboxStatus, type PauseStatus } from '../../src/mailboxes/mailboxes.ts'
import type { Address } from '../../src/model/address.ts'
import type { MailboxOutcome } from '../../src/model/mailbox-outcome.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { registeredProvider } from '../support/registered-provider.ts'

const now = Date.UTC(2030, 4, 1, 12)
const iso = (time: number) => new Date(time).toISOString()
const day = 86_400_000

type Grounds = Parameters<typeof conditionOf>[0]

const used: Grounds = { state: 'active', lastSentAt: iso(now - day) }

function pauseOf(about: PauseStatus['about']): NonNullable<Grounds['pauses']> {
  return [{ about, since: iso(now), until: iso(now + 60_000), reason: 'It said no.' }]
}

function last(outcome: 'done' | 'refused' | 'failed', failures: number): NonNullable<Grounds['lastOutcome']> {
  return { at: iso(now), tried: 'message', outcome, failures }
}

function ends(
  kind: 'unused' | 'client-secret' | 'old-client-secret',
  days: number,
): NonNullable<Grounds['endings']> {
  return [{ kind, endsAt: iso(now + days * day), fix: 'Make one.' }]
}

describe('the condition of a mailbox', () => {
  it.each<[string, Grounds, MailboxStatus['condition']]>([
    ['nobody has consented', { state: 'absent' }, 'not-connected'],
    [
      'its consent has lapsed, whatever came of the last message',
      { ...used, state: 'lapsed' },
      'needs-consent',
    ],
    ['it has never sent', { state: 'active' }, 'never-used'],
    ['it has sent', used, 'ok'],
    ['the last message was refused', { ...used, lastOutcome: last('refused', 2) }, 'ok'],
    ['three messages in a row were refused', { ...used, lastOutcome: last('refused', 3) }, 'failing'],
    ['the last message failed', { ...used, lastOutcome: last('failed', 1) }, 'failing'],
    ['it was never used, and a test failed', { state: 'active', lastOutcome: last('failed', 1) }, 'failing'],
    ['no access token comes', { ...used, pauses: pauseOf('token') }, 'failing'],
    ['the provider wants a rest', { ...used, pauses: pauseOf('mailbox') }, 'paused'],
    ['one program has to wait', { ...used, pauses: pauseOf('program') }, 'ok'],
    ['its secret ends in 29 days', { ...used, endings: ends('client-secret', 29) }, 'ends-soon'],
    ['its secret ends in 31 days', { ...used, endings: ends('client-secret', 31) }, 'ok'],
    ['postern sees to what ends', { ...used, endings: ends('unused', 3) }, 'ok'],
    [
      'it fails, and its secret ends',
      { ...used, endings: ends('client-secret', 3), lastOutcome: last('failed', 1) },
      'failing',
    ],
  ])('when %s', (_, grounds, condition) => {
    expect(conditionOf(grounds, now)).toBe(condition)
  })
})

async function setUp() {
  const clock = createManualClock()
  const store = createMemoryStore(clock)
  const provider = registeredProvider()
  const state = { refuses: false }
  const mailboxes = createMailboxes({
    store,
    catalogue: { registered: () => provider, list: () => [{ provider, registered: true }] },
    oauthClientFor: () => {
      throw failureAs('provider-unavailable', 'There is no such provider')
    },
    outcomes: (mailbox) => store.journal.outcomes(mailbox),
    renewalSeconds: 86_400,
    clock,
    log: silentLog,
  })
  const add = (address: Address) =>
    store.mailboxes.add(
      { address, providerId: provider.id, createdAt: clock.now() },
      {
        mailbox: address,
        flow: 'client-credentials',
        scopes: [],
        grantedAt: clock.now(),
        renewedAt: clock.now(),
      },
    )
  const note = (mailbox: Address, over: Partial<MailboxOutcome> = {}) =>
    store.journal.add([], [{ mailbox, at: clock.now(), tried: 'message', outcome: 'done', ...over }])
  const listed = async () =>
    Object.fromEntries((await mailboxes.list()).map(({ address, condition }) => [address, condition]))
  return { clock, store, mailboxes, state, add, note, listed }
}

describe('what came of the last message', () => {
  it('is the same on the list and by itself, and ends with a new grant', async () => {
    const { clock, store, mailboxes, add, note, listed } = await setUp()
    await add('Me@example.com')
    clock.advance(60)
    const why = { code: 'provider-setup', message: 'It is disabled', said: '535 5.7.139' } as const
    await note('me@example.com', { outcome: 'failed', login: 'hall', why })
    const shown = await mailboxes.show('me@example.com')
    expect(shown).toMatchObject({
      condition: 'failing',
      lastOutcome: { outcome: 'failed', at: iso(clock.now()), login: 'hall', ...why, failures: 1 },
    })
    expect(shown).not.toHaveProperty('lastSentAt')
    expect(await mailboxes.list()).toEqual([shown])
    clock.advance(60)
    const renewed = { grantedAt: clock.now(), renewedAt: clock.now() }
    await store.grants.adopt({
      mailbox: 'Me@example.com',
      flow: 'client-credentials',
      scopes: [],
      ...renewed,
    })
    expect(await listed()).toEqual({ 'Me@example.com': 'never-used' })
  })

  it('of a whole domain is of its addresses that have no entry of their own, a failing one first', async () => {
    const { clock, mailboxes, add, note, listed } = await setUp()
    await add('*@example.com')
    await add('own@example.com')
    clock.advance(60)
    await note('one@example.com', { outcome: 'failed' })
    clock.advance(60)
    await note('two@example.com')
    await note('own@example.com')
    expect(await listed()).toEqual({ '*@example.com': 'failing', 'own@example.com': 'ok' })
    const domain = await mailboxes.show('*@example.com')
    expect(domain).toMatchObject({ condition: 'failing', lastSentAt: iso(clock.now()) })
    expect((await mailboxes.show('two@example.com')).condition).toBe('ok')
    await note('one@example.com')
    await note('own@example.com', { outcome: 'failed' })
    expect(await listed()).toEqual({ '*@example.com': 'ok', 'own@example.com': 'failing' })
    expect((await mailboxes.show('*@example.com')).condition).toBe('ok')
  })
})
