import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BootedLinux, bootLinux } from '../support/booted-linux.ts'
import { eventually } from '../support/eventually.ts'
import { peer } from '../support/peer.ts'
import { singleFile } from '../support/single-file.ts'

const file = peer('Debian packages') ? singleFile() : undefined
const postern = '/usr/local/bin/postern'

describe.runIf(file !== undefined)('postern service install', () => {
  let linux: BootedLinux
  beforeAll(async () => {
    linux = await bootLinux()
    await copyFile(file ?? '', join(linux.root, postern))
  }, 300_000)
  afterAll(() => linux?.close())

  const command = (...words: string[]) =>
    linux.output('env', 'POSTERN_DATA_DIR=/var/lib/postern', postern, ...words)
  const property = async (name: string) =>
    (await linux.output('systemctl', 'show', `--property=${name}`, '--value', 'postern')).trim()

  it('begins a service as a user of its own, whose store root reaches', async () => {
    await linux.output(postern, 'service', 'install')
    expect((await linux.output('systemctl', 'is-enabled', 'postern')).trim()).toBe('enabled')
    const owner = await linux.output('stat', '--format=%U', `/proc/${await property('MainPID')}`)
    expect(owner).toBe('postern\n')
    expect(await command('health')).toContain('ready')
    expect(await command('sign-in')).toContain('http://localhost:8587/')
  })

  it('settings are those of /etc/postern/env, and a secret is handed over by systemd', async () => {
    const folder = join(linux.root, 'etc/postern')
    await mkdir(folder, { mode: 0o700 })
    await writeFile(join(folder, 'google-client-secret'), 'a-secret', { mode: 0o600 })
    const settings = [
      'POSTERN_GOOGLE_CLIENT_ID=an-id',
      'POSTERN_GOOGLE_CLIENT_SECRET_FILE=/run/credentials/postern.service/google',
    ]
    await writeFile(join(folder, 'env'), settings.join('\n'), { mode: 0o600 })
    const changes = join(linux.root, 'etc/systemd/system/postern.service.d')
    await mkdir(changes)
    await writeFile(
      join(changes, 'override.conf'),
      '[Service]\nLoadCredential=google:/etc/postern/google-client-secret\n',
    )
    await linux.output('systemctl', 'daemon-reload')
    await linux.output('systemctl', 'restart', 'postern')
    expect(await command('registration', 'list')).toContain('an-id')
  })

  it('reads its settings again, and begins anew when it was killed', async () => {
    await linux.output('systemctl', 'reload', 'postern')
    const pid = await property('MainPID')
    await linux.output('systemctl', 'kill', '--signal=KILL', 'postern')
    await eventually(
      'it runs again',
      async () => (await property('ActiveState')) === 'active' && (await property('MainPID')) !== pid,
      60,
    )
  })

  it('is taken away, and leaves its store', async () => {
    await linux.output(postern, 'service', 'remove')
    expect((await linux.run('systemctl', 'is-active', 'postern')).output.trim()).toBe('inactive')
    expect((await stat(join(linux.root, 'var/lib/private/postern/postern.sqlite'))).isFile()).toBe(true)
  })
})
