import { lookup } from 'node:dns/promises'
import { hostname } from 'node:os'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import {
  addressesWithin,
  createConnect,
  isPrivateHost,
  isPublicAddress,
  OutOfReach,
  type Reach,
  requireWithin,
} from '../../src/net/connect.ts'
import { createHttpFetch, type HttpFetch } from '../../src/net/http-fetch.ts'
import { createNameResolver } from '../../src/net/name-resolver.ts'
import { createDiscoveries, discover, withTenantId } from '../../src/providers/oauth/discoveries.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { providerAt } from './token-endpoint.ts'

const issuer = 'https://id.example.org'
const http = createHttpFetch({ timeoutSeconds: 5 })
afterAll(() => http.close())

/** Publishes this, and notes what it is asked for. `house`: it is at a private address. */
function publisher(metadata: object | undefined, { house = false } = {}) {
  const asked: { url: string; reach: Reach | undefined }[] = []
  const fetch: HttpFetch = async (url, { reach }) => {
    asked.push({ url, reach })
    if (reach !== undefined && (reach === 'private') !== house)
      throw new OutOfReach(new URL(url).hostname, reach)
    if (!url.includes('/.well-known/')) return Response.json({})
    return metadata ? Response.json({ issuer, ...metadata }) : new Response('', { status: 503 })
  }
  return { fetch, asked }
}

const endpoints = {
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: 'https://tokens.example.org/token',
  jwks_uri: `${issuer}/keys`,
}
const withoutEndpoints = () => {
  const provider = providerAt(issuer, { issuer })
  const { tokenEndpoint: _t, authorizationEndpoint: _a, ...oauth } = provider.oauth
  return { ...provider, oauth }
}
const get = { method: 'GET', headers: {} }

describe('a discovery', () => {
  let clock: ReturnType<typeof createManualClock>
  beforeEach(() => {
    clock = createManualClock()
  })

  it('a discovery runs once for each issuer, however many ask', async () => {
    const { fetch, asked } = publisher(endpoints)
    const discoveries = createDiscoveries(clock)
    await Promise.all(Array.from({ length: 20 }, () => discoveries.of(issuer, fetch)))
    await discoveries.of(issuer, fetch)
    expect(asked).toHaveLength(1)
  })

  it('a discovery that failed is shared by those who come together, and tried again a second later', async () => {
    const { fetch, asked } = publisher(undefined)
    const discoveries = createDiscoveries(clock)
    const failing = () => expect(discoveries.of(issuer, fetch)).rejects.toThrow('HTTP status 503')
    await Promise.all([failing(), failing(), failing()])
    clock.advance(0.9)
    await failing()
    // By OpenID Connect Discovery and by RFC 8414.
    expect(asked).toHaveLength(2)
    clock.advance(0.1)
    await failing()
    expect(asked).toHaveLength(4)
  })

  it.each([
    ['http', 'http://tokens.example.org/token'],
    ['http on loopback', 'http://127.0.0.1/token'],
    ['http on loopback by its name', 'http://localhost:8080/token'],
    ['another kind of address', 'file:///etc/passwd'],
    ['a name and password', 'https://me:secret@tokens.example.org/token'],
    ['loopback', 'https://127.0.0.1/token'],
    ['loopback as a number', 'https://2130706433/token'],
    ['loopback in hexadecimal', 'https://0x7f.1/token'],
    ['loopback in octal', 'https://0177.0.0.1/token'],
    ['loopback in short', 'https://127.1/token'],
    ['loopback by its name', 'https://localhost/token'],
    ['loopback by its name with a dot', 'https://LOCALHOST./token'],
    ['a name below localhost', 'https://id.localhost/token'],
    ['this host', 'https://0.0.0.0/token'],
    ['a private address', 'https://192.168.1.1/token'],
    ['another', 'https://10.0.0.1./token'],
    ['the metadata service of a cloud', 'https://169.254.169.254/latest'],
    ['IPv6 loopback', 'https://[::1]/token'],
    ['no address of IPv6', 'https://[::]/token'],
    ['a mapped address', 'https://[::ffff:127.0.0.1]/token'],
    ['a mapped private address', 'https://[::ffff:a00:1]/token'],
    ['a private address of IPv6', 'https://[fd00::1]/token'],
    ['a link-local address of IPv6', 'https://[fe80::1]/token'],
    ['a private address behind NAT64', 'https://[64:ff9b::10.0.0.1]/token'],
    ['a private address in 6to4', 'https://[2002:a00:1::]/token'],
  ])('a public issuer may not lead to %s', async (_what, url) => {
    for (const name of [
      'token_endpoint',
      'authorization_endpoint',
      'jwks_uri',
      'device_authorization_endpoint',
      'revocation_endpoint',
    ]) {
      const { fetch } = publisher({ ...endpoints, [name]: url })
      const refused = createDiscoveries(clock).of(issuer, fetch)
      await expect(refused).rejects.toMatchObject({
        code: 'configuration',
        message: expect.stringContaining(issuer),
      })
      await expect(refused).rejects.not.toThrow(/secret/)
    }
  })

  it('an issuer in the house may lead into the house, but to no http', async () => {
    const inHouse = publisher({ ...endpoints, token_endpoint: 'https://10.0.0.1/token' }, { house: true })
    expect(await createDiscoveries(clock).of(issuer, inHouse.fetch)).toMatchObject({ isPublic: false })
    expect(inHouse.asked.map(({ reach }) => reach)).toEqual(['public', 'private'])
    const plain = publisher({ ...endpoints, token_endpoint: 'http://127.0.0.1/token' }, { house: true })
    await expect(createDiscoveries(clock).of(issuer, plain.fetch)).rejects.toMatchObject({
      code: 'configuration',
    })
  })

  it('a discovery binds what a public issuer leads to, but not what the settings have, to public addresses', async () => {
    const { fetch, asked } = publisher(endpoints)
    const own = {
      ...withoutEndpoints(),
      oauth: { ...withoutEndpoints().oauth, jwksUri: 'https://keys.house/' },
    }
    const known = await discover({ provider: own, fetch }, createDiscoveries(clock))
    await known.fetch(known.provider.oauth.tokenEndpoint ?? '', get)
    await known.fetch(known.provider.oauth.jwksUri ?? '', get)
    expect(asked.slice(1)).toEqual([
      { url: 'https://tokens.example.org/token', reach: 'public' },
      { url: 'https://keys.house/', reach: undefined },
    ])
  })
})

describe('a request that may only reach the Internet', () => {
  it.each([
    'http://127.0.0.1:1/',
    'http://2130706433:1/',
    'http://[::ffff:7f00:1]:1/',
    'http://localhost:1/',
  ])('no request is made to %s', async (url) => {
    await expect(http.fetch(url, { ...get, reach: 'public' })).rejects.toBeInstanceOf(OutOfReach)
  })

  it('no request is made to a name that stands for a private address when it is connected to', () => {
    const [here, there] = [
      { address: '127.0.0.1', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ] as const
    expect(() => addressesWithin('public', 'localhost')([here])).toThrow(OutOfReach)
    expect(addressesWithin('public', 'both.example')([here, there])).toEqual([there])
    expect(addressesWithin('private', 'both.example')([here, there])).toEqual([here])
  })

  it('no request is made to an address from before, when the name servers are silent', async () => {
    let silent = false
    const names = createNameResolver({
      system: async () => (silent ? new Promise(() => {}) : [{ address: '127.0.0.1', family: 4 }]),
      direct: () => new Promise(() => {}),
      patience: { remembered: 1 },
    })
    const own = createHttpFetch({ timeoutSeconds: 5, connect: createConnect({ names }) })
    await expect(own.fetch('https://rebound.example:61001/', get)).rejects.toMatchObject({
      code: 'provider-unavailable',
    })
    silent = true
    const request = own.fetch('https://rebound.example:61001/', { ...get, reach: 'public' })
    await expect(request).rejects.toBeInstanceOf(OutOfReach)
    await own.close()
  })

  it('no request is made to the name of this machine', async (context) => {
    const found = await lookup(hostname()).catch(() => undefined)
    if (!found || isPublicAddress(found.address)) return context.skip()
    const request = http.fetch(`https://${hostname()}:8443/`, { ...get, reach: 'public' })
    await expect(request).rejects.toBeInstanceOf(OutOfReach)
  })

  it('the addresses of the Internet are known', () => {
    const open = [
      '8.8.8.8',
      '172.32.0.1',
      '100.128.0.1',
      '2606:4700::1111',
      '::ffff:8.8.8.8',
      '64:ff9b::8.8.8.8',
    ]
    expect(open.filter((address) => !isPublicAddress(address))).toEqual([])
    const closed = [
      '172.31.255.255',
      '100.64.0.1',
      '224.0.0.1',
      '255.255.255.255',
      'fec0::1',
      'ff02::1',
      'fe80::1%eth0',
      'localhost',
      '',
    ]
    expect(closed.filter(isPublicAddress)).toEqual([])
    expect(
      ['example.org', '8.8.8.8', '[2606:4700::1111]', 'localhost.example.org'].filter(isPrivateHost),
    ).toEqual([])
    expect(() => requireWithin('private', '8.8.8.8')).toThrow(OutOfReach)
  })
})

describe('a tenant of Entra that goes by a domain', () => {
  const id = '7f1c0a53-4a6b-4c0f-9d0e-2b1c3d4e5f60'
  const named = {
    ...microsoft('contoso.example'),
    registration: { clientId: 'c', clientSecrets: [], tenant: 'contoso.example' },
  }
  const entraSays = (body: object, status = 200) => {
    const asked: string[] = []
    const fetch: HttpFetch = async (url) => {
      asked.push(url)
      return Response.json(body, { status })
    }
    return { asked, known: withTenantId({ provider: named, fetch }) }
  }

  it('the tenant is known by its id from the issuer that its authority publishes', async () => {
    const issuer = `https://login.microsoftonline.com/${id.toUpperCase()}/v2.0`
    const { asked, known } = entraSays({ issuer: issuer.replace(id.toUpperCase(), id) })
    const { provider } = await known
    expect(provider.registration.tenant).toBe(id)
    expect(provider.oauth.issuer).toBe(`https://login.microsoftonline.com/${id}/v2.0`)
    expect(asked).toEqual([
      'https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration',
    ])
  })

  it.each<[string, object, number?]>([
    ['the issuer is of another host', { issuer: `https://evil.example/${id}/v2.0` }],
    ['the issuer is the template', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
    ['there is none', {}],
    ['it is no text', { issuer: [`https://login.microsoftonline.com/${id}/v2.0`, 'x'] }],
    ['Entra knows no such tenant', { error: 'invalid_tenant' }, 400],
  ])('the tenant stays unknown where %s', async (_what, body, status) => {
    await expect(entraSays(body, status).known).rejects.toThrow('does not tell the id of the tenant')
  })

  it('the tenant is not asked for where it is known or many', async () => {
    const fetch: HttpFetch = () => Promise.reject(new Error('asked'))
    for (const tenant of [id, 'common', 'organizations', 'consumers']) {
      const provider = { ...microsoft(tenant), registration: { ...named.registration, tenant } }
      expect((await withTenantId({ provider, fetch })).provider).toBe(provider)
    }
  })
})
