import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOwnCertificates } from '../../src/providers/create-own-certificates.ts'
import { readClientCertificate } from '../../src/providers/file/credentials.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import type {
  CertificateKeeper,
  KeptCertificates,
  OwnCertificates,
} from '../../src/providers/own-certificates.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import { withRegistration } from '../../src/providers/registration.ts'
import { issueForClient } from '../../src/tls/issue.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { clientId, type Entra, objectId, startEntra, tenant } from './entra-stand-in.ts'

const day = 86_400
const id = 'ours'
let clock: ReturnType<typeof createManualClock>
let log: ReturnType<typeof createRecordingLog>
let entra: Entra
let http: ReturnType<typeof createHttpFetch>
let kept: Pick<KeptCertificates, 'inUse' | 'own' | 'revision'>
/** Throws where the process ends. */
let onWrite: (kept: Pick<KeptCertificates, 'inUse' | 'own'>) => void
let own: OwnCertificates

beforeEach(async () => {
  clock = createManualClock()
  log = createRecordingLog()
  entra = await startEntra(clock)
  http = createHttpFetch({ timeoutSeconds: 5 })
  kept = { revision: 1 }
  onWrite = () => {}
  start()
})
afterEach(async () => {
  await http.close()
  await entra.close()
  expect(entra.mistakes).toEqual([])
})

/** As a process that has just begun: only what is kept is known. */
function start(): void {
  own = createOwnCertificates({ keeper: keeper(), http, issue: issueForClient, clock, log })
}

function keeper(): CertificateKeeper {
  return {
    ids: async () => (kept.own ? [id] : []),
    read: async (asked) => (asked === id ? structuredCloneOf({ ...kept, provider: provider() }) : undefined),
    async write(_id, now, revision) {
      if (revision !== kept.revision) return false
      onWrite(now)
      kept = { ...now, revision: revision + 1 }
      return true
    },
  }
}

function structuredCloneOf(value: KeptCertificates): KeptCertificates {
  return { ...value, ...(value.own && { own: structuredClone(value.own) }) }
}

/** As the catalogue has it: with what is in use, and what was before. */
function provider(): RegisteredProvider {
  const preset = microsoft(tenant)
  const oauth = {
    ...preset.oauth,
    tokenEndpoint: `${entra.origin}/${tenant}/oauth2/v2.0/token`,
    graphEndpoint: entra.origin,
  }
  const certificate = kept.inUse && read(kept.inUse)
  const spareCertificate = kept.own?.old && read(kept.own.old)
  return withRegistration(
    { ...preset, id, oauth },
    {
      clientId,
      tenant,
      clientSecrets: [],
      ...(certificate && { certificate }),
      ...(spareCertificate && { spareCertificate }),
    },
  )
}

function read(pair: { certificate: string; key: string }) {
  const reading = readClientCertificate(pair.certificate, pair.key)
  if (!('certificate' in reading)) throw new Error(reading.mistake.message)
  return reading.certificate
}

/** What a message needs. */
async function signsIn(): Promise<void> {
  const client = createOAuthClient({ provider: provider(), fetch: http.via(undefined), clock })
  await client.appOnlyToken('client-credentials', 'scanner@example.com')
}

const events = () => log.lines.flatMap(({ fields }) => ('event' in fields ? [String(fields.event)] : []))

async function firstInUse(): Promise<string> {
  const { inUse } = await own.make(id, { objectId })
  if (!inUse) throw new Error('none')
  entra.upload(inUse.certificate)
  await signsIn()
  entra.done.length = 0
  return inUse.thumbprint
}

/** Looks each ten minutes, as the rounds do, and sends all the while. */
async function pass(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 600) {
    clock.advance(600)
    await own.round()
    await signsIn()
  }
}

describe('a certificate that looks after itself', () => {
  it('makes the first one, whose key is told to nobody, and is in use as soon as it is uploaded', async () => {
    const made = await own.make(id)
    expect(made.next).toBeUndefined()
    const certificate = new X509Certificate(made.inUse?.certificate ?? '')
    expect(certificate.subject).toBe(`CN=postern ${clientId}`)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificate.ca).toBe(false)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(Date.parse(certificate.validTo) - clock.now()).toBe(365 * day * 1000)
    expect(JSON.stringify(made)).not.toContain('PRIVATE')
    expect(JSON.stringify(log.lines)).not.toContain('PRIVATE')
    await expect(signsIn()).rejects.toThrow('AADSTS700027')
    entra.upload(certificate.toString())
    await signsIn()
    expect(await own.make(id)).toEqual(made)
    expect(events()).toEqual(['certificate.made'])
  })

  it('is replaced before it ends, step by step, with no failed sign-in', async () => {
    const first = await firstInUse()
    await pass(day)
    expect(events()).toEqual(['certificate.made'])
    clock.advance(333 * day)
    await pass(2 * day)
    expect(events().slice(1)).toEqual([
      'certificate.made',
      'certificate.registered',
      'certificate.in-use',
      'certificate.removed',
    ])
    const { inUse, next } = await own.show(id)
    expect(entra.thumbprints()).toEqual([inUse?.thumbprint])
    expect(inUse?.thumbprint).not.toBe(first)
    expect(next).toBeUndefined()
    expect(entra.done).not.toContain('token refused')
    // Nothing is left of the key of the old one, and the next year is as this one was.
    expect(JSON.stringify(kept).match(/BEGIN PRIVATE KEY/g)).toHaveLength(1)
    clock.advance(335 * day)
    await pass(2 * day)
    expect(entra.thumbprints()).toHaveLength(1)
    expect(events().filter((event) => event === 'certificate.removed')).toHaveLength(2)
  })

  it('waits until the provider knows the next one everywhere, and signs in with the old one meanwhile', async () => {
    await firstInUse()
    entra.options.propagation = 5
    clock.advance(340 * day)
    await pass(3 * 3600)
    expect(events().slice(1)).toEqual([
      'certificate.made',
      'certificate.registered',
      'certificate.in-use',
      'certificate.removed',
    ])
    expect(entra.done.filter((what) => what === 'token refused')).toHaveLength(5)
    expect(entra.done.filter((what) => what === 'addKey')).toHaveLength(1)
  })

  it('needs no permission to read, where the object id was given', async () => {
    entra.options.mayRead = false
    await firstInUse()
    clock.advance(340 * day)
    await pass(3 * 3600)
    // The id of the first one is known to whoever uploaded it alone.
    expect(events().slice(1)).toEqual([
      'certificate.made',
      'certificate.registered',
      'certificate.in-use',
      'certificate.renewal-failed',
    ])
    expect(log.lines.at(-1)?.message).toContain('stays at Entra')
    expect(JSON.stringify(kept).match(/BEGIN PRIVATE KEY/g)).toHaveLength(1)
    // That of the second one Entra has told.
    clock.advance(340 * day)
    await pass(3 * 3600)
    expect(events().at(-1)).toBe('certificate.removed')
  })

  it.each([
    ['what is no id', 'not-an-id', 'certificate.no-object-id'],
    ['the client id, which stands beside it', clientId.toUpperCase(), 'certificate.client-id-as-object-id'],
  ])('takes no object id that cannot be one: %s', async (_what, objectId, refusal) => {
    await expect(own.make(id, { objectId })).rejects.toMatchObject({ id: refusal })
    expect(kept.own).toBeUndefined()
  })

  it('asks for the object id where Entra does not tell it, says so, and takes what was uploaded by hand', async () => {
    entra.options.mayRead = false
    const { inUse } = await own.make(id)
    entra.upload(inUse?.certificate ?? '')
    clock.advance(340 * day)
    await pass(3 * 3600)
    expect(events().slice(1)).toEqual(['certificate.made', 'certificate.renewal-failed'])
    const { refused, next } = await own.show(id)
    expect(refused?.why).toContain('Entra does not tell the object id')
    entra.upload(next?.certificate ?? '')
    await pass(3 * 3600)
    expect((await own.show(id)).inUse?.thumbprint).toBe(next?.thumbprint)
    expect(events()).toContain('certificate.in-use')
  })

  it('a refusal is said once a day, and the next one is registered as soon as that is allowed', async () => {
    await firstInUse()
    entra.options.refusal = {
      status: 403,
      code: 'Authorization_RequestDenied',
      message: 'Insufficient privileges',
    }
    clock.advance(340 * day)
    await pass(2 * day + 3600)
    const failed = log.lines.filter(
      ({ fields }) => 'event' in fields && fields.event === 'certificate.renewal-failed',
    )
    expect(failed).toHaveLength(3)
    expect(failed[0]).toMatchObject({
      level: 'warn',
      fields: { registration: id, reason: expect.stringContaining('Authorization_RequestDenied') },
    })
    expect((await own.show(id)).refused?.why).toContain('Insufficient privileges')
    entra.options.refusal = undefined
    await pass(day + 2 * 3600)
    expect((await own.show(id)).refused).toBeUndefined()
    expect(events().at(-1)).toBe('certificate.removed')
  })

  it('an answer that gets lost, and trouble that passes, change nothing of the end', async () => {
    await firstInUse()
    entra.options.refusal = { status: 503, code: 'ServiceUnavailable', message: 'later' }
    clock.advance(340 * day)
    await pass(3600)
    expect(events().slice(1)).toEqual(['certificate.made', 'certificate.step-failed'])
    entra.options.refusal = undefined
    entra.options.loseAnswer = true
    await pass(1800)
    expect(entra.done.filter((what) => what === 'addKey')).toHaveLength(1)
    await pass(2 * 3600)
    expect(entra.done.filter((what) => what === 'removeKey')).toHaveLength(1)
    entra.options.loseAnswer = false
    await pass(3600)
    expect(entra.thumbprints()).toEqual([(await own.show(id)).inUse?.thumbprint])
    expect(events().at(-1)).toBe('certificate.removed')
  })

  it.each(
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((last) =>
      (['before', 'after'] as const).map((lost) => [last, lost] as const),
    ),
  )(
    'a process that ends at its step %i, %s it is done, goes on rightly when it begins again',
    async (last, lost) => {
      await firstInUse()
      clock.advance(340 * day)
      let steps = 0
      const isEnd = () => {
        steps += 1
        return steps >= last
      }
      // Nothing is kept, and no answer heard, from then on.
      onWrite = (now) => {
        if (!isEnd()) return
        if (steps === last && lost === 'after') kept = { ...now, revision: kept.revision + 1 }
        throw new Error('the process has ended')
      }
      entra.options.isLost = (what) => (/addKey|removeKey/.test(what) && isEnd() ? lost : undefined)
      for (let looks = 0; looks < 40 && steps < last; looks += 1) {
        clock.advance(600)
        await own.round()
      }
      onWrite = () => {}
      entra.options.isLost = () => undefined
      start()
      await signsIn()
      await pass(4 * 3600)
      const { inUse, next } = await own.show(id)
      expect(next).toBeUndefined()
      expect(entra.thumbprints()).toEqual([inUse?.thumbprint])
      expect(JSON.stringify(kept).match(/BEGIN PRIVATE KEY/g)).toHaveLength(1)
      expect(entra.done.filter((what) => what === 'addKey')).toHaveLength(1)
      expect(entra.done.filter((what) => what === 'removeKey')).toHaveLength(1)
    },
  )

  it('changes nothing where somebody else changed the registration meanwhile', async () => {
    await firstInUse()
    clock.advance(340 * day)
    onWrite = () => {
      onWrite = () => {}
      kept = { ...kept, revision: kept.revision + 1 }
      throw new Error('changed')
    }
    await pass(3 * 3600)
    expect(events().at(-1)).toBe('certificate.removed')
  })
})
