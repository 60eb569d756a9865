import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { beforeAll, describe, it } from 'vitest'
import { runDialogue } from '../support/dialogue.ts'

const folder = join(import.meta.dirname, '../dialogues')

describe('dialogues at the SMTP server', () => {
  let tls: { cert: string; key: string }

  beforeAll(async () => {
    const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    })
    tls = { cert: pair.cert, key: pair.private }
  })

  it.each(readdirSync(folder).filter((name) => name.endsWith('.txt')))(
    'the dialogue goes as it is written: %s',
    async (name) => {
      await runDialogue(join(folder, name), { tls })
    },
  )
})
