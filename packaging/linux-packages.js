import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { completionOf, manPages } from './man-pages.js'

// npm run package -- deb rpm                        packages of the single file, for Linux on x64
//   --for linux-arm64                               for that in its place
//   --revision 2                                    of the same version once more
//   --quick                                         without compression, for tests
//
// dpkg-deb (Debian: dpkg) and rpmbuild (Debian: rpm) build them. SOURCE_DATE_EPOCH, or else the time of the last commit, is the time of
// all files, so the same source gives the same package. DEBFULLNAME and DEBEMAIL say who packs.

const root = resolve(import.meta.dirname, '..')
const built = join(root, 'packaging/built')
const parts = join(root, 'packaging/linux')

/** @typedef {{ debian: string, rpm: string }} Architecture */
/** @type {Record<string, Architecture>} */
const architectures = {
  'linux-x64': { debian: 'amd64', rpm: 'x86_64' },
  'linux-arm64': { debian: 'arm64', rpm: 'aarch64' },
}

const { positionals: kinds, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    for: { type: 'string', default: 'linux-x64' },
    revision: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
})
const architecture = architectures[options.for]
if (!architecture) throw new Error(`Packages are for ${Object.keys(architectures).join(' or ')}`)
if (kinds.length === 0 || kinds.some((kind) => kind !== 'deb' && kind !== 'rpm'))
  throw new Error('Which packages: deb, rpm, or both')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const time = Number(process.env.SOURCE_DATE_EPOCH ?? timeOfCommit())
const packager = `${process.env.DEBFULLNAME ?? 'The authors of postern'} <${process.env.DEBEMAIL ?? 'postern@localhost'}>`

const executable = buildSingleFile(options.for)
const work = mkdtempSync(join(tmpdir(), 'postern-packages-'))
try {
  if (kinds.includes('deb')) console.log(relative(process.cwd(), await debianPackage(architecture.debian)))
  if (kinds.includes('rpm')) console.log(relative(process.cwd(), await rpmPackage(architecture.rpm)))
} finally {
  rmSync(work, { recursive: true })
}

/** @param {string} processor @returns {Promise<string>} the file */
async function debianPackage(processor) {
  const tree = join(work, 'deb')
  const full = `${version}-${options.revision}`
  await layOut(tree, 'usr/share/zsh/vendor-completions')
  const documents = 'usr/share/doc/postern'
  put(tree, `${documents}/copyright`, read('linux/debian/copyright'))
  const entry = `postern (${full}) unstable; urgency=medium\n\n  * Version ${version}; changelog.gz says what is new.\n\n`
  put(tree, `${documents}/changelog.Debian.gz`, zipped(`${entry} -- ${packager}  ${debianDate()}\n`))
  put(tree, 'usr/share/lintian/overrides/postern', read('linux/debian/lintian-overrides'))

  const files = filesIn(tree)
  const octets = files.reduce((sum, file) => sum + lstatSync(join(tree, file)).size, 0)
  const sums = files
    .filter((file) => lstatSync(join(tree, file)).isFile() && !file.startsWith('etc/'))
    .map(
      (file) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, file)))
          .digest('hex')}  ${file}\n`,
    )
  put(
    tree,
    'DEBIAN/control',
    `Package: postern
Version: ${full}
Architecture: ${processor}
Maintainer: ${packager}
Installed-Size: ${Math.ceil(octets / 1024)}
Depends: libc6 (>= 2.28), libgcc-s1 (>= 3.4), libstdc++6 (>= 7), init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers
Recommends: ca-certificates
Section: mail
Priority: optional
Description: OAuth2 token broker for SMTP
 Legacy software logs in to postern with a local password; postern passes its
 mail on to Microsoft 365, Gmail and other providers, with XOAUTH2 and a fresh
 bearer token.
 .
 The service postern.service has a user of its own. Its store is in
 /var/lib/postern: removed, the package leaves it; purged, it takes it along.
`,
  )
  put(tree, 'DEBIAN/conffiles', '/etc/postern/env\n')
  put(tree, 'DEBIAN/md5sums', sums.join(''))
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(tree, `DEBIAN/${script}`, read(`linux/debian/${script}`), 0o755)
  settle(tree)

  const file = join(built, `postern_${full}_${processor}.deb`)
  const compression = options.quick ? ['-Znone'] : ['-Zxz']
  run('dpkg-deb', ['--root-owner-group', ...compression, '--build', tree, file])
  return file
}

/** @param {string} processor @returns {Promise<string>} the file */
async function rpmPackage(processor) {
  const tree = join(work, 'rpm')
  await layOut(tree, 'usr/share/zsh/site-functions')
  put(tree, 'usr/share/licenses/postern/LICENSE', readFileSync(join(root, 'LICENSE')))
  settle(tree)
  const definitions = {
    _topdir: join(work, 'rpmbuild'),
    _rpmdir: join(work, 'rpms'),
    _rpmfilename: '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
    // What Debian's rpmbuild knows of these is not what distributions with RPM do.
    _binary_payload: options.quick ? 'w0.gzdio' : 'w7.xzdio',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    _buildhost: 'localhost',
    packager,
    // In the version of an RPM a hyphen stands before the release, and nowhere else.
    its_version: version.replace('-', '~'),
    its_release: options.revision,
    its_files: tree,
  }
  const words = Object.entries(definitions).flatMap(([name, value]) => ['--define', `${name} ${value}`])
  run('rpmbuild', ['-bb', '--quiet', '--target', `${processor}-linux`, ...words, join(parts, 'postern.spec')])
  const [name = ''] = readdirSync(join(work, 'rpms'))
  copyFileSync(join(work, 'rpms', name), join(built, name))
  return join(built, name)
}

/**
 * The files that both kinds of packages have.
 * @param {string} tree
 * @param {string} zshFolder
 */
async function layOut(tree, zshFolder) {
  const add = (/** @type {string} */ path, /** @type {string | Buffer} */ content, mode = 0o644) =>
    put(tree, path, content, mode)
  add('usr/lib/postern/postern', '', 0o755)
  copyFileSync(executable, join(tree, 'usr/lib/postern/postern'))
  add('usr/bin/postern', read('linux/postern'), 0o755)
  symlinkSync('postern', join(tree, 'usr/bin/postern-sendmail'))
  add('usr/lib/systemd/system/postern.service', read('linux/postern.service'))
  add('usr/lib/sysusers.d/postern.conf', read('linux/postern.sysusers'))
  add('etc/postern/env', read('linux/env'), 0o640)
  chmodSync(join(tree, 'etc/postern'), 0o750)

  const documents = 'usr/share/doc/postern'
  add(`${documents}/changelog.gz`, zipped(readFileSync(join(root, 'CHANGELOG.md'))))
  add(`${documents}/third-party-licences.gz`, zipped(readFileSync(`${executable}.licences.txt`)))
  add(`${documents}/env.example`, readFileSync(join(root, '.env.example')))
  for (const unit of ['postern-smtp.socket', 'postern-web.socket'])
    add(`${documents}/examples/${unit}`, readFileSync(join(root, 'examples/systemd', unit)))
  for (const [name, text] of Object.entries(await manPages(version, new Date(time * 1000))))
    add(`usr/share/man/man1/${name}.gz`, zipped(text))
  add('usr/share/bash-completion/completions/postern', await completionOf('bash'))
  add('usr/share/fish/vendor_completions.d/postern.fish', await completionOf('fish'))
  add(`${zshFolder}/_postern`, await completionOf('zsh'))
}

/** @param {string} name of a target @returns {string} the file */
function buildSingleFile(name) {
  const said = run('npm', ['run', '--silent', 'build:single-file', '--', name])
  return resolve(root, said.trim().split('\n').at(-1) ?? '')
}

/**
 * @param {string} tree
 * @param {string} path
 * @param {string | Buffer} content
 */
function put(tree, path, content, mode = 0o644) {
  const file = join(tree, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

/** Whatever the umask of whoever builds; and all of one time. @param {string} tree */
function settle(tree) {
  for (const path of ['', ...readdirSync(tree, { recursive: true, encoding: 'utf8' })]) {
    const file = join(tree, path)
    if (lstatSync(file).isDirectory() && path !== 'etc/postern') chmodSync(file, 0o755)
    lutimesSync(file, time, time)
  }
}

/** @param {string} tree @returns {string[]} sorted, links too */
function filesIn(tree) {
  const all = readdirSync(tree, { recursive: true, encoding: 'utf8' })
  return all.filter((path) => !lstatSync(join(tree, path)).isDirectory()).sort()
}

/** @param {string} path below this folder */
function read(path) {
  return readFileSync(join(root, 'packaging', path), 'utf8')
}

/** Without the time of its making. @param {string | Buffer} text */
function zipped(text) {
  return gzipSync(text, { level: 9 })
}

/** @param {string} program @param {string[]} words */
function run(program, words) {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(time) }
  return execFileSync(program, words, {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** In an unpacked archive, where there is no Git, the time of the archive. */
function timeOfCommit() {
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return Math.floor(statSync(join(root, 'package.json')).mtimeMs / 1000)
  }
}

/** As RFC 5322 has it, in UTC. */
function debianDate() {
  return new Date(time * 1000).toUTCString().replace('GMT', '+0000')
}
