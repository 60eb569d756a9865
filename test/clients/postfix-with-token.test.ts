import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

/*
 * Postfix with the plugin sasl-xoauth2, which Debian 12 lacks: its examples are read by Postfix and systemd as they are. What the
 * plugin reads of the token file is in with-token.test.ts.
 */

const example = (name: string) => fileURLToPath(new URL(`../../examples/with-token/${name}`, import.meta.url))
const tokenFile = '/etc/tokens/billing@example.com'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-postfix-example-'))
  await copyFile(example('postfix-main.cf'), join(folder, 'main.cf'))
  await writeFile(join(folder, 'master.cf'), '')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.runIf(peer('postfix'))('Postfix', () => {
  it('knows each line of its example', async () => {
    const text = await readFile(example('postfix-main.cf'), 'utf8')
    const { code, output } = await runProgram('postconf', ['-c', folder, '-n'])
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    // One that it does not know would be a warning here.
    expect({ code, lines: output.trim().split('\n').sort() }).toEqual({
      code: 0,
      lines: [`config_directory = ${folder}`, ...lines].sort(),
    })
  })

  it('finds the token file in the place of a password, by the name that its relay host has', async () => {
    const main = await readFile(example('postfix-main.cf'), 'utf8')
    const [, relayHost = ''] = /^relayhost = (.+)$/m.exec(main) ?? []
    const map = `texthash:${example('postfix-sasl-passwd')}`
    expect(await runProgram('postmap', ['-c', folder, '-q', relayHost, map])).toEqual({
      code: 0,
      output: `billing@example.com:${tokenFile}\n`,
    })
  })
})

it.runIf(peer('systemd'))(
  'systemd takes the unit that keeps the token file fresh, which writes that file',
  async () => {
    const text = await readFile(example('postern-tokens.service'), 'utf8')
    expect(text).toContain(`export sasl-xoauth2 ${tokenFile} --watch`)
    const unit = join(folder, 'postern-tokens.service')
    // Node need not be where the example has it.
    await writeFile(unit, text.replace('/usr/bin/node', process.execPath))
    expect(await runProgram('systemd-analyze', ['verify', '--man=no', unit])).toEqual({ code: 0, output: '' })
  },
)
