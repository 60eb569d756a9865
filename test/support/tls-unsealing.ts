import { createDecipheriv, createHmac } from 'node:crypto'
import type { Suite } from './tls-suites.ts'

export interface TlsRecord {
  type: number
  header: Buffer
  fragment: Buffer
}

/** RFC 8446, section 5.1. */
export const tlsType = { changeCipherSpec: 20, handshake: 22, applicationData: 23 }

/** The application data of the next record that the client has sent after its hello; undefined: it holds none. */
export type Open = (record: TlsRecord) => Buffer | undefined

/** Undefined when the secret of this connection is not in the log. */
export function openRecordsOf(
  suite: Suite,
  { client, server }: { client: Buffer; server: Buffer },
  keyLog: string,
): Open | undefined {
  const label = suite.version === 'TLSv1.3' ? 'CLIENT_TRAFFIC_SECRET_0' : 'CLIENT_RANDOM'
  const line = new RegExp(`^${label} ${client.toString('hex')} ([0-9a-f]+)$`, 'm').exec(keyLog)
  if (line?.[1] === undefined) return undefined
  const secret = Buffer.from(line[1], 'hex')
  if (suite.version === 'TLSv1.3') return openTls13(suite, secret)
  return openTls12(suite, secret, Buffer.concat([server, client]))
}

/** RFC 8446, sections 5.2, 5.3 and 7.3. */
function openTls13(suite: Suite, secret: Buffer): Open {
  const key = expandLabel(suite, secret, 'key', suite.keyLength)
  const iv = expandLabel(suite, secret, 'iv', 12)
  let sequence = 0

  return ({ type, header, fragment }) => {
    if (type !== tlsType.applicationData) return undefined
    const inner = unseal(suite, key, nonceOf(iv, sequence), header, fragment)
    // The end of the client's handshake is a record of this type as well, under keys that are not needed here.
    if (inner === undefined && sequence === 0) return undefined
    if (inner === undefined) throw new Error(`record ${sequence} does not authenticate`)
    sequence++
    const end = inner.findLastIndex((octet) => octet !== 0)
    if (inner[end] === tlsType.handshake) throw new Error('the client has changed its keys')
    return inner[end] === tlsType.applicationData ? inner.subarray(0, end) : undefined
  }
}

/** RFC 5246, section 6.3; RFC 5288, section 3; RFC 7905, section 2. */
function openTls12(suite: Suite, master: Buffer, seed: Buffer): Open {
  const saltLength = suite.cipher === 'chacha20-poly1305' ? 12 : 4
  const block = expandKeys(suite, master, seed, 2 * (suite.keyLength + saltLength))
  const key = block.subarray(0, suite.keyLength)
  const salt = block.subarray(2 * suite.keyLength, 2 * suite.keyLength + saltLength)
  let sequence: number | undefined

  return ({ type, header, fragment }) => {
    if (sequence === undefined) {
      if (type === tlsType.changeCipherSpec) sequence = 0
      return undefined
    }
    const explicit = fragment.subarray(0, 12 - saltLength)
    const sealed = fragment.subarray(explicit.length)
    const nonce = explicit.length > 0 ? Buffer.concat([salt, explicit]) : nonceOf(salt, sequence)
    const content = unseal(suite, key, nonce, additionalData(sequence, header, sealed.length - 16), sealed)
    if (content === undefined) throw new Error(`record ${sequence} does not authenticate`)
    sequence++
    return type === tlsType.applicationData ? content : undefined
  }
}

/** RFC 5246, section 6.2.3.3: the number of the record, its type and version, the length of what is in it. */
function additionalData(sequence: number, header: Buffer, length: number): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(sequence, 4)
  header.copy(data, 8, 0, 3)
  data.writeUInt16BE(length, 11)
  return data
}

/** RFC 8446, section 5.3: the number of the record, exclusive or, at the end. */
function nonceOf(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8)
  return nonce
}

function unseal({ cipher }: Suite, key: Buffer, nonce: Buffer, additional: Buffer, sealed: Buffer) {
  if (sealed.length < 16) return undefined
  // The name has a signature of its own for each of the two families; how they are used is the same.
  const decipher = createDecipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 })
  decipher.setAAD(additional)
  decipher.setAuthTag(sealed.subarray(-16))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
  } catch {
    return undefined
  }
}

/** HKDF-Expand-Label (RFC 8446, section 7.1; RFC 5869, section 2.3); no key here is longer than one hash. */
function expandLabel({ hash }: Suite, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.from([0, length, name.length, ...name, 0, 1])
  return createHmac(hash, secret).update(info).digest().subarray(0, length)
}

/** The pseudorandom function of RFC 5246, section 5, for `key expansion`. */
function expandKeys({ hash }: Suite, master: Buffer, seed: Buffer, length: number): Buffer {
  const labelled = Buffer.concat([Buffer.from('key expansion'), seed])
  const blocks: Buffer[] = []
  let chained = labelled
  for (let made = 0; made < length; made += blocks.at(-1)?.length ?? length) {
    chained = createHmac(hash, master).update(chained).digest()
    blocks.push(createHmac(hash, master).update(chained).update(labelled).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}
