import nodemailer from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import { peer } from '../support/peer.ts'
import { startPostfix } from '../support/postfix.ts'

const queued = 12

describe.runIf(peer('dovecot', 'postfix'))('Postfix with postern as its relay host', () => {
  let stage: LegacyStage
  beforeAll(async () => {
    stage = await setLegacyStage()
  })
  afterAll(() => stage?.close())

  it.each(['plain', 'login'] as const)('delivers its whole queue, signing in by %s', async (mechanism) => {
    const { user, password, address } = stage.mailbox
    const postfix = await startPostfix({ port: stage.port, user, password, mechanism })
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port: postfix.port,
      ignoreTLS: true,
      pool: true,
    })
    const subjects = Array.from({ length: queued }, (_, index) => `Number ${index}`)
    try {
      await Promise.all(
        subjects.map((subject) =>
          transport.sendMail({ from: address, to: 'you@example.net', subject, text: '.\n..\nend\n' }),
        ),
      )
      const { sent, arrived, dialogue } = await stage.delivered(queued)

      expect(await postfix.log()).not.toMatch(/status=(deferred|bounced)/)
      expect(dialogue).toMatch(new RegExp(`^AUTH ${mechanism}`, 'im'))
      expect(arrived).toHaveLength(queued)
      expect(texts(arrived.map(({ raw }) => raw))).toEqual(texts(sent))
    } finally {
      transport.close()
      await postfix.close()
    }
  })
})

/** In an order of their own: a queue has none. */
function texts(messages: Buffer[]): string[] {
  return messages.map((raw) => raw.toString('latin1')).sort()
}
