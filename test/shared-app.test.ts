import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPostern } from '../src/app.ts'
import { silentLog } from '../src/base/log.ts'
import { Secret } from '../src/base/secret.ts'
import { onPostgres } from './store/fixture.ts'
import { defaultLimits } from './support/default-limits.ts'
import { eventually } from './support/eventually.ts'
import { newPostgresDatabase } from './support/postgres-databases.ts'
import { templateKey } from './support/postgres-template.ts'
import { signIn } from './support/smtp-client.ts'

const guessesPerSource = 6
const publicUrl = new URL('http://postern.example:8587')

/** Three posterns on one database, behind one name; each with a data directory of its own. */
async function startThree() {
  const folder = await mkdtemp(join(tmpdir(), 'postern-three-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const databaseUrl = new Secret(await newPostgresDatabase())
  const start = async (place: number) => {
    const postern = await startPostern(
      {
        ...{ dataDir: join(folder, `data-${place}`), databaseUrl, key: templateKey, publicUrl },
        smtpListen: [{ host: '127.0.0.1', port: 0, tls: 'none', plainAuth: false, oldTls: false }],
        webListen: [{ host: '127.0.0.1', port: 0 }],
        ...{ registrations: {}, customProviders: [], providerOverrides: new Map() },
        ...{ logLevel: 'silent', journalRecipients: 'refused', metrics: { listen: [], mailboxes: 0 } },
        ...{ notify: {}, pageAccess: { administrators: [], viewers: [] } },
        limits: { ...defaultLimits, guessesPerSource, guessDelaySeconds: 0.05, shutdownSeconds: 0.2 },
      },
      silentLog,
      '1.2.3',
    )
    onTestFinished(async () => void (await postern.stop()))
    const [web] = postern.web
    return {
      signInLink: postern.signInLink,
      smtp: postern.smtp[0]?.port ?? 0,
      browse: (method: 'get' | 'post', path: string, cookie = '') =>
        request(`http://127.0.0.1:${web?.port}`)
          [method](path)
          .set({ Host: publicUrl.host, Origin: publicUrl.origin, Cookie: cookie }),
    }
  }
  return [await start(0), await start(1), await start(2)] as const
}

describe.runIf(onPostgres)('three posterns on one database', () => {
  it('guesses that are spread over all of them are stopped at the limit of one source', async () => {
    const all = await startThree()
    const [one, two, three] = all
    for (let index = 0; index < guessesPerSource; index += 1) {
      const { smtp } = [one, two, three][index % 3] ?? one
      const reply = await signIn(smtp, { user: `nobody-${index}`, password: `wrong ${index}` })
      // Up to as many as were counted elsewhere within the last second are still looked at.
      expect(reply).toMatch(/^(535|454)/)
    }
    // The same password again is no further guess.
    for (const { smtp } of all)
      await eventually('turned away', async () =>
        (await signIn(smtp, { user: 'nobody', password: 'the same' })).startsWith('454'),
      )
  })

  it('a one-time link of one signs a browser in at another, and so it is at the third', async () => {
    const [one, two, three] = await startThree()
    const { pathname } = new URL(await one.signInLink())
    const answer = await two.browse('post', pathname)
    expect(answer.status).toBe(303)
    const cookie = String(answer.headers['set-cookie']?.[0]).split(';')[0] ?? ''
    expect((await three.browse('get', '/account', cookie)).status).toBe(200)
    expect((await one.browse('post', pathname)).status).toBe(404)
  })
})
