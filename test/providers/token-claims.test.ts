import { describe, expect, it } from 'vitest'
import { checkToken, objectIdIn } from '../../src/providers/oauth/token-claims.ts'
import { presetOf } from '../../src/providers/presets/presets.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import { withRegistration } from '../../src/providers/registration.ts'

const tenant = '11111111-2222-3333-4444-555555555555'
const app = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'

function registered(id: string, own = tenant): RegisteredProvider {
  const preset = presetOf(id, own)
  if (!preset) throw new Error(id)
  return withRegistration(preset, { clientId: app, clientSecrets: [], tenant: own })
}

const token = (claims: object) =>
  ['{"alg":"RS256"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

const good = { aud: 'https://outlook.office.com', tid: tenant, appid: app, scp: 'SMTP.Send openid' }
const goodApp = { aud: 'https://outlook.office365.com/', tid: tenant, appid: app, roles: ['SMTP.SendAsApp'] }
const check = (claims: object, withPerson = true, provider = registered('microsoft')) =>
  checkToken(provider, token(claims), { appOnly: !withPerson })

describe('an access token of Entra', () => {
  it.each<[string, object, boolean]>([
    ['for Exchange, with the scope', good, true],
    ['for Exchange by its application id', { ...good, aud: '00000002-0000-0ff1-ce00-000000000000' }, true],
    ['of an app with the role', goodApp, false],
    ['of version 2', { ...good, appid: undefined, azp: app.toUpperCase() }, true],
    ['without any claim that we know', { scp: 'SMTP.Send' }, true],
  ])('the check finds nothing wrong: %s', (_, claims, withPerson) => {
    expect(check(claims, withPerson)).toEqual({})
  })

  it.each<[string, object, RegExp]>([
    ['Graph', { ...good, aud: 'https://graph.microsoft.com' }, /Microsoft Graph/],
    ['Graph by its id', { ...good, aud: '00000003-0000-0000-c000-000000000000' }, /Microsoft Graph/],
    ['another resource', { ...good, aud: 'api://something' }, /is for api:\/\/something, not for the mail/],
    ['a resource that is no name', { ...good, aud: '<script>' }, /is for something else/],
    ['another tenant', { ...good, tid: tenant.replace('1', '9') }, /organisation 91111111-/],
    ['another app', { ...good, appid: app.replace('a', 'f') }, /given to the app faaaaaaa-/],
  ])('a token for %s is an error', (_, claims, what) => {
    const { error } = check(claims)
    expect(error?.message).toMatch(what)
    expect(error?.fix).toMatch(/^[A-Z].*\.$/)
  })

  it.each<[string, object, boolean, RegExp]>([
    ['no scope for mail', { ...good, scp: 'openid' }, true, /no scope SMTP\.Send/],
    ['no role', { ...goodApp, roles: undefined }, false, /RBAC for Applications/],
    ['another role', { ...goodApp, roles: ['Mail.Read'] }, false, /no role SMTP\.SendAsApp/],
  ])('a token with %s is a warning only: Exchange may know better', (_, claims, withPerson, words) => {
    const { error, warning } = check(claims, withPerson)
    expect(error).toBeUndefined()
    expect(warning?.message).toMatch(words)
  })

  it('a token is of whichever tenant where the registration names none by its id', () => {
    expect(check({ ...good, tid: app }, true, registered('microsoft', 'common'))).toEqual({})
  })

  it('a token of another cloud is for another Exchange', () => {
    const dod = registered('microsoft-dod')
    expect(check({ ...good, aud: 'https://outlook.office365.us' }, true, dod)).toEqual({})
    expect(check(good, true, dod).error?.message).toContain('https://outlook.office.com')
  })

  it('a token tells the object id that Exchange asks for', () => {
    expect(objectIdIn(token({ oid: tenant }))).toBe(tenant)
    expect(objectIdIn('opaque')).toBeUndefined()
  })
})

it.each(['opaque', 'a.b.c', 'a..c', `a.${Buffer.from('[1]').toString('base64url')}.c`])(
  'a token that cannot be read passes the check: %s',
  (text) => {
    expect(checkToken(registered('microsoft'), text, { appOnly: false })).toEqual({})
  },
)

it('tokens of providers that say nothing of them are not looked at', () => {
  const graph = token({ aud: 'https://graph.microsoft.com' })
  expect(checkToken(registered('outlook'), graph, { appOnly: false })).toEqual({})
  expect(checkToken(registered('google'), graph, { appOnly: false })).toEqual({})
})
