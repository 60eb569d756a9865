import { afterAll, beforeAll, describe, it } from 'vitest'
import { peer } from '../support/peer.ts'
import { securities } from './client.ts'
import { describeEveryWay } from './every-way.ts'
import { nodeMailer } from './nodemailer.ts'
import { phpMailer } from './phpmailer.ts'
import { python } from './python.ts'
import { prepareSending, type Sending } from './sending.ts'

describe.runIf(peer('dovecot'))('a library, through postern and Dovecot', () => {
  let sending: Sending
  beforeAll(async () => {
    sending = await prepareSending()
  })
  afterAll(() => sending?.close())

  for (const client of [python, phpMailer, nodeMailer]) describeEveryWay(client, () => sending)

  it.each(securities)('a library sends three megabytes, %s', (security) => {
    const line = `${'three megabytes '.repeat(4)}\r\n`
    const message = Buffer.from(`Subject: A scan\r\n\r\n${line.repeat(3_000_000 / line.length)}`)
    return sending.sends(nodeMailer, { security, mechanism: 'PLAIN', message })
  })
})
