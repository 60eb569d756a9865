import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fuse, requireSingleFile } from './executable.js'
import { cache, fetchNode, OutOfReach } from './fetch-node.js'
import { targets } from './targets.js'

// npm run build:single-file                   for Linux on x64
// npm run build:single-file -- win-x64 ...    for others, or: all
//
// The bundle and a Node.js as one executable file (https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html).
// It is prepared by a Node.js for Linux on x64, so that is what this runs on. Ends with 75 where Node.js cannot be fetched.

const root = resolve(import.meta.dirname, '..')
const built = join(root, 'packaging/built')
const bundle = join(built, 'postern.cjs')

const words = process.argv.slice(2)
const names = words.length === 0 ? ['linux-x64'] : words.includes('all') ? Object.keys(targets) : words
const free = await alone()
try {
  for (const name of names) await make(name)
} catch (error) {
  if (!(error instanceof OutOfReach)) throw error
  console.error(error.message)
  process.exitCode = 75
} finally {
  free()
}

/**
 * Waits for another build of this kind, which may be of the same file. Gives what lets the next one begin.
 */
async function alone() {
  mkdirSync(cache, { recursive: true })
  const lock = join(cache, 'building')
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return () => rmSync(lock, { force: true })
    } catch {
      if (!isAlive(lock)) rmSync(lock, { force: true })
      await pause(200)
    }
  }
}

/** @param {string} lock */
function isAlive(lock) {
  try {
    return process.kill(Number(readFileSync(lock, 'utf8')) || process.pid, 0)
  } catch {
    return false
  }
}

/** @param {string} name */
async function make(name) {
  const target = targets[name]
  if (!target)
    throw new Error(`No single file can be made for ${name}: ${Object.keys(targets).join(', ')}, all`)
  const file = join(built, target.file)
  const madeOf = JSON.stringify([createHash('sha256').update(readFileSync(bundle)).digest('hex'), target])
  const stamp = join(cache, `${target.file}.made-of`)
  if (!existsSync(file) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== madeOf) {
    const [node, preparedBy] = [target.node, target.preparedBy].map(fetchNode)
    const work = mkdtempSync(join(cache, 'making-'))
    try {
      const draft = await inject(
        name,
        join(`${node}`, target.program),
        join(`${preparedBy}`, 'bin/node'),
        work,
      )
      renameSync(draft, file)
    } finally {
      rmSync(work, { recursive: true })
    }
    const licences = [
      readFileSync(join(built, 'third-party-licences.txt'), 'utf8'),
      `${'-'.repeat(78)}\nNode.js ${target.node.version}\n\n`,
      readFileSync(join(`${preparedBy}`, 'LICENSE'), 'utf8'),
    ]
    writeFileSync(`${file}.licences.txt`, licences.join(''))
    writeFileSync(stamp, madeOf)
  }
  console.log(relative(process.cwd(), file))
}

/**
 * @param {string} name of the target
 * @param {string} node that it is made of
 * @param {string} preparedBy
 * @param {string} work an empty folder
 */
async function inject(name, node, preparedBy, work) {
  const [config, blob, draft] = ['config.json', 'blob', 'draft'].map((one) => join(work, one))
  const settings = {
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // What was compiled for one processor and system is refused by another.
    useCodeCache: name === 'linux-x64',
  }
  writeFileSync(`${config}`, JSON.stringify(settings))
  execFileSync(preparedBy, ['--experimental-sea-config', `${config}`], { stdio: 'pipe' })
  copyFileSync(node, `${draft}`)
  chmodSync(`${draft}`, 0o755)
  // Before: what has been injected does not outlive it.
  if (name.startsWith('linux-')) strip(name, `${draft}`)
  await quietly(() =>
    postject().inject(`${draft}`, 'NODE_SEA_BLOB', readFileSync(`${blob}`), {
      sentinelFuse: fuse,
      ...(name.startsWith('darwin-') && { machoSegmentName: 'NODE_SEA' }),
    }),
  )
  requireSingleFile(readFileSync(`${draft}`), name, readFileSync(`${blob}`))
  return `${draft}`
}

/** @returns {{ inject(file: string, name: string, data: Buffer, options: object): Promise<void> }} */
function postject() {
  return createRequire(import.meta.url)('postject')
}

/**
 * It tells of the names of sections that `strip` has taken away.
 * @param {() => Promise<void>} run
 */
async function quietly(run) {
  const { log, warn, error } = console
  Object.assign(console, { log() {}, warn() {}, error() {} })
  try {
    await run()
  } finally {
    Object.assign(console, { log, warn, error })
  }
}

/**
 * The names of functions, 15 MB, which nobody debugs by.
 * @param {string} name of the target
 * @param {string} file
 */
function strip(name, file) {
  const tools = name === 'linux-x64' ? ['strip', 'llvm-strip'] : ['llvm-strip', 'aarch64-linux-gnu-strip']
  const isDone = tools.some((tool) => {
    try {
      execFileSync(tool, [file], { stdio: 'pipe' })
      return true
    } catch {
      return false
    }
  })
  if (!isDone) console.error(`${name} stays larger than it need be: none of ${tools.join(', ')} is there`)
}
