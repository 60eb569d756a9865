import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
const tarball = `postern-${version}.tgz`

/** A release is of a commit. */
const isClone = existsSync(join(root, '.git'))
if (!isClone) console.log('skipped: a rehearsal of a release: this is no clone')

describe.runIf(isClone)('a rehearsal of a release', () => {
  const into = mkdtempSync(join(tmpdir(), 'postern-released-'))
  const read = (name: string) => readFileSync(join(into, name), 'utf8')
  let told: ReturnType<typeof rehearse>

  const rehearse = (...words: string[]) =>
    spawnSync(process.execPath, ['packaging/release.js', '--installed', '--into', into, ...words], {
      cwd: root,
      encoding: 'utf8',
    })

  beforeAll(() => {
    // Packed under an umask that shuts others out, and by the script in two places: it refuses what is not the same twice.
    const before = process.umask(0o077)
    told = rehearse('--rehearsal', '--only', 'tarball')
    process.umask(before)
    // Two builds.
  }, 600_000)
  afterAll(() => rmSync(into, { recursive: true }))

  it('builds the same twice, and everybody may read what is in it', () => {
    expect(told).toMatchObject({ status: 0, stderr: '' })
    expect(readdirSync(into).sort()).toEqual([
      'SHA256SUMS',
      'notes.md',
      `postern-${version}.cdx.json`,
      `postern-${version}.provenance.json`,
      tarball,
    ])
  })

  it('has checksums of all that is released', () => {
    const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: into,
      encoding: 'utf8',
    })
    expect(checked.trim().split('\n')).toHaveLength(3)
  })

  it('has a bill of materials that names each package that runs, with its hash and its licence', () => {
    const bill = JSON.parse(read(`postern-${version}.cdx.json`))
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'postern', version } },
    })
    const named = new Map(
      bill.components.map((part: { purl: string }) => [decodeURIComponent(part.purl), part]),
    )
    const running = Object.entries<Record<string, unknown>>(lock.packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
    )
    expect(running.length).toBeGreaterThan(50)
    for (const [path, { version }] of running) {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      expect(named.get(`pkg:npm/${name}@${version}`), name).toMatchObject({
        hashes: [{ alg: 'SHA-512' }],
        licenses: [{}],
      })
    }
  })

  it('says of which commit it was built', () => {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
    const sums = read('SHA256SUMS')
    const { subject, predicate } = JSON.parse(read(`postern-${version}.provenance.json`))
    expect(subject).toEqual([{ name: tarball, digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }])
    expect(sums).toContain(`${subject[0].digest.sha256}  ${tarball}\n`)
    expect(predicate.buildDefinition.externalParameters.commit).toBe(commit)
  })

  it('a release with another tag than the version, or before its date, is refused', () => {
    const refused = rehearse('--only', 'tarball', '--tag', 'v0.0.1')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toMatch(/^(There are changes|The tag is v0\.0\.1|CHANGELOG\.md does not begin)/)
    expect(readdirSync(into)).toContain(tarball)
  })
})
