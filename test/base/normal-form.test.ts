import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { normalForm } from '../../src/base/text.ts'
import { parseUserName } from '../../src/credentials/credential.ts'
import { addressKey, parseAddress } from '../../src/model/address.ts'

const source = join(import.meta.dirname, '../../src')

// Each mark of the second half has to be put in order before all of the first.
const endless = `a${'\u0315'.repeat(20_000)}${'\u0316'.repeat(20_000)}`

describe('the normal form', () => {
  it.each(['Zoe\u0308', 'ö', 'ｱ', 'が', 'ហ្គ្រេន', 'עִבְרִית', 'q\u0307\u0323', '', '\ud800'])(
    'the normal form of %j is NFC',
    (text) => {
      expect(normalForm(text)).toBe(text.normalize('NFC'))
      expect(normalForm(text.normalize('NFD'))).toBe(text.normalize('NFC'))
    },
  )

  it('a text with endless marks stays as it is, which no address and no user name may be', () => {
    expect(normalForm(endless) === endless).toBe(true)
    expect(addressKey(`${endless}@B.example`) === `${endless}@b.example`).toBe(true)
    const few = `a${'\u0315'.repeat(20)}${'\u0316'.repeat(20)}`
    expect(() => parseAddress(`${few}@b.example`)).toThrow('is not a mail address')
    expect(() => parseUserName(few)).toThrow('no control or invisible characters')
  })

  it('everybody asks for it in place of `normalize`, but for what is short already', () => {
    const users = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => readFileSync(join(source, file), 'utf8').includes('.normalize('))
    expect(users.sort()).toEqual(['base/text.ts'])
  })
})
