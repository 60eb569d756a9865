import { describe, expect, it } from 'vitest'
import { createHostAllowList } from '../../src/web/hosts-and-origins.ts'

describe('further names of the pages and the API', () => {
  const publicUrl = new URL('https://mail.example.com')
  const list = createHostAllowList(
    { publicUrl, pagesUrl: publicUrl, furtherHosts: ['postern.mail.svc', '10.0.0.7:8587'] },
    () => [8587],
  )

  it.each([
    ['postern.mail.svc', true],
    ['postern.mail.svc:8587', true],
    ['Postern.Mail.SVC:443', true],
    ['postern.mail.svc:9999', false],
    ['10.0.0.7:8587', true],
    ['10.0.0.7', false],
    ['other.mail.svc', false],
    ['postern.mail.svc.example.com', false],
  ])('%s is one of them: %s', (host, allowed) => {
    expect(list.allowsHost(host)).toBe(allowed)
  })

  it('their forms come from their own pages, with TLS before them or not, and from no others', () => {
    expect(list.allowsOrigin('http://postern.mail.svc:8587', 'postern.mail.svc:8587')).toBe(true)
    expect(list.allowsOrigin('https://postern.mail.svc', 'postern.mail.svc')).toBe(true)
    expect(list.allowsOrigin('https://evil.example', 'postern.mail.svc')).toBe(false)
    expect(list.allowsOrigin('https://mail.example.com', 'postern.mail.svc')).toBe(false)
    expect(list.allowsOrigin('https://localhost:8587', 'localhost:8587')).toBe(false)
  })
})
