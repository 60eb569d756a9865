import { X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import { putInPlace } from '../store/data-dir.ts'
import { day, namesOf, readCertificatePair } from './certificate-pair.ts'
import {
  certificateName,
  type Issued,
  isInScope,
  issueAuthority,
  issueForServer,
  type Life,
  ownNames,
  type Scope,
  scopeOf,
  scopeOfAuthority,
} from './issue.ts'

export interface MakeRequest {
  /** Absolute path; created if it does not exist. */
  folder: string
  /** Names in addition to those of this machine. Without any, those of the previous certificate. */
  names: readonly string[]
  days: number
  /** Create a new authority, which every device has to be configured to trust. */
  replaceAuthority: boolean
  /** Delete the key of the authority, so that it cannot issue again. */
  forgetAuthorityKey: boolean
  clock: Pick<Clock, 'now'>
}

export interface MadeCertificates {
  /** The authority that clients have to trust, as PEM, and as DER for Windows and many printers. */
  caFile: string
  caDerFile: string
  /** For the settings. */
  certFile: string
  keyFile: string
  names: readonly string[]
  /** Names of the previous certificate that this one lacks. */
  droppedNames: readonly string[]
  /** Names of this machine that are outside of the scope of the authority. */
  leftOutNames: readonly string[]
  /**
   * The scope of the authority: host names with all below them, and networks. Absent if it was
   * created without a limit.
   */
  caScope?: readonly string[]
  /** Path of the key of the authority; absent if it was deleted. */
  caKeyFile?: string
  /** As ISO 8601 dates. */
  validTo: string
  caValidTo: string
  /** The authority was created, too. */
  caMade: boolean
}

/**
 * Creates a server certificate and, the first time, the local authority that issues it. The
 * authority is kept later on, so clients that trust it need no change.
 * @throws Failure `invalid` for a name, `already-exists` for foreign files, `configuration` for a
 * folder or authority that cannot be used
 */
export async function makeCertificates(request: MakeRequest): Promise<MadeCertificates> {
  const { folder, clock } = request
  const files = filesIn(folder)
  const given = request.names.map(certificateName)
  await makeFolder(folder)
  await refuseForeign(files)
  const before = await namesBefore(files.certFile)
  const kept = request.replaceAuthority ? undefined : await readAuthority(files, clock.now())
  const chosen = given.length > 0 ? given : before
  const wanted = inOrder(chosen)
  const scope = kept ? await scopeOfAuthority(kept) : scopeOf(wanted)
  const names = wanted.filter((name) => scope === undefined || isInScope(scope, name))
  if (scope !== undefined) requireInScope(chosen, scope, files.caFile)
  const keep = !request.forgetAuthorityKey
  const authority = kept ?? (await makeAuthority(files, scope ?? [], keep, clock.now()))
  const caValidTo = Date.parse(new X509Certificate(authority.cert).validTo)
  const life = lifeOf(clock.now(), request.days, caValidTo)
  const { cert, key } = await issueForServer(authority, names, life)
  await replaceFile(files.keyFile, key, 0o600)
  await replaceFile(files.certFile, cert, 0o644)
  if (!keep) await removeFile(files.caKeyFile)
  const { caFile, caDerFile, certFile, keyFile } = files
  return {
    ...{ caFile, caDerFile, certFile, keyFile, names },
    droppedNames: before.filter((name) => !names.includes(name)),
    leftOutNames: wanted.filter((name) => !names.includes(name)),
    ...(scope !== undefined && { caScope: scope }),
    ...(keep && { caKeyFile: files.caKeyFile }),
    validTo: day(life.notAfter.getTime()),
    caValidTo: day(caValidTo),
    caMade: kept === undefined,
  }
}

/**
 * The certificate of the authority that issued a server certificate, where it lies beside it as
 * `makeCertificates` leaves it. Nothing else of that file.
 * @throws Failure `configuration` where a file cannot be read
 */
export async function authorityOf(certFile: string): Promise<X509Certificate | undefined> {
  const { caFile } = filesIn(dirname(certFile))
  const [ca, cert] = [await readIfThere(caFile), await readIfThere(certFile)]
  const authority = ca === undefined ? undefined : readCertificate(ca)
  const issued = cert === undefined ? undefined : readCertificate(cert)
  return authority && issued?.verify(authority.publicKey) ? authority : undefined
}

const dayMilliseconds = 24 * 60 * 60 * 1000
const authorityDays = 3650
const authorityName = 'postern local CA'
// For clients whose clock is a little behind.
const backdatedMilliseconds = 60 * 60 * 1000

type CertificateFiles = ReturnType<typeof filesIn>

function filesIn(folder: string) {
  return {
    caFile: join(folder, 'ca.pem'),
    caDerFile: join(folder, 'ca.crt'),
    caKeyFile: join(folder, 'ca-key.pem'),
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server-key.pem'),
  }
}

/** @throws Failure `invalid` */
function requireInScope(names: readonly string[], scope: Scope, caFile: string): void {
  const [outside] = names.filter((name) => !isInScope(scope, name))
  if (outside === undefined) return
  throw failure('certificate.name-out-of-scope', { file: caFile, names: scope.join(', '), name: outside })
}

async function makeAuthority(
  files: CertificateFiles,
  scope: Scope,
  keepKey: boolean,
  now: number,
): Promise<Issued> {
  const life = lifeOf(now, authorityDays)
  // A unique name: a device that trusted an earlier authority could mistake one for the other.
  const made = `${hostname().slice(0, 30)}, ${new Date(now).toISOString().slice(0, 19)}`
  const authority = await issueAuthority(`${authorityName} (${made})`, scope, life)
  if (keepKey) await replaceFile(files.caKeyFile, authority.key, 0o600)
  await replaceFile(files.caFile, authority.cert, 0o644)
  await replaceFile(files.caDerFile, new X509Certificate(authority.cert).raw, 0o644)
  return authority
}

/** Undefined if it does not exist yet. */
async function readAuthority(files: CertificateFiles, now: number): Promise<Issued | undefined> {
  const [cert, key] = [await readIfThere(files.caFile), await readIfThere(files.caKeyFile)]
  if (cert === undefined && key === undefined) return undefined
  if (key === undefined) throw forgotten(files)
  const reading = readCertificatePair(cert ?? '', key)
  if ('mistakes' in reading) {
    const [{ of, must } = { of: 'cert', must: 'cannot be used' }] = reading.mistakes
    throw unusable(`The authority's file ${of === 'cert' ? files.caFile : files.caKeyFile} ${must}`)
  }
  const { validTo } = reading.pair
  if (validTo - now < dayMilliseconds)
    throw unusable(`The authority in ${files.caFile} ended on ${day(validTo)}`)
  return { cert: reading.pair.cert, key: reading.pair.key }
}

/** A certificate from elsewhere is not overwritten. */
async function refuseForeign({ caFile, certFile, keyFile }: CertificateFiles): Promise<void> {
  const [ca, cert, key] = [await readIfThere(caFile), await readIfThere(certFile), await readIfThere(keyFile)]
  if (ca === undefined && (cert ?? key) !== undefined) {
    const path = cert === undefined ? keyFile : certFile
    throw failure('certificate.foreign-file', { path })
  }
  if (ca !== undefined && cert !== undefined && !isIssuedBy(cert, ca)) {
    throw failure('certificate.of-other-authority', { path: certFile, file: caFile })
  }
}

/**
 * Checked by the signature. For an unreadable authority, which --replace-ca replaces, only by the
 * name.
 */
function isIssuedBy(certText: string, caText: string): boolean {
  const [cert, ca] = [readCertificate(certText), readCertificate(caText)]
  if (cert === undefined) return false
  return ca === undefined ? cert.issuer.startsWith(`CN=${authorityName} `) : cert.verify(ca.publicKey)
}

function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text)
  } catch {
    return undefined
  }
}

async function namesBefore(certFile: string): Promise<string[]> {
  const cert = readCertificate((await readIfThere(certFile)) ?? '')
  try {
    return cert === undefined ? [] : namesOf(cert).map(certificateName)
  } catch {
    // The authority has issued for a name that postern would not accept: it is not kept.
    return []
  }
}

/** Given names come first, then the host name: old devices compare with the first name only. */
function inOrder(chosen: readonly string[]): string[] {
  const own = ownNames()
  const hosts = own.filter((name) => name === hostname().toLowerCase())
  return [...new Set([...chosen, ...hosts, ...own])]
}

function lifeOf(now: number, days: number, atMost = Number.POSITIVE_INFINITY): Life {
  const notBefore = now - backdatedMilliseconds
  const notAfter = Math.min(notBefore + days * dayMilliseconds, atMost)
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) }
}

function forgotten({ caFile, caKeyFile }: CertificateFiles): Failure {
  return failure('certificate.authority-key-missing', { file: caFile, keyFile: caKeyFile })
}

function unusable(mistake: string): Failure {
  return failure('certificate.authority-unusable', { mistake })
}

/**
 * Creates a folder with mode 0700, because it contains private keys.
 * @throws Failure `configuration`
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusablePath(error, path)
  }
}

/**
 * Undefined if there is no such file.
 * @throws Failure `configuration`
 */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusablePath(error, path)
  }
}

/**
 * Replaces a file atomically: a running postern may read it at any moment.
 * @throws Failure `configuration`
 */
async function replaceFile(path: string, contents: string | Buffer, mode: number): Promise<void> {
  const draft = `${path}.new`
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(contents)
      // The umask applies to the mode of open(), but not to this one.
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await putInPlace(draft, path)
  } catch (error) {
    throw unusablePath(error, path)
  }
}

/**
 * Does nothing if there is no such file.
 * @throws Failure `configuration`
 */
async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw unusablePath(error, path)
  }
}

function unusablePath(error: unknown, path: string): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return failure('certificate.path-unusable', { path, reason: reasons[code] ?? code, cause: error })
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}
