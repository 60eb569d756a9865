import { X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
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
  /** Absolute; made when there is none. */
  folder: string
  /** Beside what this machine is called anyway. Without any, those that the certificate had before. */
  names: readonly string[]
  days: number
  /** A new authority, which every device has to be told of. */
  replaceAuthority: boolean
  /** Nobody can issue by the authority again. */
  forgetAuthorityKey: boolean
  clock: Pick<Clock, 'now'>
}

export interface MadeCertificates {
  /** What clients have to trust: PEM, and the same as DER for Windows and for many printers. */
  caFile: string
  caDerFile: string
  /** For the settings. */
  certFile: string
  keyFile: string
  names: readonly string[]
  /** What the certificate before had, and this one has not. */
  droppedNames: readonly string[]
  /** What this machine is called, too, but the authority was not made for. */
  leftOutNames: readonly string[]
  /** What the authority may issue for: host names with all below them, and networks. Absent for one that was made without a limit. */
  caScope?: readonly string[]
  /** Where the authority's key is; absent when it was forgotten. */
  caKeyFile?: string
  /** As ISO 8601 dates. */
  validTo: string
  caValidTo: string
  /** The authority is new, too. */
  caMade: boolean
}

/**
 * Makes a server certificate and, the first time, the local authority that issues it. Later on the authority stays, so that whoever
 * trusts it goes on without noticing.
 * @throws Failure `invalid` for a name, `already-exists` for files of somebody else, `configuration` for a folder or authority that cannot be used
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
  const message = `The authority in ${caFile} was made for ${scope.join(', ')}, and cannot issue for ${outside}`
  throw new Failure('invalid', message, {
    fix: 'Make a new authority for all of the names with --replace-ca, and tell every device of it.',
  })
}

async function makeAuthority(
  files: CertificateFiles,
  scope: Scope,
  keepKey: boolean,
  now: number,
): Promise<Issued> {
  const life = lifeOf(now, authorityDays)
  // A name of its own: a device that trusted an earlier authority would mistake one for the other.
  const made = `${hostname().slice(0, 30)}, ${new Date(now).toISOString().slice(0, 19)}`
  const authority = await issueAuthority(`${authorityName} (${made})`, scope, life)
  if (keepKey) await replaceFile(files.caKeyFile, authority.key, 0o600)
  await replaceFile(files.caFile, authority.cert, 0o644)
  await replaceFile(files.caDerFile, new X509Certificate(authority.cert).raw, 0o644)
  return authority
}

/** Undefined when there is none yet. */
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

/** A certificate that came from elsewhere is not overwritten. */
async function refuseForeign({ caFile, certFile, keyFile }: CertificateFiles): Promise<void> {
  const [ca, cert, key] = [await readIfThere(caFile), await readIfThere(certFile), await readIfThere(keyFile)]
  const fix = 'Move it away, or name another folder with --dir.'
  if (ca === undefined && (cert ?? key) !== undefined) {
    const path = cert === undefined ? keyFile : certFile
    const message = `${path} is there already, and no authority of postern beside it`
    throw new Failure('already-exists', message, { fix })
  }
  if (ca !== undefined && cert !== undefined && !isIssuedBy(cert, ca)) {
    const message = `${certFile} is there already, and the authority in ${caFile} did not issue it`
    throw new Failure('already-exists', message, { fix })
  }
}

/** By the signature; of an authority that cannot be read, which --replace-ca replaces, only the name tells. */
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
    // Somebody used the authority for a name that we would not take: nothing to keep.
    return []
  }
}

/** What somebody named stands first, then the host name: old devices compare with the first only. */
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
  return new Failure(
    'configuration',
    `The key of the authority in ${caFile} is not here, so nothing can be issued by it`,
    {
      fix: `Put your own copy of it back as ${caKeyFile}. If there is none (--forget-ca-key), make a new authority with --replace-ca, and tell every device of it.`,
    },
  )
}

function unusable(message: string): Failure {
  return new Failure('configuration', message, {
    fix: 'Put the files back, or make a new authority with --replace-ca and tell every device of it.',
  })
}

/** With mode 0700 where there was none: private keys stand in it. @throws Failure `configuration` */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusablePath(error, path)
  }
}

/** Undefined when there is no such file. @throws Failure `configuration` */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusablePath(error, path)
  }
}

/** Writes a file so that it appears under its name whole: a postern that runs may look at any moment. @throws Failure `configuration` */
async function replaceFile(path: string, contents: string | Buffer, mode: number): Promise<void> {
  const draft = `${path}.new`
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(contents)
      // The umask cuts the mode that open() is given, but not this one.
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    throw unusablePath(error, path)
  }
}

/** Content when there is none. @throws Failure `configuration` */
async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw unusablePath(error, path)
  }
}

function unusablePath(error: unknown, path: string): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return new Failure('configuration', `${path} cannot be used: ${reasons[code] ?? code}`, {
    cause: error,
    fix: 'Run this as the user that postern runs as, or name another folder with --dir.',
  })
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}
