import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { signIn, submit, testServer } from './test-server.ts'

const tenant = '11111111-2222-3333-4444-555555555555'
const asked = { preset: 'microsoft', way: 'app-only', clientId: 'mine', tenant, id: 'ours' }

async function signedIn() {
  const test = testServer()
  const presets = createCatalogue({ registrations: {}, customProviders: [], providerOverrides: new Map() })
  test.services.catalogue.list = presets.list
  const { cookie, csrf } = await signIn(test)
  return {
    test,
    get: (path: string) => test.get(path).set('Cookie', cookie),
    send: (path: string, form: Record<string, string>) =>
      submit(test, path, { csrf, ...form }, { Cookie: cookie }),
    show: () => test.services.registrations.show('ours'),
  }
}

/** As a form sends what was pasted. */
function pasted({ pem, keyPem }: { pem: string; keyPem: string }) {
  return {
    certificate: pem.replaceAll('\n', '\r\n'),
    certificateKey: `\r\n${keyPem.replaceAll('\n', '\r\n')}`,
  }
}

describe('a certificate and key of an administrator', () => {
  it('they are given with a new registration, and the key is never shown', async () => {
    const { test, get, send, show } = await signedIn()
    const pair = await clientCertificate('rsa')
    const saved = await send('/registrations', { ...asked, clientSecret: '', ...pasted(pair) })
    expect(saved.status).toBe(200)
    expect(await show()).toMatchObject({
      authentication: 'private_key_jwt',
      clientSecrets: [],
      certificate: { subject: 'CN=postern', expires: '2031-01-01T00:00:00.000Z' },
    })
    const page = await get('/registrations/ours')
    const { fingerprint } = new X509Certificate(pair.pem)
    for (const fact of ['CN=postern', fingerprint.replaceAll(':', ''), '2031-01-01'])
      expect(page.text).toContain(fact)
    const keyText = pair.keyPem.split('\n')[1] ?? ''
    expect(`${saved.text}${page.text}${test.lines.join('\n')}`).not.toContain(keyText)
  })

  it('what does not fit is said at its field; the certificate stays, the key does not', async () => {
    const { send, test } = await signedIn()
    const [pair, other, ended] = await Promise.all([
      clientCertificate('rsa'),
      clientCertificate('ec'),
      clientCertificate('rsa', new Date('2026-02-28T00:00:00Z')),
    ])
    const wrongIn = async (form: Record<string, string>) => {
      const { status, text } = await send('/registrations', { ...asked, clientSecret: '', ...form })
      expect(status).toBe(400)
      expect(text).not.toContain('PRIVATE KEY-----\n')
      for (const { keyPem } of [pair, other, ended]) expect(text).not.toContain(keyPem.split('\n')[1])
      expect(text).toMatch(/<details open>\s*<summary>A certificate in place of a client secret/)
      const [, field, words] = /<span class="wrong" id="(\w+)-field-wrong">(.*?)<\/span>/.exec(text) ?? []
      return { field, words, text }
    }
    const mixed = await wrongIn(pasted({ pem: pair.pem, keyPem: other.keyPem }))
    expect(mixed).toMatchObject({ field: 'certificateKey', words: 'Must be the key of that certificate' })
    expect(mixed.text).toContain(pair.pem.split('\n')[1])
    expect(await wrongIn(pasted(ended))).toMatchObject({
      field: 'certificate',
      words: 'Ended on 2026-02-28',
    })
    expect(await wrongIn({ ...pasted(pair), certificateKey: '' })).toMatchObject({
      field: 'certificateKey',
      words: 'Must not be empty',
    })
    expect(await wrongIn({ ...pasted(pair), certificate: '' })).toMatchObject({ field: 'certificate' })
    expect(await wrongIn({ ...pasted(pair), clientSecret: 'a-secret' })).toMatchObject({
      field: 'certificate',
      words: 'Must not stand beside a client secret; keep one of the two',
    })
    expect(await test.services.registrations.list()).not.toContainEqual(
      expect.objectContaining({ id: 'ours' }),
    )
  })

  it('a form that leaves them empty keeps them, and another pair takes their place', async () => {
    const { send, show, get } = await signedIn()
    const [first, second] = await Promise.all([clientCertificate('rsa'), clientCertificate('ec')])
    await send('/registrations', { ...asked, ...pasted(first) })
    const rest = { clientId: 'mine', tenant, certificate: '', certificateKey: '' }
    await send('/registrations/ours', { ...rest, name: 'Ours' })
    expect(await show()).toMatchObject({ name: 'Ours', certificate: { thumbprint: first.thumbprint } })
    await send('/registrations/ours', { ...rest, ...pasted(second) })
    expect((await show()).certificate?.thumbprint).toBe(second.thumbprint)
    expect((await get('/registrations/ours')).text).toContain('Certificate: give another one')
  })

  it('it takes the place of client secrets, and a client secret that of the certificate', async () => {
    const { send, show, get } = await signedIn()
    const pair = await clientCertificate('rsa')
    await send('/registrations', { ...asked, clientSecret: 'a-secret' })
    expect((await show()).authentication).toBe('client_secret_post')
    expect((await get('/registrations/ours')).text).toContain('It takes the place of the client secrets')
    await send('/registrations/ours', { clientId: 'mine', tenant, ...pasted(pair) })
    expect(await show()).toMatchObject({ authentication: 'private_key_jwt', clientSecrets: [] })
    expect((await get('/registrations/ours')).text).toContain('It takes the place of the certificate.')
    await send('/registrations/ours/secrets', { clientSecret: 'next-secret' })
    const { certificate, clientSecrets } = await show()
    expect([certificate, clientSecrets.length]).toEqual([undefined, 1])
  })

  it('an end that has come since does not stop other changes', async () => {
    const { test, send, show } = await signedIn()
    const pair = await clientCertificate('rsa', new Date('2026-03-01T00:30:00Z'))
    await send('/registrations', { ...asked, ...pasted(pair) })
    test.time.now = Date.parse('2026-03-01T01:00:00Z')
    await send('/registrations/ours', { clientId: 'mine', tenant, name: 'Ours' })
    expect((await show()).name).toBe('Ours')
  })
})

describe('a registration whose app sends by itself', () => {
  it('it needs a secret or a certificate, and says so at the field', async () => {
    const { send } = await signedIn()
    const { status, text } = await send('/registrations', { ...asked, clientSecret: '' })
    expect(status).toBe(400)
    expect(text).toContain('<span class="wrong" id="clientSecret-field-wrong">Is missing</span>')
  })

  it('postern makes its certificate where that is asked for, and the next page has it', async () => {
    const { test, send, show } = await signedIn()
    const made: string[] = []
    const status = await test.services.ownCertificates.show('ours')
    test.services.ownCertificates.make = async (id) => {
      made.push(id)
      return status
    }
    const page = await send('/registrations', { ...asked, clientSecret: '', makeCertificate: 'yes' })
    expect(made).toEqual(['ours'])
    expect((await show()).clientSecrets).toEqual([])
    expect(page.text).toContain('Certificate of ours')
    expect(page.text).toContain('The registration is saved.')
  })
})

it('only an app of an organisation at Entra is offered a certificate that postern makes', async () => {
  const { test, get } = await signedIn()
  const offersIn = async (path: string) => {
    const { text } = await get(path)
    return ['name="makeCertificate"', 'name="certificateKey"'].map((field) => text.includes(field))
  }
  test.services.catalogue.registered = () => {
    throw failure('registration.missing-in-file', { provider: 'x', preset: 'x' })
  }
  expect(await offersIn('/providers/own')).toEqual([false, true])
  expect(await offersIn('/providers/microsoft')).toEqual([true, true])
  for (const id of ['google', 'google-service-account', 'outlook', 'fastmail'])
    expect(await offersIn(`/providers/${id}`), id).toEqual([false, false])
})
