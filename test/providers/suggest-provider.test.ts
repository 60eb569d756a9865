import { describe, expect, it } from 'vitest'
import { suggestProvider, withoutOAuth } from '../../src/providers/catalogue.ts'
import { allPresets } from '../../src/providers/presets/presets.ts'

const never = () => Promise.reject(new Error('nobody should ask'))

describe('the provider that is suggested for an address', () => {
  it.each([
    ['me@gmail.com', 'google'],
    ['me@GoogleMail.com', 'google'],
    ['me@hotmail.co.uk', 'outlook'],
    ['me@live.fr', 'outlook'],
    ['me@yahoo.com.br', 'yahoo'],
    ['me@yahoo.com', 'yahoo'],
    ['me@aol.com', 'aol'],
    ['me@sbcglobal.net', 'att'],
    ['me@ya.ru', 'yandex'],
    ['me@bk.ru', 'mailru'],
    ['me@fastmail.fm', 'fastmail'],
    ['me@comcast.net', 'comcast'],
    ['*@tb.pro', 'thundermail'],
  ])('the provider is suggested by the domain of %s: %s', async (address, id) => {
    expect(await suggestProvider(address, never)).toMatchObject({ kind: 'provider', id, by: 'domain' })
  })

  it.each([
    ['contoso-example.mail.protection.outlook.com', 'microsoft'],
    ['contoso-example.i-v1.mx.microsoft', 'microsoft'],
    ['ASPMX.L.GOOGLE.COM.', 'google'],
    ['smtp.google.com', 'google'],
    ['in1-smtp.messagingengine.com', 'fastmail'],
    ['mx.yandex.net', 'yandex'],
    ['mta5.am0.yahoodns.net', 'yahoo'],
  ])('the provider is suggested by the host %s that takes its mail: %s', async (host, id) => {
    expect(await suggestProvider('me@example.com', async () => ['mx.example.com', host])).toMatchObject({
      kind: 'provider',
      id,
      by: 'mx',
    })
  })

  it.each([
    ['me@icloud.com', [], 'iCloud Mail'],
    ['me@web.de', [], 'GMX, WEB.DE and mail.com'],
    ['me@example.com', ['mx.zoho.eu'], 'Zoho Mail'],
  ])('no provider is suggested for %s (%j), with the reason', async (address, hosts, name) => {
    const suggestion = await suggestProvider(address, async () => hosts)
    expect(suggestion).toMatchObject({ kind: 'without-oauth', name })
    expect(suggestion).toHaveProperty('reason.en', expect.stringContaining('password'))
  })

  it.each([
    ['a domain that only looks like one', 'me@yahoo.evil.example'],
    ['a longer name', 'me@notgmail.com'],
    ['a domain below', 'me@mail.gmail.com'],
    ['a host that only ends alike', 'me@example.com'],
  ])('the provider is unknown for %s', async (_, address) => {
    const hosts = async () => ['mx.notgoogle.com', 'evilmail.protection.outlook.com.example']
    expect(await suggestProvider(address, hosts)).toEqual({ kind: 'unknown' })
  })

  it('the provider is never one of two: no domain is claimed twice', () => {
    const claimed = [...allPresets(), ...withoutOAuth].flatMap(({ domains }) => domains)
    expect(claimed).toEqual([...new Set(claimed)])
  })
})
