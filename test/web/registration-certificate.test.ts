import { expect, it } from 'vitest'
import type { MakeRequest, OwnCertificateStatus } from '../../src/providers/own-certificates.ts'
import { signIn, testServer } from './test-server.ts'

const path = '/registrations/ours/certificate'
const one = {
  certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  thumbprint: '0A2D4CBF8AC2354F6C44D0AC60B26EA662F07C92',
  endsAt: '2027-03-01T00:00:00.000Z',
}

it('the page makes a certificate, shows it to be uploaded, and tries it', async () => {
  const test = testServer()
  const { cookie, csrf } = await signIn(test)
  let status: OwnCertificateStatus = {}
  const asked: (MakeRequest | string)[] = []
  test.services.ownCertificates.show = async () => status
  test.services.ownCertificates.make = async (_id, request = {}) => {
    asked.push(request)
    status = { inUse: one, next: { ...one, registered: false } }
    return status
  }
  test.services.ownCertificates.tryNow = async () => {
    asked.push('try')
    status = { inUse: one, objectId: '0f4c9a52-0d0a-4c52-9b3c-55e1f1f3a111' }
    return status
  }
  const empty = await test.get(path).set('Cookie', cookie)
  expect(empty.text).toContain('Make a certificate')
  expect(empty.text).not.toContain('/file')
  const made = await test.post(path, { csrf, objectId: ' x ' }).set('Cookie', cookie)
  expect([made.status, made.headers.location]).toEqual([303, path])
  const page = await test.get(path).set('Cookie', cookie)
  expect(page.text).toContain(one.thumbprint)
  expect(page.text).toContain('to be uploaded')
  const file = await test.get(`${path}/file`).set('Cookie', cookie).responseType('blob')
  expect(file.headers['content-disposition']).toBe('attachment; filename=postern-ours.cer')
  expect(file.body.toString()).toBe(one.certificate)
  await test.post(path, { csrf, try: 'yes' }).set('Cookie', cookie)
  expect(asked).toEqual([{ objectId: 'x' }, {}, 'try'])
  expect((await test.get(path).set('Cookie', cookie)).text).toContain('Make the next one now')
})

it('a refused renewal is shown with its reason, and a viewer changes nothing', async () => {
  const test = testServer()
  const { cookie, csrf } = await signIn(test, 'viewer')
  const refused = { at: '2026-03-01T00:00:00.000Z', why: '<b>Authorization_RequestDenied</b>' }
  test.services.ownCertificates.show = async () => ({ inUse: one, refused })
  const page = await test.get(path).set('Cookie', cookie)
  expect(page.text).toContain('&lt;b&gt;Authorization_RequestDenied')
  expect(page.text).not.toContain('objectId')
  expect((await test.post(path, { csrf }).set('Cookie', cookie)).status).toBe(403)
  expect((await test.get(path)).status).toBe(401)
})
