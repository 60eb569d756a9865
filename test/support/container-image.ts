import { execFileSync } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { must } from './run-program.ts'

const project = resolve(import.meta.dirname, '../..')

/** Containers by Debian's buildah and podman, which need no service, with images in a folder of their own. */
export interface Containers {
  folder: string
  /** Words of podman. @throws with what it said, where it ends with another code than 0 */
  podman(...words: string[]): Promise<string>
  /** As a shell would give it to another program. */
  podmanWords: readonly string[]
  /** Builds the image of the `Dockerfile`, on stand-ins for the images of registries: see `layOutNode` and `layOutBase`. */
  build(image: string, buildArguments: Record<string, string>): Promise<void>
  close(): Promise<void>
}

/** @param node a program of Node.js that knows SQLite */
export async function openContainers(node: string): Promise<Containers> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-containers-'))
  const storage = [
    '--storage-driver',
    'overlay',
    '--root',
    join(folder, 'store'),
    '--runroot',
    join(folder, 'run'),
  ]
  const podmanWords = ['podman', ...storage, '--cgroup-manager', 'cgroupfs', '--runtime', 'runc']
  const podman = (...words: string[]) => must([...podmanWords, ...words])
  return {
    folder,
    podman,
    podmanWords,
    async build(image, buildArguments) {
      await layOutNode(join(folder, 'node'), node)
      await layOutBase(join(folder, 'base'), node)
      for (const name of ['node', 'base']) {
        await must([
          'tar',
          '--create',
          '--file',
          join(folder, `${name}.tar`),
          '--directory',
          join(folder, name),
          '.',
        ])
        await podman('import', join(folder, `${name}.tar`), `localhost/${name}`)
      }
      const given = { NODE_IMAGE: 'localhost/node', BASE_IMAGE: 'localhost/base', ...buildArguments }
      const words = ['build', '--isolation', 'chroot', '--format', 'docker', '--pull-never', '--quiet']
      const mounts = ['/usr:/usr:ro', '/etc/ssl:/etc/ssl:ro', `${npmCache()}:/root/.npm`]
      await must([
        'buildah',
        ...storage,
        ...words,
        ...mounts.flatMap((mount) => ['--volume', mount]),
        ...Object.entries(given).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
        '--tag',
        image,
        project,
      ])
    },
    async close() {
      await podman('rm', '--all', '--force', '--time', '0')
      await podman('rmi', '--all', '--force')
      await rm(folder, { recursive: true })
    },
  }
}

/**
 * For the image of Node.js: that program, where such an image has it. What the steps of the build run (a shell, npm and its Node.js) is
 * this machine's own, mounted.
 */
async function layOutNode(folder: string, node: string): Promise<void> {
  await layOutLinux(folder)
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) await symlink(`usr/${name}`, join(folder, name))
  await mkdir(join(folder, 'usr/local/bin'), { recursive: true })
  await copyFile(node, join(folder, 'usr/local/bin/node'))
}

/** For the image beneath the finished one: the libraries that Node.js asks for, the authorities that are trusted, and no program at all. */
async function layOutBase(folder: string, node: string): Promise<void> {
  await layOutLinux(folder)
  const said = execFileSync('ldd', [node], { encoding: 'utf8' })
  for (const [, library = ''] of said.matchAll(/(\/\S+) \(0x/g)) {
    const into = library.startsWith('/lib64/') ? 'lib64' : 'lib'
    await mkdir(join(folder, into), { recursive: true })
    await copyFile(library, join(folder, into, basename(library)))
  }
  await mkdir(join(folder, 'etc/ssl/certs'), { recursive: true })
  await cp('/etc/ssl/certs/ca-certificates.crt', join(folder, 'etc/ssl/certs/ca-certificates.crt'), {
    dereference: true,
  })
}

async function layOutLinux(folder: string): Promise<void> {
  for (const name of ['etc', 'root', 'tmp']) await mkdir(join(folder, name), { recursive: true })
  await chmod(join(folder, 'tmp'), 0o1777)
  await writeFile(
    join(folder, 'etc/passwd'),
    'root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/tmp:/sbin/nologin\n',
  )
}

/** What `npm ci` has fetched here it need not fetch in the image. */
function npmCache(): string {
  return execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()
}
