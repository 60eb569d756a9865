import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Host } from '../../src/cli/context.ts'
import { runCommand } from '../../src/cli/program.ts'
import { requireFit, take } from '../../src/cli/service.ts'
import { linux } from '../../src/system/linux.ts'

const hosts: Record<'linux' | 'darwin' | 'win32' | 'aix', Host> = {
  linux: { platform: 'linux', place: { command: ['/usr/local/bin/postern'], environment: {}, user: 0 } },
  darwin: {
    platform: 'darwin',
    place: { command: ['/usr/local/bin/postern'], environment: { HOME: '/Users/anna' }, user: 501 },
  },
  win32: {
    platform: 'win32',
    place: { command: ['C:\\Program Files\\postern\\postern.exe'], environment: {}, user: undefined },
  },
  aix: { platform: 'aix', place: { command: ['/opt/postern'], environment: {}, user: 0 } },
}

const never = async () => Promise.reject(new Error('not asked for'))

async function run(host: Host, ...words: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const deps = { version: '1', readConfig: never, serve: never, openServices: never, openDoctor: never, host }
  const code = await runCommand(['service', ...words], { stdin, stdout, stderr }, deps)
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

describe('postern service', () => {
  it.each([
    [
      'linux',
      /^# \/etc\/systemd\/system\/postern\.service\n[\s\S]*\nsystemctl daemon-reload\n\nsystemctl enable --now/,
    ],
    [
      'darwin',
      /^mkdir \/Users\/anna\/Library\/LaunchAgents\n\n# \/Users\/anna\/Library\/LaunchAgents\/postern\.plist\n<\?xml[\s\S]*\nlaunchctl bootstrap gui\/501 /,
    ],
    [
      'win32',
      /^mkdir C:\\ProgramData\\postern\\data\n[\s\S]*\nicacls\.exe C:\\ProgramData\\postern \/inheritance:r [\s\S]*'\*S-1-5-19:\(OI\)\(CI\)F'\n[\s\S]*\nschtasks\.exe \/Run/,
    ],
  ] as const)('install --print shows all of it, and does nothing: %s', async (platform, text) => {
    const { code, stdout } = await run(hosts[platform], 'install', '--print')
    expect(code).toBe(0)
    expect(stdout).toMatch(text)
    expect(stdout).not.toContain('\r')
  })

  it.each(['install', 'remove', 'start', 'stop'])('%s --print --json is for programs', async (verb) => {
    const { stdout } = await run(hosts.win32, verb, '--print', '--json')
    const { system, dataDir, steps } = JSON.parse(stdout)
    expect([system, dataDir]).toEqual(['the task scheduler of Windows', 'C:\\ProgramData\\postern\\data'])
    expect(steps.length).toBeGreaterThan(1)
  })

  it('a program that the service could not run is not installed', async () => {
    const place = { ...hosts.win32.place, command: ['C:\\Users\\anna\\Downloads\\postern.exe'] } as const
    expect(await run({ ...hosts.win32, place }, 'install')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('Downloads'),
    })
  })

  it.each([{ HOME: '/var/root' }, { HOME: '/var/root', SUDO_USER: 'root' }])(
    'none is installed that would run as root',
    async (environment) => {
      const place = { ...hosts.darwin.place, environment, user: 0 }
      expect(await run({ ...hosts.darwin, place }, 'install')).toMatchObject({
        code: 78,
        stderr: expect.stringContaining('would run as root'),
      })
    },
  )

  it('a system that is not known has none', async () => {
    expect(await run(hosts.aix, 'install')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('(aix)'),
    })
  })

  it('one of a package is not hidden by another', () => {
    const there = ['/run/systemd/system', '/usr/lib/systemd/system/postern.service']
    expect(() => requireFit(linux, hosts.linux, (path) => there.includes(path))).toThrow(
      'A package has installed postern as a service already (/usr/lib/systemd/system/postern.service)',
    )
    requireFit(linux, hosts.linux, (path) => path === '/run/systemd/system')
  })

  it('--event-log is for Windows', async () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const deps = { version: '1', readConfig: never, serve: never, openServices: never, openDoctor: never }
    const code = await runCommand(['serve', '--event-log'], { stdin, stdout, stderr }, deps)
    expect([code, String(stderr.read())]).toEqual([1, expect.stringContaining('--event-log is for Windows')])
  })
})

describe('a step', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-service-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('a file is written for everybody to read, in the encoding that is wanted, and removed', async () => {
    const path = join(folder, 'task.xml')
    await take({ do: 'write', path, text: 'ü', encoding: 'utf16le' }, [], hosts.linux)
    expect([...(await readFile(path))]).toEqual([0xff, 0xfe, 0xfc, 0])
    expect((await stat(path)).mode & 0o777).toBe(0o644)
    await take({ do: 'make-folder', path: join(folder, 'a/b') }, [], hosts.linux)
    expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o700)
    for (const name of ['task.xml', 'never-there']) {
      await take({ do: 'remove-file', path: join(folder, name) }, [], hosts.linux)
    }
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('a program that fails is named, with the last that it said', async () => {
    const words = ['sh', '-c', 'echo beginning; echo "it is broken" >&2; exit 3'] as const
    await expect(take({ do: 'run', words }, [], hosts.linux)).rejects.toMatchObject({
      message: expect.stringMatching(/^sh -c '.*' failed: it is broken$/s),
    })
    await expect(take({ do: 'run', words: ['no-such-program'] }, [], hosts.linux)).rejects.toMatchObject({
      message: expect.stringContaining('no-such-program failed (spawn no-such-program ENOENT)'),
    })
    await take({ do: 'run', words, mayFail: true }, [], hosts.linux)
  })
})
