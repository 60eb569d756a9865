import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createRevocation } from '../../src/mailboxes/revocation.ts'
import type { Address } from '../../src/model/address.ts'
import type { ActiveGrant, Flow, ListedGrant } from '../../src/model/grant.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { goodAnswer, scriptedOAuthClient } from '../support/scripted-oauth-client.ts'

const mailbox = { address: 'a@example.com', providerId: 'custom', createdAt: 0 } as const

function grantOf(address: Address, person: Address | undefined, flow: Flow = 'authorization-code') {
  const state = 'active' as const
  const consent = { id: address, mailbox: address, providerId: 'custom', version: 1, state, flow, scopes: [] }
  return { ...consent, grantedAt: 0, renewedAt: 0, ...(person !== undefined && { signedInAs: person }) }
}

async function revoke(person: Address | undefined, others: readonly ListedGrant[]) {
  const oauth = scriptedOAuthClient(goodAnswer())
  const end = createRevocation({
    grants: { list: async () => [...others] },
    catalogue: { list: () => [{ provider: registeredProvider(), registered: true }] },
    oauthClientFor: () => oauth,
    log: silentLog,
  })
  const grant: ActiveGrant = { ...grantOf(mailbox.address, person), refreshToken: new Secret('token') }
  return { ...(await end(mailbox, grant)), asked: oauth.revoked.length }
}

describe('the grant of a mailbox that was removed', () => {
  const other = (person: Address | undefined, providerId = 'custom', flow?: Flow): ListedGrant => ({
    ...grantOf('b@example.com', person, flow),
    providerId,
  })

  it.each([
    ['nobody else is at the provider', 'me@example.com', []],
    ['another person is', 'me@example.com', [other('you@example.com')]],
    ['the same person is at another provider', 'me@example.com', [other('me@example.com', 'two')]],
    ['an app is, without a person', 'me@example.com', [other(undefined, 'custom', 'client-credentials')]],
  ] as const)('the grant is revoked when %s', async (_when, person, others) => {
    expect(await revoke(person, others)).toEqual({ revocation: 'revoked', asked: 1 })
  })

  it.each([
    ['the same person consented for another mailbox', 'me@example.com', [other('ME@example.com')]],
    ['nobody knows who consented for another mailbox', 'me@example.com', [other(undefined)]],
    ['nobody knows who consented for this one', undefined, [other('you@example.com')]],
  ] as const)(
    'the grant is kept when %s: a provider may end all that a person has granted',
    async (_when, person, others) => {
      const { advice, adviceText, ...rest } = await revoke(person, others)
      expect(rest).toEqual({ revocation: 'kept', asked: 0 })
      expect(advice).toContain('Another mailbox may live on the same consent')
      expect(adviceText?.id).toBe('revocation.kept')
    },
  )
})
