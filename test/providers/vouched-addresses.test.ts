import { describe, expect, it } from 'vitest'
import { vouchedAddresses } from '../../src/providers/oauth/vouched-addresses.ts'

const tenant = '7f1c0a53-4a6b-4c0f-9d0e-2b1c3d4e5f60'
const mine = { preferred_username: 'me@contoso.example', upn: 'me@contoso.example', tid: tenant }
const verified = { email: 'me@gmail.com', email_verified: true }
const owned = { email: 'me@example.com', email_verified: true }
const google = { iss: 'https://accounts.google.com' }

describe('an address that opens the pages', () => {
  it.each([
    ['is one that the provider has verified', verified, {}, ['me@gmail.com']],
    ['also where the flag is a text', { ...verified, email_verified: 'true' }, {}, ['me@gmail.com']],
    ['is none without the flag', { email: 'me@gmail.com' }, {}, []],
    ['is none whose flag says no', { ...verified, email_verified: false }, {}, []],
    ['is none whose flag is something else', { ...verified, email_verified: 1 }, {}, []],
    [
      'is no name that anybody may choose',
      { preferred_username: 'boss@example.com', sub: 'a@b.example' },
      {},
      [],
    ],
    ['is the name in the one tenant of the registration', mine, { tenant }, ['me@contoso.example']],
    ['however its id is written', mine, { tenant: tenant.toUpperCase() }, ['me@contoso.example']],
    ['of a tenant that is named by its domain', mine, { tenant: 'contoso.example' }, ['me@contoso.example']],
    ['is none of another tenant', { ...mine, tid: tenant.replace('7', '8') }, { tenant }, []],
    ['is none of a tenant that is not named', { upn: mine.upn }, { tenant }, []],
    ['is none where any tenant may come', mine, { tenant: 'common' }, []],
    ['nor any organisation', mine, { tenant: 'Organizations' }, []],
    ['nor any personal account', { ...mine, email: 'me@outlook.com' }, { tenant: 'consumers' }, []],
    [
      'is no unverified email of the one tenant',
      { ...mine, email: 'boss@other.example' },
      { tenant },
      ['me@contoso.example'],
    ],
    [
      'is nothing that is not one address',
      { email: 'a@b.example,c@d.example', email_verified: true },
      {},
      [],
    ],
    ['is one of Gmail', { ...verified, ...google }, {}, ['me@gmail.com']],
    ['of an organisation at Google', { ...owned, ...google, hd: 'example.com' }, {}, ['me@example.com']],
    ['is none that Google has only once seen a proof of', { ...owned, ...google }, {}, []],
    ['is no email of Entra, whatever it says of it', { ...owned, tid: tenant }, {}, []],
    [
      'nor of the tenant of all personal accounts',
      mine,
      { tenant: '9188040d-6c67-4c5b-b112-36a304b66dad' },
      [],
    ],
    ['nor of any tenant', owned, { tenant: 'common' }, []],
    ['is nothing that is inherited', Object.create(verified), {}, []],
  ])('%s', (_what, claims, registration, addresses) => {
    expect(vouchedAddresses(claims, registration)).toEqual(addresses)
  })
})
