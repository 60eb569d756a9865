import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { targets } from './targets.js'

// npm run release                       builds all that is released, of the last commit, into packaging/released/
//   --tag v0.2.0                        which must be that of the version
//   --only tarball,bundle               some of: tarball, bundle, single-files, packages
//   --rehearsal                         before the version has a date, or with changes that are not committed (they are not in it)
//   --installed                         with the packages that are installed here, in place of npm ci
//   --into FOLDER
//
// Everything is built twice, in two fresh clones that stand in two places, and has to be the same octet for octet.

/** @typedef {{ 'bom-ref': string }} Part of a bill of materials */

const { values: options } = parseArgs({
  options: {
    tag: { type: 'string' },
    only: { type: 'string', default: 'tarball,bundle,single-files,packages' },
    rehearsal: { type: 'boolean', default: false },
    installed: { type: 'boolean', default: false },
    into: { type: 'string', default: 'packaging/released' },
  },
})

/** @type {Record<string, { commands: string[][], files: RegExp }>} what npm is told, and which files that leaves in packaging/built */
const kinds = {
  tarball: {
    commands: [['pack', '--silent', '--pack-destination', 'packaging/built']],
    files: /^postern-[\d.]+\.tgz$/,
  },
  bundle: {
    commands: [['run', '--silent', 'build:bundle']],
    files: /^(postern\.cjs|third-party-licences\.txt)$/,
  },
  'single-files': {
    commands: [['run', '--silent', 'build:single-file', '--', 'all']],
    files: /^postern-(linux|win|darwin)-/,
  },
  packages: {
    commands: Object.keys(targets)
      .filter((target) => target.startsWith('linux-'))
      .map((target) => ['run', '--silent', 'package', '--', 'deb', 'rpm', '--for', target]),
    files: /\.(deb|rpm)$/,
  },
}

// The reason is enough, and what was made on the way is cleared away first.
process.on('uncaughtException', ({ message }) => {
  console.error(message)
  process.exitCode = 1
})

const root = resolve(import.meta.dirname, '..')
const into = resolve(options.into)
const commit = git('rev-parse', 'HEAD')
const committedAt = new Date(git('show', '-s', '--format=%cI', 'HEAD')).toISOString()
const { version } = JSON.parse(git('show', 'HEAD:package.json'))
const notes = notesOf(git('show', 'HEAD:CHANGELOG.md'))

process.umask(0o022)
// The time of the commit stands for all times.
process.env.SOURCE_DATE_EPOCH = String(Date.parse(committedAt) / 1000)
const wanted = options.only.split(',').map((name) => {
  const kind = kinds[name]
  if (!kind) fail(`Nothing is called ${name}: ${Object.keys(kinds).join(', ')}`)
  return kind
})
if (!options.rehearsal) {
  if (git('status', '--porcelain', '--untracked-files=no') !== '')
    fail('There are changes that are not committed')
  if (options.tag !== undefined && options.tag !== `v${version}`)
    fail(`The tag is ${options.tag}, and the version is ${version}`)
}

const work = realpathSync(mkdtempSync(join(tmpdir(), 'postern-release-')))
try {
  const [first, second] = [build('one'), build('another-place')]
  const differing = Object.keys(first).filter(
    (name) => digest(`${first[name]}`) !== digest(`${second[name]}`),
  )
  if (differing.length > 0) fail(`Not the same when it is built again: ${differing.join(', ')}`)
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })
  for (const [name, path] of Object.entries(first)) copyFileSync(path, join(into, name))
  const sums = Object.keys(first)
    .sort()
    .map((name) => ({ name, sha256: digest(join(into, name)) }))
  put(`postern-${version}.cdx.json`, materials(join(work, 'one'), sums))
  put(`postern-${version}.provenance.json`, statement(join(work, 'one'), sums))
  writeFileSync(
    join(into, 'SHA256SUMS'),
    readdirSync(into)
      .sort()
      .map((name) => `${digest(join(into, name))}  ${name}\n`)
      .join(''),
  )
  // Of the page of the release, and of no checksum.
  writeFileSync(join(into, 'notes.md'), notes)
} finally {
  rmSync(work, { recursive: true })
}
console.log(relative(process.cwd(), into))

/**
 * @param {string} place
 * @returns {Record<string, string>} the path of each file that is released, by its name
 */
function build(place) {
  const clone = join(work, place)
  execFileSync('git', ['clone', '--quiet', '--shared', '--no-checkout', root, clone], { stdio: 'pipe' })
  execFileSync('git', ['checkout', '--quiet', '--detach', commit], { cwd: clone, stdio: 'pipe' })
  if (options.installed) symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  else npm(clone, ['ci', '--silent', '--no-audit', '--no-fund'])
  const built = join(clone, 'packaging/built')
  mkdirSync(built, { recursive: true })
  for (const { commands } of wanted) for (const words of commands) npm(clone, words)
  const names = readdirSync(built).filter((name) => wanted.some(({ files }) => files.test(name)))
  for (const { files } of wanted)
    if (!names.some((name) => files.test(name))) fail(`Nothing was built: ${files}`)
  for (const name of names) if (name.endsWith('.tgz')) seeThatAllMayRead(join(built, name))
  return Object.fromEntries(names.map((name) => [name, join(built, name)]))
}

/** @param {string} tarball which is unpacked by hand, too, and run by another user */
function seeThatAllMayRead(tarball) {
  const lines = execFileSync('tar', ['-tvzf', tarball], { encoding: 'utf8' }).trim().split('\n')
  const closed = lines.filter((line) => !/^[-d]r..r..r../.test(line))
  if (closed.length > 0) fail(`Not everybody may read: ${closed.join(', ')}`)
}

/**
 * A software bill of materials (CycloneDX): all that runs at a user's, with its licence, its hash and where it comes from. What npm
 * says that changes with each call is told of the release instead.
 * @param {string} clone
 * @param {{ name: string, sha256: string }[]} sums
 */
function materials(clone, sums) {
  const bill = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
      cwd: clone,
      encoding: 'utf8',
      maxBuffer: 10_000_000,
    }),
  )
  const running = runningPackages(clone)
  // `--omit dev` would leave out what runs, too, where a tool of the development uses it as well.
  bill.components = bill.components.filter(
    (/** @type {{ name: string, version: string }} */ { name, version }) => running.has(`${name}@${version}`),
  )
  const named = new Set(
    [bill.metadata.component, ...bill.components].map((/** @type {Part} */ part) => part['bom-ref']),
  )
  bill.dependencies = bill.dependencies
    .filter((/** @type {{ ref: string }} */ { ref }) => named.has(ref))
    .map((/** @type {{ ref: string, dependsOn: string[] }} */ { ref, dependsOn }) => ({
      ref,
      dependsOn: dependsOn.filter((other) => named.has(other)),
    }))
  bill.serialNumber = `urn:uuid:${uuidOf(JSON.stringify(sums))}`
  bill.metadata.timestamp = committedAt
  Object.assign(bill.metadata.component, { name: 'postern', type: 'application' })
  if (options.only.includes('single-files')) bill.components.push(...Object.entries(targets).map(nodeIn))
  return bill
}

/** @param {string} clone @returns {Set<string>} each as name@version */
function runningPackages(clone) {
  const { packages } = JSON.parse(readFileSync(join(clone, 'package-lock.json'), 'utf8'))
  const running = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  )
  return new Set(
    running.map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`),
  )
}

/** @param {[string, import('./targets.js').Target]} target */
function nodeIn([name, { node }]) {
  return {
    'bom-ref': `${node.name}@${node.version}`,
    type: 'platform',
    name: 'node',
    version: node.version,
    description: `Node.js in the single file for ${name}`,
    purl: `pkg:npm/${node.name}@${node.version}`,
    licenses: [{ license: { id: 'MIT' } }],
    hashes: [
      {
        alg: 'SHA-512',
        content: Buffer.from(node.integrity.slice('sha512-'.length), 'base64').toString('hex'),
      },
    ],
  }
}

/**
 * What was built of what (in-toto, SLSA provenance 1). Nobody has signed it: whoever builds the same commit by the same command can see
 * that it is so. The workflow has the same said by the platform that it runs on.
 * @param {string} clone
 * @param {{ name: string, sha256: string }[]} sums
 */
function statement(clone, sums) {
  const lock = digest(join(clone, 'package-lock.json'))
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: sums.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:postern:release',
        externalParameters: { command: 'npm run release', only: options.only, commit },
        internalParameters: { node: process.version, platform: `${process.platform}-${process.arch}` },
        resolvedDependencies: [
          { name: 'postern', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lock } },
        ],
      },
      runDetails: { builder: { id: 'urn:postern:packaging/release.js' }, metadata: { invocationId: commit } },
    },
  }
}

/**
 * @param {string} changelog
 * @returns {string} what stands below the heading of this version
 */
function notesOf(changelog) {
  const [, heading = '', text = ''] = /^## (.*)\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(changelog) ?? []
  const dated = new RegExp(`^${version.replaceAll('.', '\\.')} - \\d{4}-\\d{2}-\\d{2}$`)
  if (!options.rehearsal && !dated.test(heading))
    fail(`CHANGELOG.md does not begin with "${version} - " and a date`)
  return `${text.trim()}\n`
}

/** @param {string} seed @returns {string} the same for the same, as version 8 of UUIDs may be */
function uuidOf(seed) {
  const hex = createHash('sha256').update(seed).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

/** @param {string} path */
function digest(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** @param {string} name @param {unknown} contents */
function put(name, contents) {
  writeFileSync(join(into, name), `${JSON.stringify(contents, undefined, 2)}\n`)
}

/** @param {string[]} words */
function git(...words) {
  if (!existsSync(join(root, '.git'))) fail('A release is built from a clone')
  return execFileSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 10_000_000 }).trim()
}

/** @param {string} clone @param {string[]} words */
function npm(clone, words) {
  execFileSync('npm', words, { cwd: clone, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  throw new Error(reason)
}
