import { expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { namesThatSignIn } from '../../src/mailboxes/sender-policy.ts'
import { createOpener, OpeningFailed } from '../../src/upstream/open-signed-in.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { mailbox, patientLimits } from '../support/relay-stage.ts'

it('no provider is even connected to for a token that another one gave', async () => {
  let dialled = 0
  const open = createOpener({
    async dial() {
      dialled += 1
      throw new Error('nobody is to be dialled')
    },
    tokens: {
      accessTokenFor: async () => ({
        secret: new Secret('of-the-other'),
        grant: { id: 'grant', providerId: 'other', personal: true },
        remainingSeconds: () => 3600,
        ageSeconds: () => 120,
        expiresAt: 0,
        scopes: [],
      }),
      grantChanged() {},
      close: async () => {},
    },
    limits: patientLimits,
    log: silentLog,
  })
  const asked = { mailbox, provider: registeredProvider(), names: namesThatSignIn({ address: mailbox }) }
  const opening = open({ ...asked, secondTry: true }, new AbortController().signal)
  // About the token, so that nothing is said against the provider's servers.
  await expect(opening).rejects.toBeInstanceOf(OpeningFailed)
  await expect(opening).rejects.toMatchObject({ stage: 'token' })
  expect(dialled).toBe(0)
})
