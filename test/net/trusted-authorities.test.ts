import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { clientContext, everyAuthority } from '../../src/net/connect.ts'
import { createAuthority } from '../support/certificates.ts'

const flat = (pem: string) => pem.replace(/\s/g, '')
/** Node 22.15 and later ask the system itself. */
const namesThem = 'getCACertificates' in tls

it.skipIf(namesThem)(
  'the authorities of the system are trusted beside those of Node, each once',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-ca-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const [own, extra] = [await createAuthority('of the system'), await createAuthority('of a file')]
    const bundle = join(folder, 'bundle.crt')
    const known = tls.rootCertificates[0] ?? ''
    await writeFile(bundle, `# a comment\n${known.replace(/\n/g, '\r\n')}\n${own.ca}\n`)
    const all = everyAuthority(extra.ca, [join(folder, 'missing.crt'), bundle]).map(flat)
    expect(all).toContain(flat(own.ca))
    expect(all).toContain(flat(extra.ca))
    expect(all.filter((one) => one === flat(known))).toHaveLength(1)
    expect(all).toHaveLength(tls.rootCertificates.length + 2)
  },
)

it('all clients of one house share what they trust, read once', async () => {
  const { ca } = await createAuthority()
  expect(clientContext(ca)).toBe(clientContext(ca))
  expect(clientContext(undefined)).not.toBe(clientContext(ca))
})
