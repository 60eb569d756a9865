import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Certificate } from '../support/certificates.ts'

export interface CertificateFiles {
  certFile: string
  keyFile: string
  /** Exchanges both, as a careful program does: each appears whole under its name. */
  replace(pair: Certificate): Promise<void>
}

/** A pair on the disk for as long as the test runs. */
export async function writeCertificateFiles(pair: Certificate): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-tls-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }

  async function replace({ cert, key }: Certificate): Promise<void> {
    await appear(files.certFile, cert)
    await appear(files.keyFile, key)
  }

  await replace(pair)
  return { ...files, replace }
}

async function appear(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
