import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'

// npm run build:bundle      postern and all that it is made of as one file, and the licences of that

const root = resolve(import.meta.dirname, '..')
const built = join(root, 'packaging/built')
const kysely = join(root, 'src/store/kysely.ts')

/**
 * The database code is loaded as CommonJS (see there), which no bundler follows by itself.
 * @type {import('esbuild').Plugin}
 */
const followKysely = {
  name: 'follow-kysely',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]store[\\/]kysely\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const contents = source.replace("createRequire(import.meta.url)('kysely')", "require('kysely')")
      if (contents === source) throw new Error(`${kysely} loads kysely in another way than this build knows`)
      return { contents, loader: 'ts' }
    })
  },
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
mkdirSync(built, { recursive: true })
const { metafile, warnings, outputFiles } = await build({
  entryPoints: [join(root, 'src/main.ts')],
  outfile: join(built, 'postern.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
  define: {
    releaseBuild: JSON.stringify({ version, commit: commit() }),
    // Nothing is read beside the files of the source.
    'import.meta.url': 'undefined',
  },
  // For a Node.js that brings no complete SQLite of its own: its binaries lie in a package beside.
  external: ['@photostructure/sqlite'],
  plugins: [followKysely],
})
if (warnings.length > 0) process.exitCode = 1
put('third-party-licences.txt', licences(Object.keys(metafile.inputs)))
put('postern.cjs', outputFiles[0]?.contents ?? '', 0o755)
console.log(relative(process.cwd(), join(built, 'postern.cjs')))

/**
 * Whole, also for another build that runs beside.
 * @param {string} name
 * @param {string | Uint8Array} contents
 */
function put(name, contents, mode = 0o644) {
  const draft = join(built, `${name}.${process.pid}`)
  writeFileSync(draft, contents, { mode })
  renameSync(draft, join(built, name))
}

/** Of the tree that is built; undefined where there is no Git, as in an unpacked archive. */
function commit() {
  try {
    const [hash, changes] = [
      ['rev-parse', '--short=12', 'HEAD'],
      ['status', '--porcelain', '--untracked-files=no'],
    ].map((words) => execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim())
    return changes === '' ? hash : `${hash} with changes`
  } catch {
    return undefined
  }
}

/**
 * Of every package that has a file in the bundle.
 * @param {string[]} files below the root
 */
function licences(files) {
  const folders = new Set(files.filter((file) => file.includes('node_modules/')).map(packageFolder))
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (typeof license !== 'string') throw new Error(`${name} names no licence in its package.json`)
    const texts = readdirSync(folder)
      .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
      .sort()
      .map((file) => readFileSync(join(folder, file), 'utf8').trim())
    return [`${name} ${version} (${license})`, ...texts].join('\n\n')
  })
  const line = '-'.repeat(78)
  return `${[`postern ${version} contains these packages.`, ...texts].join(`\n\n${line}\n`)}\n`
}

/** @param {string} file */
function packageFolder(file) {
  let folder = resolve(root, dirname(file))
  // Some packages have further files of that name that only tell the kind of module.
  while (
    !existsSync(join(folder, 'package.json')) ||
    !/node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+$/.test(folder)
  )
    folder = dirname(folder)
  return folder
}
