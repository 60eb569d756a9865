import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** PNG (ISO/IEC 15948), section 5.2. */
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const mostColours = 256

/**
 * The same picture in 256 colours, a third as long: of the colours between letters and their ground,
 * which are thousands, each becomes the nearest of those that there is most of.
 * @param png as Chromium writes it: 8 bits a sample, RGB or RGBA, not interlaced; it lets nothing through
 */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png)
  const counts = new Map<number, number>()
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const palette = [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, mostColours)
    .map(([colour]) => colour)
  const places = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, palette)]))
  const rows = Buffer.alloc((width + 1) * height)
  for (const [at, colour] of pixels.entries()) rows[at + Math.floor(at / width) + 1] = places.get(colour) ?? 0
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  // 8 bits a sample, each of which is a place in the palette.
  head.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap(channels))
  const data = deflateSync(rows, { level: 9, memLevel: 9 })
  const parts = [
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([signature, ...parts])
}

function channels(colour: number): [number, number, number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255]
}

function nearest(colour: number, palette: readonly number[]): number {
  const [red, green, blue] = channels(colour)
  let [best, least] = [0, Number.POSITIVE_INFINITY]
  for (const [place, other] of palette.entries()) {
    if (other === colour) return place
    const [r, g, b] = channels(other)
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
    if (distance < least) [best, least] = [place, distance]
  }
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

interface Decoded {
  width: number
  height: number
  /** Each as 0xRRGGBB. */
  pixels: Uint32Array
}

/** @throws for another kind of PNG */
function decode(png: Buffer): Decoded {
  const data: Buffer[] = []
  let head: Buffer | undefined
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const content = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') head = content
    if (type === 'IDAT') data.push(content)
    at += length + 12
  }
  const [bits, kind, , , interlaced] = head?.subarray(8) ?? []
  const octets = kind === 2 ? 3 : 4
  if (!head || bits !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0)
    throw new Error('This is no PNG as Chromium writes it')
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)]
  const samples = unfiltered(inflateSync(Buffer.concat(data)), width * octets, octets)
  const pixels = new Uint32Array(width * height)
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = samples.readUIntBE(at * octets, 3)
  return { width, height, pixels }
}

/** Section 9: each row says how it was written, by what stands left of it and above. */
function unfiltered(rows: Buffer, stride: number, octets: number): Buffer {
  const plain = Buffer.alloc(Math.floor(rows.length / (stride + 1)) * stride)
  for (let to = 0, from = 0; to < plain.length; to += stride) {
    const filter = rows[from]
    from += 1
    for (let x = 0; x < stride; x += 1, from += 1) {
      const left = x < octets ? 0 : (plain[to + x - octets] ?? 0)
      const up = plain[to + x - stride] ?? 0
      const corner = x < octets ? 0 : (plain[to + x - stride - octets] ?? 0)
      const expected = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0
      plain[to + x] = (rows[from] ?? 0) + expected
    }
  }
  return plain
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [l, u, c] = [left, up, corner].map((one) => Math.abs(guess - one)) as [number, number, number]
  if (l <= u && l <= c) return left
  return u <= c ? up : corner
}
