import { hkdfSync, randomBytes } from 'node:crypto'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { createPrivateFile, prepareDataDir, readPrivateFile, requirePrivateFiles } from './data-dir.ts'
import { type Owners, ourOwners } from './file-trust.ts'

/**
 * The owner key: a process that can read the data directory acts for the owner, and proves it by
 * this key (256 bits). Made on first start.
 * @throws Failure `configuration`
 */
export async function ensureOwnerKey(dataDir: string): Promise<Secret> {
  const { ownerKey } = await prepareDataDir(dataDir)
  await createPrivateFile(ownerKey, 'file.owner-key', `${randomBytes(32).toString('base64url')}\n`)
  return readOwnerKey(dataDir)
}

/**
 * @throws Failure `configuration` when there is none, when others can read it, or when it is no key
 */
export async function readOwnerKey(
  dataDir: string,
  owners: Owners | undefined = ourOwners(),
): Promise<Secret> {
  const { ownerKey } = await requirePrivateFiles(dataDir, owners)
  const text = await readPrivateFile(ownerKey, 'file.owner-key')
  if (text === undefined) {
    throw failure('key.no-owner-key', { directory: dataDir })
  }
  const key = text.trim()
  if (!/^[\w-]{43}$/.test(key)) {
    throw failure('key.owner-key-damaged', { file: ownerKey })
  }
  return new Secret(key)
}

/**
 * How the command and the running postern prove to each other that they hold the owner key, without
 * ever sending it: TLS with a pre-shared key (RFC 4279, RFC 5489) that is derived from it. A
 * process that took the port of a killed postern completes no handshake, and one that stands
 * between two holders of the key passes on what it cannot read.
 */
export function ownerProof(ownerKey: Secret): { server: TlsOptions; client: ConnectionOptions } {
  const key = Buffer.from(hkdfSync('sha256', ownerKey.reveal(), '', 'postern: the door of the command', 32))
  return {
    server: { ...presharedOnly, handshakeTimeout: 3_000, pskCallback: () => key },
    client: {
      ...presharedOnly,
      rejectUnauthorized: true,
      // There is no certificate in these cipher suites, so there is no name in it: the key is the
      // identity.
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk: key, identity: 'postern' }),
    },
  }
}

// Suites with a key and a Diffie-Hellman exchange only: what is recorded today stays closed when
// the owner key is lost one day. Node.js knows pre-shared keys up to TLS 1.2.
const presharedOnly = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES256-CBC-SHA384:ECDHE-PSK-AES128-CBC-SHA256',
} as const
