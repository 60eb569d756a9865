import { beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import type { Mailboxes } from '../../src/mailboxes/mailboxes.ts'
import { namesThatSignIn, namesWithToken } from '../../src/mailboxes/sender-policy.ts'
import type { Mailbox } from '../../src/model/mailbox.ts'
import type { Store } from '../../src/store/ports.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { goodAnswer, scriptedOAuthClient } from '../support/scripted-oauth-client.ts'

const shared = { address: 'billing@example.com', provider: 'custom' } as const
const [till, anna] = ['till@example.com', 'anna@example.com'] as const
const upn = 'till@corp.example'

let store: Store
let mailboxes: Mailboxes

beforeEach(() => {
  store = createMemoryStore()
  const provider = {
    ...registeredProvider(),
    flows: ['authorization-code' as const, 'client-credentials' as const],
    registration: { clientId: 'app', clientSecrets: [{ value: new Secret('s') }] },
  }
  mailboxes = createMailboxes({
    outcomes: (mailbox) => store.journal.outcomes(mailbox),
    renewalSeconds: 86_400,
    store,
    catalogue: { registered: () => provider, list: () => [{ provider, registered: true }] },
    oauthClientFor: () => scriptedOAuthClient(goodAnswer()),
    log: silentLog,
    clock: createManualClock(),
  })
})

describe('the name by which a mail server knows a person', () => {
  it('the name is kept, shown, changed, and ended', async () => {
    expect(await mailboxes.add({ ...shared, signsInAs: till, saslUser: ` ${upn} ` })).toMatchObject({
      saslUser: upn,
    })
    expect(await mailboxes.add({ ...shared, replace: true, aliases: [anna] })).toMatchObject({
      signsInAs: till,
      saslUser: upn,
    })
    expect(await mailboxes.add({ ...shared, replace: true, saslUser: 'DOM\\till' })).toMatchObject({
      saslUser: 'DOM\\till',
    })
    expect(await mailboxes.add({ ...shared, replace: true, saslUser: '' })).not.toHaveProperty('saslUser')
  })

  it('the name goes with the person', async () => {
    await mailboxes.add({ ...shared, signsInAs: till, saslUser: upn })
    expect(await mailboxes.add({ ...shared, replace: true, signsInAs: anna })).not.toHaveProperty('saslUser')
    await mailboxes.add({ ...shared, replace: true, saslUser: upn })
    const appOnly = await mailboxes.add({ ...shared, replace: true, appOnly: true })
    expect(appOnly).not.toHaveProperty('saslUser')
    expect(appOnly).not.toHaveProperty('signsInAs')
  })

  it('the name may change while the consent stays', async () => {
    await mailboxes.add({ ...shared, refreshToken: new Secret('refresh') })
    expect(await mailboxes.add({ ...shared, replace: true, saslUser: upn })).toMatchObject({
      state: 'active',
    })
  })

  it.each(['a\u0001b', ' ', '\n', 'x'.repeat(255)])(
    'a name that could not be sent is refused: %j',
    async (saslUser) => {
      await expect(mailboxes.add({ ...shared, saslUser })).rejects.toMatchObject({ code: 'invalid' })
    },
  )

  it('a mailbox that nobody consents for has no such name', async () => {
    const asked = mailboxes.add({ ...shared, appOnly: true, saslUser: upn })
    await expect(asked).rejects.toMatchObject({ code: 'invalid' })
  })

  it('the name is in the ready SASL string of the API, and what was accepted takes its place', async () => {
    const token = { grant: { personal: true } }
    await mailboxes.add({ ...shared, signsInAs: till })
    expect(await mailboxes.signInName(shared.address, token)).toBe(till)
    await mailboxes.add({ ...shared, replace: true, saslUser: upn })
    expect(await mailboxes.signInName(shared.address, token)).toBe(upn)
    await store.mailboxes.noteAccepted(shared.address, 'mailbox')
    expect(await mailboxes.signInName(shared.address, token)).toBe(shared.address)
    expect(await mailboxes.show(shared.address)).toMatchObject({ acceptedName: shared.address })
  })
})

it.each<[Partial<Mailbox>, boolean, string[]]>([
  [{}, true, [shared.address]],
  [{ signsInAs: till }, true, [till, shared.address]],
  [{ signsInAs: till, saslUser: upn }, true, [upn, shared.address]],
  [{ saslUser: upn }, true, [upn, shared.address]],
  [{ saslUser: 'BILLING@example.com' }, true, [shared.address]],
  [{ signsInAs: till, acceptedName: 'mailbox' }, true, [shared.address, till]],
  [{ signsInAs: till, acceptedName: 'person' }, true, [till, shared.address]],
  [{ signsInAs: till }, false, [shared.address]],
])('%j signs in (by a consent: %s) as %j', (mailbox, personal, names) => {
  const found = namesThatSignIn({ address: shared.address, ...mailbox })
  expect(namesWithToken(found, { grant: { personal } }).map(({ name }) => name)).toEqual(names)
})
