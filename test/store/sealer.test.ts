import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createPrivateFile, prepareDataDir } from '../../src/store/data-dir.ts'
import { openKeyRing } from '../../src/store/key-ring.ts'
import { createSealer, type Sealer } from '../../src/store/sealer.ts'
import { failureOf, newDataDir } from './fixture.ts'

const place = { table: 'grants', column: 'refresh_token', row: 'g1' }
const newKey = () => randomBytes(32).toString('base64url')

async function sealerWith(...keys: string[]): Promise<Sealer> {
  const files = await prepareDataDir(await newDataDir())
  await createPrivateFile(files.key, 'file.key', keys.join('\n'))
  return createSealer(await openKeyRing(files))
}

describe('the sealer', () => {
  it.each(['', 'x', 'a refresh token', 'ünïcödé 🗝', 'y'.repeat(20_000)])(
    'the sealer opens what it sealed: %.20s',
    async (text) => {
      const sealer = await sealerWith(newKey())
      const sealed = await sealer.seal(place, new Secret(text))
      expect((await sealer.open(place, sealed)).reveal()).toBe(text)
      if (text.length > 3) expect(sealed).not.toContain(text)
    },
  )

  it('the sealer seals the same value differently each time', async () => {
    const sealer = await sealerWith(newKey())
    const secret = new Secret('same')
    expect(await sealer.seal(place, secret)).not.toBe(await sealer.seal(place, secret))
  })

  it.each([
    ['row', { ...place, row: 'g2' }],
    ['column', { ...place, column: 'nonce' }],
    ['table', { ...place, table: 'pending_consents' }],
  ])('the sealer does not open a value in another %s', async (_, elsewhere) => {
    const sealer = await sealerWith(newKey())
    const sealed = await sealer.seal(place, new Secret('x'))
    expect((await failureOf(sealer.open(elsewhere, sealed))).code).toBe('store-unavailable')
  })

  // One and two octets more than a multiple of three leave spare bits in the last character.
  it.each(['abc', 'abcd', 'abcde'])(
    'the sealer does not open %s with any single bit of it changed',
    async (text) => {
      const sealer = await sealerWith(newKey())
      const sealed = Buffer.from(await sealer.seal(place, new Secret(text)), 'latin1')
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const changed = Buffer.from(sealed)
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const failure = await failureOf(sealer.open(place, changed.toString('latin1')))
        expect(failure.code, `bit ${bit}`).toBe('store-unavailable')
      }
    },
  )

  it.each(['', '.', '....', 'x.y.z', 'e30....', 'null'])('the sealer does not open %j', async (text) => {
    const sealer = await sealerWith(newKey())
    expect((await failureOf(sealer.open(place, text))).code).toBe('store-unavailable')
  })

  it('the sealer reads with every key of the ring and writes with the first', async () => {
    const [older, newer] = [newKey(), newKey()]
    const before = await (await sealerWith(older)).seal(place, new Secret('x'))
    const ring = await sealerWith(newer, older)
    expect((await ring.open(place, before)).reveal()).toBe('x')
    const after = await ring.seal(place, new Secret('y'))
    expect((await (await sealerWith(newer)).open(place, after)).reveal()).toBe('y')
    expect((await failureOf((await sealerWith(older)).open(place, after))).code).toBe('store-unavailable')
  })
})
