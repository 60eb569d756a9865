import { type Suite, suiteOf } from './tls-suites.ts'
import { openRecordsOf, type TlsRecord, tlsType } from './tls-unsealing.ts'

/**
 * What a client has sent, in the clear: what came before TLS, if anything did, and what was in its TLS 1.2 or 1.3 records. A tap
 * that ended TLS itself would put two handshakes of its own in the place of the one that is to be tested.
 * @param answered what the other side of the same connection has sent
 * @param keyLog the secrets as `node --tls-keylog` writes them
 * @returns undefined while the log does not hold those of this connection
 * @throws for what it cannot follow: another cipher suite, a change of keys, octets that do not authenticate
 */
export function readClientOctets(sent: Buffer, answered: Buffer, keyLog: string): Buffer | undefined {
  const start = startOfTls(sent)
  if (start === undefined) return sent
  const inClear = sent.subarray(0, start)
  const [clientHello, ...records] = recordsFrom(sent, start)
  const [serverHello] = recordsFrom(answered, startOfTls(answered) ?? answered.length)
  if (clientHello === undefined || serverHello === undefined) return inClear
  // A client that does not like the certificate goes no further, and there may be no keys.
  if (!records.some(({ type }) => type === tlsType.applicationData)) return inClear

  const randoms = { client: randomOf(clientHello), server: randomOf(serverHello) }
  const open = openRecordsOf(chosenSuite(serverHello), randoms, keyLog)
  if (open === undefined) return undefined
  return Buffer.concat([inClear, ...records.flatMap((record) => open(record) ?? [])])
}

/** At the beginning, or after a line (RFC 3207): no command and no reply begins with these octets. */
function startOfTls(stream: Buffer): number | undefined {
  if (stream[0] === tlsType.handshake) return 0
  const line = stream.indexOf('\r\n\x16\x03', 0, 'latin1')
  return line < 0 ? undefined : line + 2
}

/** RFC 8446, section 5.1. What is cut off at the end is left out. */
function recordsFrom(stream: Buffer, start: number): TlsRecord[] {
  const records: TlsRecord[] = []
  let at = start
  while (at + 5 <= stream.length) {
    const header = stream.subarray(at, at + 5)
    const end = at + 5 + header.readUInt16BE(3)
    if (end > stream.length) break
    records.push({ type: header.readUInt8(0), header, fragment: stream.subarray(at + 5, end) })
    at = end
  }
  return records
}

/** RFC 8446, sections 4, 4.1.2 and 4.1.3: type, length and version come before it. */
const randomOf = (hello: TlsRecord) => hello.fragment.subarray(6, 38)

/** RFC 8446, section 4.1.3: the session id of variable length comes before it. */
function chosenSuite({ fragment }: TlsRecord): Suite {
  return suiteOf(fragment.readUInt16BE(39 + fragment.readUInt8(38)))
}
