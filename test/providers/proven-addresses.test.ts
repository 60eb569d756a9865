import { describe, expect, it } from 'vitest'
import { identityOf } from '../../src/providers/oauth/identity.ts'
import { google as googlePreset } from '../../src/providers/presets/google.ts'
import { microsoft, outlook } from '../../src/providers/presets/microsoft.ts'
import type { OAuthServer } from '../../src/providers/provider.ts'
import { registeredProvider } from '../support/registered-provider.ts'

const contoso = '7f1c0a53-4a6b-4c0f-9d0e-2b1c3d4e5f60'
const attacker = 'aaaaaaaa-4a6b-4c0f-9d0e-2b1c3d4e5f60'
const personal = '9188040d-6c67-4c5b-b112-36a304b66dad'
const issuerOf = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`
const member = { preferred_username: 'me@contoso.example', oid: 'the-object' }

/** The address that is proven, with a `!` behind it where it may open a door here. */
function proven(claims: object, oauth: Partial<OAuthServer>, tenant?: string): string | undefined {
  const usual = registeredProvider()
  const registration = { clientId: 'c', clientSecrets: [], ...(tenant !== undefined && { tenant }) }
  const provider = { oauth: { ...usual.oauth, ...oauth }, registration }
  const { address } = identityOf(claims as never, provider, { signed: true })
  return address && `${address.value}${address.vouched ? '!' : ''}`
}

describe('an ID token of a provider of one’s own proves', () => {
  const verified = { email: 'me@example.com', email_verified: true }
  it.each<[string, object, string | undefined]>([
    ['the address that is verified', verified, 'me@example.com!'],
    [
      'no other address beside it',
      {
        ...verified,
        preferred_username: 'boss@example.com',
        upn: 'boss@example.com',
        sub: 'boss@example.com',
      },
      'me@example.com!',
    ],
    [
      'an address of which nothing is said, for a consent only',
      { email: 'me@example.com' },
      'me@example.com',
    ],
    ['nothing by an address that is not verified', { ...verified, email_verified: false }, undefined],
    [
      'nothing by a name beside an address that is not verified',
      { ...verified, email_verified: false, preferred_username: 'boss@example.com', sub: 'boss@example.com' },
      undefined,
    ],
    ...['true', 'false', 1, 0, null, [true], {}].map((flag): [string, object, undefined] => [
      `nothing by a flag that is ${JSON.stringify(flag)}`,
      { ...verified, email_verified: flag },
      undefined,
    ]),
    [
      'nothing by a name that anybody may choose',
      { preferred_username: 'boss@example.com', upn: 'boss@example.com', sub: 'boss@example.com' },
      undefined,
    ],
    ['nothing by a list', { ...verified, email: ['me@example.com'] }, undefined],
    ['nothing by a list that holds another list', { ...verified, email: [['me@example.com']] }, undefined],
    ['nothing by an object', { ...verified, email: { toString: 'me@example.com' } }, undefined],
    ['nothing by two addresses', { ...verified, email: 'me@example.com,you@example.com' }, undefined],
    ['nothing by two @', { ...verified, email: 'me@example.com@evil.example' }, undefined],
    ['nothing by a quoted @', { ...verified, email: '"me@example.com"@evil.example' }, undefined],
    ['nothing by a name before it', { ...verified, email: 'Me <me@example.com>' }, undefined],
    ['nothing by a dot at the end', { ...verified, email: 'me@example.com.' }, undefined],
    ['nothing by a blank', { ...verified, email: ' me@example.com' }, undefined],
    ['nothing by an invisible character', { ...verified, email: 'me@exam\u200bple.com' }, undefined],
    ['nothing by a NUL', { ...verified, email: 'me@example.com\u0000.evil.example' }, undefined],
    ['nothing by a Kelvin sign', { ...verified, email: 'ma\u212a@example.com' }, undefined],
    [
      'another address by a letter that looks alike',
      { ...verified, email: 'm\u0435@example.com' },
      'm\u0435@example.com!',
    ],
    ['the address, however it is capitalised', { ...verified, email: 'Me@EXAMPLE.com' }, 'Me@example.com!'],
    ['nothing by what is inherited', Object.create(verified), undefined],
    ['nothing beside a tenant: Entra said it', { ...verified, tid: contoso }, undefined],
  ])('the token proves %s', (_what, claims, address) => {
    expect(proven(claims, {})).toBe(address)
  })

  it.each<[string, OAuthServer['identityClaim'], object, string | undefined]>([
    ['that claim', 'preferred_username', { preferred_username: 'me@example.com' }, 'me@example.com!'],
    ['nothing else', 'preferred_username', verified, undefined],
    ['nothing by a plain name', 'sub', { ...verified, sub: 'me' }, undefined],
    ['an address of which nothing is said', 'email', { email: 'me@example.com' }, 'me@example.com!'],
    ['not one that is not verified', 'email', { ...verified, email_verified: false }, undefined],
    ['not one whose flag cannot be read', 'email', { ...verified, email_verified: 'false' }, undefined],
  ])(
    'the token proves, where the providers file names a claim, %s',
    (_what, identityClaim, claims, address) => {
      expect(proven(claims, { ...(identityClaim && { identityClaim }) })).toBe(address)
    },
  )
})

describe('an ID token of Google proves', () => {
  const owned = { email: 'me@example.com', email_verified: true }
  it.each<[string, object, string | undefined]>([
    ['an address of Gmail', { ...owned, email: 'me@gmail.com' }, 'me@gmail.com!'],
    ['one of an organisation there', { ...owned, hd: 'example.com' }, 'me@example.com!'],
    ['none that Google has only once seen a proof of', owned, undefined],
    ['none with an organisation that is no text', { ...owned, hd: ['example.com'] }, undefined],
    ['none of a domain that begins like Gmail', { ...owned, email: 'me@gmail.com.evil.example' }, undefined],
    ['none without the flag', { email: 'me@gmail.com' }, undefined],
  ])('the token of Google proves %s', (_what, claims, address) => {
    expect(proven(claims, googlePreset.oauth)).toBe(address)
  })
})

describe('an ID token of Entra for many tenants proves', () => {
  const from = (tid: string, claims: object) => ({ iss: issuerOf(tid), tid, ...member, ...claims })
  it.each<[string, object, string | undefined]>([
    ['the sign-in name, for a consent only', from(contoso, {}), 'me@contoso.example'],
    [
      'nothing by an email, which a tenant sets as it likes',
      from(attacker, {
        preferred_username: 'me@evil.example',
        email: 'boss@contoso.example',
        email_verified: true,
        xms_edov: true,
        verified_primary_email: ['boss@contoso.example'],
      }),
      'me@evil.example',
    ],
    [
      'nothing by an email alone',
      from(attacker, { preferred_username: undefined, email: 'boss@contoso.example' }),
      undefined,
    ],
    ['nothing by a telephone number', from(contoso, { preferred_username: '+81312345678' }), undefined],
    ['nothing by a list', from(contoso, { preferred_username: ['me@contoso.example'] }), undefined],
    ['nothing by two names that differ', from(contoso, { upn: 'boss@contoso.example' }), undefined],
    ['the name that stands there twice', from(contoso, { upn: 'ME@contoso.example' }), 'me@contoso.example'],
    [
      'nothing of a guest, by the directory’s name of one',
      from(attacker, { upn: 'me_contoso.example#EXT#@evil.example' }),
      undefined,
    ],
    [
      'nothing of a guest, by where they signed in',
      from(attacker, { idp: `https://sts.windows.net/${contoso}/` }),
      undefined,
    ],
    ['nothing of a guest with a personal account', from(attacker, { idp: 'live.com' }), undefined],
    ['nothing of a guest, by the kind of account', from(attacker, { acct: 1 }), undefined],
    [
      'a member whose place is told',
      from(contoso, { idp: `https://sts.windows.net/${contoso}/`, acct: 0 }),
      'me@contoso.example',
    ],
    [
      'nothing where the issuer is another tenant’s',
      { ...from(contoso, {}), iss: issuerOf(attacker) },
      undefined,
    ],
    ['nothing without a tenant', from(contoso, { tid: undefined }), undefined],
    ['nothing of a tenant that is no id', from(contoso, { tid: 'contoso.example' }), undefined],
    [
      'a personal account at Microsoft’s own mail',
      from(personal, { preferred_username: 'me@outlook.com' }),
      'me@outlook.com',
    ],
    ['no personal account that once had an address elsewhere', from(personal, {}), undefined],
  ])('the token for many tenants proves %s', (_what, claims, address) => {
    expect(proven(claims, microsoft('common').oauth, 'common')).toBe(address)
  })

  it('the token at organizations proves nothing of a personal account, and at consumers of nobody else', () => {
    const me = { preferred_username: 'me@outlook.com' }
    expect(proven(from(personal, me), microsoft('organizations').oauth, 'Organizations')).toBeUndefined()
    expect(proven(from(contoso, {}), outlook.oauth, 'consumers')).toBeUndefined()
    expect(proven(from(personal, { preferred_username: 'me@own.example' }), outlook.oauth, 'consumers')).toBe(
      'me@own.example',
    )
  })
})

describe('an ID token of Entra for one tenant proves', () => {
  const claims = {
    iss: issuerOf(contoso),
    tid: contoso,
    ...member,
    email: 'boss@other.example',
    email_verified: true,
  }
  it.each<[string, string, object, string | undefined]>([
    ['the sign-in name there', contoso, claims, 'me@contoso.example!'],
    [
      'the sign-in name, however the tenant’s id is written',
      contoso.toUpperCase(),
      claims,
      'me@contoso.example!',
    ],
    ['nothing of another tenant', attacker, claims, undefined],
    ['nothing of a tenant that only goes by a domain: any could come', 'contoso.example', claims, undefined],
    ['nothing of a guest', contoso, { ...claims, acct: 1 }, undefined],
  ])('the token for one tenant proves %s', (_what, tenant, token, address) => {
    expect(proven(token, microsoft(tenant).oauth, tenant)).toBe(address)
  })
})

it('an account is known by what does not change: tid and oid at Entra, iss and sub elsewhere', () => {
  const at = (oauth: Partial<OAuthServer>, claims: object) =>
    identityOf(
      claims as never,
      { ...registeredProvider(), oauth: { ...registeredProvider().oauth, ...oauth } },
      { signed: true },
    ).account
  const claims = { iss: issuerOf(contoso), sub: 'for-this-app', tid: contoso, oid: 'the-object' }
  expect(at(microsoft('common').oauth, claims)).toBe(`${contoso}/the-object`)
  expect(at(microsoft('common').oauth, { ...claims, oid: undefined })).toBe(`${claims.iss} for-this-app`)
  expect(at({}, claims)).toBe(`${claims.iss} for-this-app`)
})
