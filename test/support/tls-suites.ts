/** A cipher suite by what is needed to open its records. */
export interface Suite {
  version: 'TLSv1.2' | 'TLSv1.3'
  cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  hash: 'sha256' | 'sha384'
  keyLength: 16 | 32
}

const aes128 = { cipher: 'aes-128-gcm', hash: 'sha256', keyLength: 16 } as const
const aes256 = { cipher: 'aes-256-gcm', hash: 'sha384', keyLength: 32 } as const
const chacha20 = { cipher: 'chacha20-poly1305', hash: 'sha256', keyLength: 32 } as const

/** RFC 8446, appendix B.4; RFC 5289, section 3.2; RFC 7905, section 3. ECDSA and RSA differ in the handshake only. */
const suites = new Map<number, Suite>([
  [0x1301, { version: 'TLSv1.3', ...aes128 }],
  [0x1302, { version: 'TLSv1.3', ...aes256 }],
  [0x1303, { version: 'TLSv1.3', ...chacha20 }],
  [0xc02b, { version: 'TLSv1.2', ...aes128 }],
  [0xc02f, { version: 'TLSv1.2', ...aes128 }],
  [0xc02c, { version: 'TLSv1.2', ...aes256 }],
  [0xc030, { version: 'TLSv1.2', ...aes256 }],
  [0xcca8, { version: 'TLSv1.2', ...chacha20 }],
  [0xcca9, { version: 'TLSv1.2', ...chacha20 }],
])

/** @throws for one that is not in the table */
export function suiteOf(number: number): Suite {
  const suite = suites.get(number)
  if (suite === undefined) throw new Error(`the cipher suite 0x${number.toString(16)} is not known here`)
  return suite
}
