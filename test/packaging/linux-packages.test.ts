import { execFileSync } from 'node:child_process'
import { chmod, chown, copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BootedLinux, bootLinux } from '../support/booted-linux.ts'
import { type Outside, openOutside } from '../support/outside.ts'
import { peer } from '../support/peer.ts'
import { must, runProgram } from '../support/run-program.ts'
import { singleFile } from '../support/single-file.ts'

const project = resolve(import.meta.dirname, '../..')

describe.runIf(peer('Debian packages') && singleFile() !== undefined)('the Debian package', () => {
  let linux: BootedLinux
  let outside: Outside
  let packages: string[]

  beforeAll(async () => {
    packages = ['1', '2'].flatMap((revision) => built('deb', '--quick', '--revision', revision))
    linux = await bootLinux()
    for (const file of packages) await copyFile(file, join(linux.root, 'root', basename(file)))
  }, 300_000)
  afterAll(async () => {
    await Promise.all([outside?.close(), linux?.close()])
  })

  const install = (index: number) =>
    linux.output('dpkg', '--force-confdef,unsafe-io', '-i', `/root/${basename(packages[index] ?? '')}`)
  const posternPid = async () =>
    (await linux.output('systemctl', 'show', '--property=MainPID', '--value', 'postern')).trim()
  const log = () => linux.output('journalctl', '--unit=postern', '--output=cat')
  const isThere = (path: string) => stat(join(linux.root, path)).then(Boolean, () => false)

  it('is installed, and its service runs as a user of its own', async () => {
    await install(0)
    expect((await linux.output('systemctl', 'is-active', 'postern')).trim()).toBe('active')
    expect((await linux.output('systemctl', 'is-enabled', 'postern')).trim()).toBe('enabled')
    expect(await linux.output('stat', '--format=%U:%G %a', '/var/lib/postern')).toBe('postern:postern 700\n')
    expect(await linux.output('stat', '--format=%U:%G %a', '/etc/postern/env')).toBe('root:postern 640\n')
    const pid = await posternPid()
    expect(await linux.output('stat', '--format=%U', `/proc/${pid}`)).toBe('postern\n')
    expect(await linux.output('man', '--where', 'postern')).toContain('/usr/share/man/man1/postern.1')
  })

  it('is exposed as little as systemd can measure', async () => {
    const said = await linux.run('systemd-analyze', 'security', 'postern.service')
    expect(exposureIn(said.output)).toBeLessThan(2)
  })

  it('settings in /etc/postern are taken up, a person consents, and mail goes through it', async () => {
    const settings = join(linux.root, 'etc/postern')
    outside = await openOutside(linux.pid, settings, 8587)
    const group = Number((await linux.output('getent', 'group', 'postern')).split(':')[2])
    for (const file of ['providers.json', 'ca.pem']) {
      await chown(join(settings, file), 0, group)
      await chmod(join(settings, file), 0o640)
    }
    const before = await readFile(join(settings, 'env'), 'utf8')
    const lines = [
      'POSTERN_PROVIDERS_FILE=/etc/postern/providers.json',
      'POSTERN_EXTRA_CA_FILE=/etc/postern/ca.pem',
    ]
    await writeFile(join(settings, 'env'), `${before}\n${lines.join('\n')}\n`)
    await linux.output('systemctl', 'restart', 'postern')
    expect(await outside.consent('me@example.com', [...linux.within, 'postern'])).toBe('active')
    expect(await outside.send(2587, 'From a package')).toEqual([
      { account: 'me@example.com', raw: expect.stringContaining('From a package') },
    ])
  })

  it("what root's command makes belongs to the service", async () => {
    await linux.output('postern', 'tls', 'make', '--name', 'mail.example.com')
    const owners = await linux.output('find', '/var/lib/postern', '!', '-user', 'postern')
    expect(owners).toBe('')
    expect(await linux.output('postern', 'health')).toContain('ready')
  })

  it('an upgrade keeps what was changed in the settings, and the service begins anew in good order', async () => {
    const [pid, settings] = [await posternPid(), await readFile(join(linux.root, 'etc/postern/env'), 'utf8')]
    await install(1)
    expect(await posternPid()).not.toBe(pid)
    expect(await log()).toContain('postern has stopped')
    expect(await readFile(join(linux.root, 'etc/postern/env'), 'utf8')).toBe(settings)
    expect(await linux.output('stat', '--format=%U:%G %a', '/etc/postern/env')).toBe('root:postern 640\n')
    expect(await outside.send(2587, 'After the upgrade')).toHaveLength(1)
  })

  it('so does the way back', async () => {
    await install(0)
    expect(await outside.send(2587, 'After the way back')).toHaveLength(1)
  })

  it('settings that the administrator has taken away stay away, and stop no upgrade', async () => {
    const file = join(linux.root, 'etc/postern/env')
    const settings = await readFile(file)
    await rm(file)
    await linux.output('systemctl', 'stop', 'postern')
    await install(1)
    expect(await isThere('etc/postern/env')).toBe(false)
    await linux.output('install', '-m', '640', '-g', 'postern', '/dev/null', '/etc/postern/env')
    await writeFile(file, settings)
    await linux.output('systemctl', 'restart', 'postern')
    expect(await outside.send(2587, 'With settings again')).toHaveLength(1)
  })

  it('removed, it leaves its store, and goes on with it when it is installed again', async () => {
    await linux.output('dpkg', '--remove', 'postern')
    expect((await linux.run('systemctl', 'is-active', 'postern')).output.trim()).toBe('inactive')
    expect(await isThere('var/lib/postern/postern.sqlite')).toBe(true)
    expect(await isThere('etc/postern/env')).toBe(true)
    expect(await isThere('usr/lib/postern')).toBe(false)
    await install(1)
    expect(await outside.send(2587, 'After it was removed')).toHaveLength(1)
  })

  it('purged, it takes its store along', async () => {
    await linux.output('dpkg', '--purge', 'postern')
    expect(await isThere('var/lib/postern')).toBe(false)
    expect((await linux.run('ls', '/run/postern')).code).not.toBe(0)
    expect(await isThere('etc/postern/env')).toBe(false)
    expect(await isThere('etc/systemd/system/multi-user.target.wants/postern.service')).toBe(false)
  })
})

describe.runIf(peer('systemd'))('the units', () => {
  it.each(['packaging/linux', 'examples/systemd'])(
    'of %s leaves its service as little as systemd can measure',
    async (folder) => {
      const said = await must([
        'systemd-analyze',
        'security',
        '--offline=true',
        join(project, folder, 'postern.service'),
      ])
      expect(exposureIn(said)).toBeLessThan(2)
    },
  )
})

describe.runIf(peer('rpm') && singleFile() !== undefined)('the RPM', () => {
  let file: string
  beforeAll(() => {
    file = built('rpm', '--quick').join()
  }, 300_000)

  it('has the same files, for the same users', async () => {
    const said = await must(['rpm', '--query', '--dump', '--package', file])
    const files = said
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([path, , , , mode = '', owner, group, isConfiguration]) => [
        path,
        mode.slice(-4),
        owner,
        group,
        isConfiguration,
      ])
    expect(files).toEqual(
      expect.arrayContaining([
        ['/etc/postern', '0750', 'root', 'postern', '0'],
        ['/etc/postern/env', '0640', 'root', 'postern', '1'],
        ['/usr/bin/postern', '0755', 'root', 'root', '0'],
        ['/usr/lib/postern/postern', '0755', 'root', 'root', '0'],
        ['/usr/lib/systemd/system/postern.service', '0644', 'root', 'root', '0'],
        ['/usr/share/man/man1/postern.1.gz', '0644', 'root', 'root', '0'],
        ['/var/lib/postern', '0700', 'postern', 'postern', '0'],
      ]),
    )
  })

  it('wants what Fedora and SUSE both know by that name', async () => {
    const wanted = await must(['rpm', '--query', '--requires', '--package', file])
    const named = wanted.split('\n').filter((line) => /^[\w-]+( |$)/.test(line))
    expect(named.map((line) => line.trim())).toEqual(['ca-certificates', 'systemd'])
    expect(wanted).toContain('libc.so.6(GLIBC_2.28)(64bit)')
  })

  it('makes the user, leaves the first start to whoever installs it, restarts at an upgrade and stops at the end', async () => {
    const scripts = await must(['rpm', '--query', '--scripts', '--package', file])
    const [, before, after, atEnd, afterEnd] = scripts.split(/^(?:pre|post)\w+ scriptlet.*$/m)
    expect(before).toContain('useradd --system')
    expect(after).toContain('systemctl --no-reload preset')
    expect(atEnd).toContain('systemctl stop')
    expect(afterEnd).toContain('systemctl try-restart')
    for (const script of [before, after, atEnd, afterEnd]) {
      const read = await runProgram('sh', ['-n'], { input: script ?? '' })
      expect(read).toEqual({ code: 0, output: '' })
    }
  })
})

/** From 0 to 10. */
function exposureIn(said: string): number {
  const [, exposure = 'none'] = /exposure level for postern.service: ([\d.]+)/.exec(said) ?? []
  return Number(exposure)
}

/** The files that `npm run package` has built. */
function built(...words: string[]): string[] {
  const said = execFileSync(process.execPath, ['packaging/linux-packages.js', ...words], {
    cwd: project,
    encoding: 'utf8',
  })
  return said
    .trim()
    .split('\n')
    .map((file) => resolve(project, file))
}
