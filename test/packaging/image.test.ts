import { chown, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { targets } from '../../packaging/targets.js'
import { type Containers, openContainers } from '../support/container-image.ts'
import { eventually } from '../support/eventually.ts'
import { type Outside, openOutside } from '../support/outside.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'
import { singleFile } from '../support/single-file.ts'

const { name, version } = targets['linux-x64']?.node ?? {}
/** That of the single file, whose build fetches it. */
const node = resolve(import.meta.dirname, `../../node_modules/.cache/postern/${name}-${version}/bin/node`)
const nobody = 65_532

describe.runIf(peer('containers') && singleFile() !== undefined)('the image', () => {
  let containers: Containers
  let outside: Outside
  let settings: string
  const image = 'localhost/postern'

  beforeAll(async () => {
    containers = await openContainers(node)
    await containers.build(image, { VERSION: '1.2.3', REVISION: 'abc' })
    settings = join(containers.folder, 'settings')
    await mkdir(settings)
    outside = await openOutside('new', settings, 8587)
    for (const file of ['providers.json', 'ca.pem']) await chown(join(settings, file), nobody, nobody)
  }, 300_000)
  afterAll(async () => {
    await outside?.close()
    await containers?.close()
  }, 60_000)

  /** As `compose.yaml` has it, but in the network of the provider. */
  const run = () =>
    containers.podman(
      'run',
      '--detach',
      '--name=postern',
      '--init',
      '--read-only',
      '--read-only-tmpfs=false',
      '--cap-drop=all',
      '--security-opt=no-new-privileges',
      // A session may have fewer than podman asks for.
      ...['nofile', 'nproc'].map((name) => `--ulimit=${name}=4096:4096`),
      `--network=ns:/proc/${outside.pid}/ns/net`,
      '--no-hosts',
      '--volume=postern:/data',
      `--volume=${settings}:/settings:ro`,
      '--env=POSTERN_PROVIDERS_FILE=/settings/providers.json',
      '--env=POSTERN_EXTRA_CA_FILE=/settings/ca.pem',
      image,
    )
  /** As `HEALTHCHECK` asks it. @throws when it has ended */
  const isHealthy = async () => {
    const words = [...containers.podmanWords.slice(1), 'exec', 'postern', '/usr/local/bin/postern', 'health']
    if ((await runProgram('podman', words)).code === 0) return true
    const [{ State: state }] = JSON.parse(await containers.podman('container', 'inspect', 'postern'))
    if (state.Status === 'exited') throw new Error(await containers.podman('logs', 'postern'))
    return false
  }

  it('says what it is, and is for a user without rights', async () => {
    const [{ Config: config, Healthcheck: health }] = JSON.parse(
      await containers.podman('image', 'inspect', image),
    )
    expect(health).toMatchObject({ Test: ['CMD', '/usr/local/bin/postern', 'health'] })
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/usr/local/bin/postern'],
      Cmd: ['serve'],
      Labels: {
        'org.opencontainers.image.title': 'postern',
        'org.opencontainers.image.licenses': 'Apache-2.0',
        'org.opencontainers.image.version': '1.2.3',
        'org.opencontainers.image.revision': 'abc',
      },
    })
  })

  it('serves with a root that nobody can write and one volume: a person consents, and mail goes through it', async () => {
    await run()
    await eventually('postern is ready', isHealthy, 60)
    const command = [...containers.podmanWords, 'exec', 'postern', 'postern']
    expect(await outside.consent('me@example.com', command)).toBe('active')
    expect(await outside.send(2587, 'From a container')).toEqual([
      { account: 'me@example.com', raw: expect.stringContaining('From a container') },
    ])
  })

  it('is stopped in good order, and a new container goes on with the volume', async () => {
    await containers.podman('stop', '--time=45', 'postern')
    const [{ State: state }] = JSON.parse(await containers.podman('container', 'inspect', 'postern'))
    expect(state).toMatchObject({ ExitCode: 0 })
    expect(await containers.podman('logs', 'postern')).toContain('postern has stopped')
    await containers.podman('rm', 'postern')
    await run()
    await eventually('postern is ready', isHealthy, 60)
    expect(await outside.send(2587, 'From the next one')).toHaveLength(1)
  })
})
