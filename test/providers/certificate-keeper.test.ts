import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { createCertificateKeeper } from '../../src/providers/certificate-keeper.ts'
import { createOwnCertificates } from '../../src/providers/create-own-certificates.ts'
import { createRegistrations } from '../../src/providers/create-registrations.ts'
import { registrationExpiries } from '../../src/providers/forecast.ts'
import { createOAuthClients } from '../../src/providers/oauth/oauth-clients.ts'
import { followStore } from '../../src/store/followed-store.ts'
import { issueForClient } from '../../src/tls/issue.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { clientId, type Entra, objectId, startEntra, tenant } from './entra-stand-in.ts'

const day = 86_400
const id = 'ours'
let entra: Entra
let http: ReturnType<typeof createHttpFetch>
let stage: Awaited<ReturnType<typeof setStage>>

beforeEach(async () => {
  const clock = createManualClock()
  entra = await startEntra(clock)
  http = createHttpFetch({ timeoutSeconds: 5 })
  stage = await setStage(clock)
})
afterEach(async () => {
  await http.close()
  await entra.close()
  expect(entra.mistakes).toEqual([])
})

/** As a whole postern has it: a store, the catalogue that follows it, and clients by that. */
async function setStage(clock: ReturnType<typeof createManualClock>) {
  const log = createRecordingLog()
  const { store, follow } = followStore(createMemoryStore(clock))
  const catalogue = createCatalogue({ registrations: {}, customProviders: [], providerOverrides: new Map() })
  const checks = { check: async (provider: string) => ({ provider, checkedAt: '', points: [] }) }
  const registrations = createRegistrations({ store, catalogue, checks, clock, log })
  follow({ registrationsChanged: () => registrations.refresh() })
  const keeper = createCertificateKeeper({ registrations: store.registrations, catalogue, clock })
  const own = createOwnCertificates({ keeper, http, issue: issueForClient, clock, log })
  const oauthClientFor = createOAuthClients({ catalogue, http, clock })
  const endpoints = {
    tokenEndpoint: `${entra.origin}/${tenant}/oauth2/v2.0/token`,
    graphEndpoint: entra.origin,
  }
  return {
    add: (more: object = {}) =>
      registrations.add({ id, preset: 'microsoft', tenant, clientId, ...endpoints, ...more }),
    registered: () => catalogue.registered(id).registration,
    signsIn: () => oauthClientFor(id).appOnlyToken('client-credentials', 'scanner@example.com'),
    ...{ registrations, own, clock, log, store },
  }
}

const endings = () => registrationExpiries(stage.registered(), stage.clock.now()).map(({ kind }) => kind)

describe('the certificate of a stored registration', () => {
  it('is made, replaced in time with no failed sign-in, and its keys are shown nowhere', async () => {
    const { add, own, signsIn, clock, registrations, registered } = stage
    await add()
    const made = await own.make(id, { objectId })
    entra.upload(made.inUse?.certificate ?? '')
    await signsIn()
    expect(endings()).toEqual(['own-certificate'])
    clock.advance(334 * day)
    expect(endings()).toEqual(['own-certificate'])
    clock.advance(2 * day)
    entra.options.propagation = 2
    const seen = new Set<string>()
    for (let passed = 0; passed < 20; passed += 1) {
      clock.advance(600)
      await own.round()
      await signsIn()
      if (registered().spareCertificate) seen.add('both')
      seen.add((await registrations.show(id)).certificate?.pem ?? '')
      expect(JSON.stringify([await registrations.list(), await own.show(id), stage.log.lines])).not.toMatch(
        /PRIVATE|ownCertificate|spareCertificate/,
      )
    }
    expect(entra.done.slice(-2)).toEqual(['token for mail', 'token for mail'])
    expect(entra.done).toContain('removeKey')
    expect(seen.size).toBe(3)
    const { inUse } = await own.show(id)
    expect(entra.thumbprints()).toEqual([inUse?.thumbprint])
    expect((await registrations.show(id)).certificate?.pem).toBe(inUse?.certificate)
    expect(registered().spareCertificate).toBeUndefined()
  })

  it('stays where another server of the provider does not know the new one yet', async () => {
    const { add, own, signsIn, clock, registered } = stage
    await add()
    entra.upload((await own.make(id, { objectId })).inUse?.certificate ?? '')
    clock.advance(340 * day)
    for (let passed = 0; passed < 3; passed += 1) {
      clock.advance(60)
      await own.round()
    }
    expect(registered().spareCertificate).toBeDefined()
    const [, newer = ''] = entra.thumbprints()
    entra.forget(newer)
    await signsIn()
    expect(entra.done.slice(-2)).toEqual(['token refused', 'token for mail'])
  })

  it('a refused renewal is a notice, with what to do', async () => {
    const { add, own, clock } = stage
    await add()
    entra.upload((await own.make(id, { objectId })).inUse?.certificate ?? '')
    entra.options.refusal = { status: 403, code: 'Authorization_RequestDenied', message: 'no' }
    clock.advance(340 * day)
    await own.round()
    expect(endings()).toEqual(['own-certificate-refused'])
    const [ending] = registrationExpiries(stage.registered(), clock.now())
    expect(ending?.daysAhead).toContain(30)
  })

  it('takes the place of client secrets as soon as the provider takes it, and not before', async () => {
    const { add, own, registered, registrations } = stage
    await add({ clientSecrets: [{ value: new Secret('a-secret-of-entra') }] })
    const { inUse, next } = await own.make(id)
    expect(inUse).toBeUndefined()
    await own.tryNow(id)
    expect(registered().clientSecrets).toHaveLength(1)
    entra.upload(next?.certificate ?? '')
    expect((await own.tryNow(id)).inUse?.thumbprint).toBe(next?.thumbprint)
    expect(registered().clientSecrets).toEqual([])
    expect((await registrations.show(id)).authentication).toBe('private_key_jwt')
  })

  it('follows one that somebody has given, by the proof of that one', async () => {
    const { add, own, signsIn } = stage
    const given = await clientCertificate('rsa')
    entra.upload(given.pem)
    await add({ certificate: { certificate: given.pem, key: new Secret(given.keyPem) } })
    await signsIn()
    const { next } = await own.make(id, { objectId })
    const { inUse } = await own.tryNow(id)
    expect(inUse?.thumbprint).toBe(next?.thumbprint)
    await signsIn()
  })

  it('stays with a registration that is changed otherwise, and is left to whoever names another app or certificate', async () => {
    const { add, own, registered, registrations } = stage
    await add()
    await own.make(id, { objectId })
    await registrations.set(id, { name: 'Ours' })
    expect(registered().ownCertificate).toBeDefined()
    expect((await own.show(id)).objectId).toBe(objectId)
    await registrations.set(id, { clientId: '00000000-1111-2222-3333-444444444444' })
    expect(registered().ownCertificate).toBeUndefined()
    expect(registered().certificate).toBeDefined()
    expect(endings()).toEqual(['certificate'])
  })

  it.each([
    ['one of many tenants', { tenant: 'common' }, 'makes no certificate'],
    ['one whose client id is none of Entra', { clientId: 'x' }, 'not one of Entra'],
    [
      'one elsewhere',
      { preset: 'yahoo', tenant: undefined, clientSecrets: [{ value: new Secret('secret-of-yahoo') }] },
      'makes no certificate',
    ],
  ])('is not made for %s', async (_what, more, message) => {
    await stage.add(more)
    const refused = await stage.own.make(id).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Failure)
    expect(String(refused)).toContain(message)
  })

  it('is not made for what is not in the store', async () => {
    await expect(stage.own.make('microsoft')).rejects.toMatchObject({ code: 'not-found' })
    await expect(stage.own.show('microsoft')).rejects.toMatchObject({ code: 'not-found' })
  })
})
