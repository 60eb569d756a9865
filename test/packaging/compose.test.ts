import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { BlockList } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { freePort } from '../../examples/demo/free-port.js'
import { startPostern } from '../../examples/demo/postern-process.js'
import { settings } from '../../src/config/settings.ts'
import { eventually } from '../support/eventually.ts'
import { peer, searchPath } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const project = resolve(import.meta.dirname, '../..')
const container = join(project, 'packaging/container')
const [alone, withPostgres] = await Promise.all(
  [join(project, 'compose.yaml'), join(container, 'compose.yaml')].map(async (file) => {
    const text = await readFile(file, 'utf8')
    return { text, ...parse(text) }
  }),
)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-compose-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** As postern in the container has them; the secrets are in this folder. */
function configOf(environment: Record<string, string>) {
  const env = Object.entries(environment).map(([name, value]) => [
    name,
    value
      .replace('/run/secrets', join(folder, 'secrets'))
      .replace('/data/', `${folder}/`)
      .replace(/\$\{.*\}/, 'postern.example.com'),
  ])
  return runProgram(process.execPath, [join(project, 'dist/main.js'), 'config'], {
    cwd: folder,
    env: Object.fromEntries(env),
  })
}

describe('the compose files', () => {
  it('one volume and at most five settings are enough', () => {
    expect(alone?.services.postern.volumes).toEqual(['data:/data'])
    expect(Object.keys(alone?.volumes)).toEqual(['data'])
    expect(Object.keys(alone?.services.postern.environment).length).toBeLessThanOrEqual(5)
  })

  it('postern knows each setting', () => {
    const known = Object.values(settings).map(({ name }) => name)
    for (const file of [alone, withPostgres])
      for (const name of Object.keys(file?.services.postern.environment))
        expect(known).toContain(known.includes(name) ? name : name.replace(/_FILE$/, ''))
  })

  it('what is unencrypted is for this machine alone', () => {
    const { environment, ports } = alone?.services.postern ?? {}
    expect(environment.POSTERN_SMTP_LISTEN).toContain('+plain-auth')
    expect(ports.every((port: string) => port.startsWith('127.0.0.1:'))).toBe(true)
    expect(withPostgres?.text).not.toContain('plain-auth')
  })

  it('postern takes the settings', async () => {
    expect(await configOf(alone?.services.postern.environment)).toMatchObject({ code: 0 })
  })

  it.runIf(peer('openssl'))(
    'postern takes those beside PostgreSQL, with the secrets that its first lines make',
    async () => {
      const lines = [...(withPostgres?.text ?? '').matchAll(/^# {3}((?:mkdir|openssl|printf) .*)$/gm)]
      expect(lines).toHaveLength(4)
      execFileSync('sh', ['-ec', `umask 077; ${lines.map(([, line]) => line).join('\n')}`], { cwd: folder })
      const { environment } = withPostgres?.services.postern ?? {}
      const { POSTERN_TLS_CERT_FILE: _, POSTERN_TLS_KEY_FILE: __, ...rest } = environment
      const said = await configOf({ ...rest, POSTERN_SMTP_LISTEN: '127.0.0.1:2587' })
      expect(said).toMatchObject({ code: 0, output: expect.stringContaining('https://postern.example.com') })
    },
  )

  it('the proxy that postern trusts is Caddy, whose address nobody else is given', () => {
    const { postern, caddy } = withPostgres?.services ?? {}
    const address = caddy.networks.default.ipv4_address
    expect(postern.environment.POSTERN_TRUSTED_PROXIES).toBe(address)
    const [{ subnet, ip_range: given }] = withPostgres?.networks.default.ipam.config ?? []
    expect([subnet, given].map((range) => hasAddress(range, address))).toEqual([true, false])
  })
})

describe.runIf(peer('caddy'))('Caddy', () => {
  it('passes on what browsers ask, with the name that they asked for', async () => {
    const [port, webPort, smtpPort] = [await freePort(), await freePort(), await freePort()]
    const name = `http://localhost:${port}`
    const caddy = spawn(
      'caddy',
      ['run', '--adapter', 'caddyfile', '--config', join(container, 'Caddyfile')],
      {
        env: { PATH: searchPath, HOME: folder, POSTERN_NAME: name, POSTERN_UPSTREAM: `127.0.0.1:${webPort}` },
        stdio: 'ignore',
      },
    )
    const env = { POSTERN_PUBLIC_URL: name, POSTERN_TRUSTED_PROXIES: '127.0.0.1,::1' }
    const postern = await startPostern({ dataDir: join(folder, 'data'), smtpPort, webPort, env })
    try {
      const page = await eventually('Caddy answers', () => fetch(name).catch(() => undefined))
      // Nobody has signed in; another name would be answered 421.
      expect(page.status).toBe(401)
      expect(await page.text()).toContain('</html>')
    } finally {
      await postern.stop()
      await ended(caddy)
    }
  })
})

/** @param range as 192.0.2.0/24 */
function hasAddress(range: string, address: string): boolean {
  const [network = '', bits = ''] = range.split('/')
  const list = new BlockList()
  list.addSubnet(network, Number(bits))
  return list.check(address)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}
