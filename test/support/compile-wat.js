// npm run compile-wat: puts what src/wire/simd-pass.wat compiles to where src/wire/simd-pass.ts holds it.
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import createWabt from 'wabt'

const wire = resolve(import.meta.dirname, '../../src/wire')
const holder = join(wire, 'simd-pass.ts')
const constant = /(?<=^const code =\n {2}')[^']*(?='$)/m

/** @returns {Promise<string>} base64 */
export async function compileWat() {
  const { parseWat } = await createWabt()
  const text = await readFile(join(wire, 'simd-pass.wat'), 'utf8')
  const parsed = parseWat('simd-pass.wat', text, { simd: true })
  const { buffer } = parsed.toBinary({})
  parsed.destroy()
  return Buffer.from(buffer).toString('base64')
}

/** @returns {Promise<string | undefined>} the constant, as it is held */
export async function heldCode() {
  return constant.exec(await readFile(holder, 'utf8'))?.[0]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const compiled = await compileWat()
  const text = await readFile(holder, 'utf8')
  await writeFile(holder, text.replace(constant, compiled))
}
