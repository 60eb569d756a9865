import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import { decodeScope, encodeScope, nameConstraints, type Scope } from './name-constraints.ts'

/** A certificate and its private key, both PEM. */
export interface Issued {
  cert: string
  key: string
}

/** From and until when a certificate is good. */
export interface Life {
  notBefore: Date
  notAfter: Date
}

// Every device that speaks TLS 1.2 knows these, and most of those that do not.
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}

/**
 * Makes a certification authority that can issue for servers only, for those of its scope, and without others below it (RFC 5280, section 4.2.1.9): every client
 * that trusts it would otherwise believe whoever gets its key on behalf of any site of the world.
 */
export async function issueAuthority(commonName: string, scope: Scope, life: Life): Promise<Issued> {
  const x509 = await loadX509()
  const keys = await newKeys()
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    ...life,
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }, { O: ['postern'] }],
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      // Critical: whoever does not understand it must not trust this authority for more (RFC 5280, section 4.2.1.10).
      new x509.Extension(nameConstraints, true, new Uint8Array(encodeScope(scope))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: cert.toString('pem').concat('\n'), key: privatePem(keys.privateKey) }
}

/** Makes a certificate for a server that is called by these names; the first is its common name, for devices that look nowhere else. */
export async function issueForServer(
  authority: Issued,
  names: readonly string[],
  life: Life,
): Promise<Issued> {
  const x509 = await loadX509()
  const keys = await newKeys()
  const issuer = new x509.X509Certificate(authority.cert)
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags
  const cert = await x509.X509CertificateGenerator.create({
    ...life,
    serialNumber: serialNumber(),
    // RFC 5280, appendix A.1: at most 64 characters.
    subject: [{ CN: [(names[0] ?? 'postern').slice(0, 64)] }],
    issuer: issuer.subject,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(digitalSignature | keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      // Both key identifiers: who checks strictly (Python since 3.13) misses them otherwise (RFC 5280, section 4.2.1.1).
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return { cert: cert.toString('pem').concat('\n'), key: privatePem(keys.privateKey) }
}

/** What an authority may issue for. Undefined: one that was made without a limit. */
export async function scopeOfAuthority({ cert }: Pick<Issued, 'cert'>): Promise<Scope | undefined> {
  const x509 = await loadX509()
  const found = new x509.X509Certificate(cert).getExtension(nameConstraints)
  return found ? decodeScope(new Uint8Array(found.value)) : undefined
}

/** Loaded only where a certificate is made: whoever serves mail does without it. */
async function loadX509() {
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as never)
  return x509
}

function newKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function importKey(pem: string) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

function privatePem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Positive and unique (RFC 5280, section 4.1.2.2). */
function serialNumber(): string {
  const octets = randomBytes(16)
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40
  return octets.toString('hex')
}
