import { afterAll, beforeAll, describe } from 'vitest'
import { peer } from '../support/peer.ts'
import { curl } from './curl.ts'
import { describeEveryWay } from './every-way.ts'
import { gitSendEmail } from './git-send-email.ts'
import { msmtp } from './msmtp.ts'
import { sNail } from './s-nail.ts'
import { prepareSending, type Sending } from './sending.ts'
import { swaks } from './swaks.ts'

describe.runIf(peer('dovecot'))('a command-line program, through postern and Dovecot', () => {
  let sending: Sending
  beforeAll(async () => {
    sending = await prepareSending()
  })
  afterAll(() => sending?.close())

  for (const client of [swaks, curl, msmtp, sNail, gitSendEmail]) describeEveryWay(client, () => sending)
})
