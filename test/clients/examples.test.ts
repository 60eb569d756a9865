import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { startExim } from '../support/exim.ts'
import { type LegacyStage, setLegacyStage } from '../support/legacy-stage.ts'
import { peer } from '../support/peer.ts'
import { blocksUnder, filledIn, readExample, type Values } from './filled-example.ts'

const [billing, recipient] = ['billing@example.com', 'someone@example.net']
const ways = ['plain', 'STARTTLS'] as const
type Way = (typeof ways)[number]
const heading = { plain: 'On the same machine', STARTTLS: 'From another machine' }

describe.runIf(peer('dovecot'))('an example with its values filled in, through postern and Dovecot', () => {
  let stage: LegacyStage
  let login: { user: string; password: string }
  beforeAll(async () => {
    stage = await setLegacyStage()
    login = await consentedMailbox(stage.postern, billing)
  })
  afterAll(() => stage?.close())

  const values = (way: Way): Values => ({ port: stage.ports[way], caFile: stage.caFile, ...login })

  /** One message, as it was sent; and that TLS hid it where it should. */
  async function arrives(way: Way): Promise<string> {
    const { arrived, sent, dialogue, overheard } = await stage.delivered()
    expect(arrived).toMatchObject([{ sender: billing, recipients: [recipient] }])
    expect(arrived[0]?.raw.toString('latin1')).toBe(sent[0]?.toString('latin1'))
    expect(dialogue).toMatch(/^AUTH (PLAIN|LOGIN)/im)
    expect(/^MAIL FROM/im.test(overheard.toString('latin1'))).toBe(way === 'plain')
    return arrived[0]?.raw.toString('utf8') ?? ''
  }

  describe.runIf(peer('exim')).each(ways)('Exim, %s', (way) => {
    it('takes a message of a local program and delivers it', async () => {
      const names = [
        'update-exim4.conf.conf',
        'conf.d/router/150_postern',
        'conf.d/main/000_localmacros',
        'passwd.client',
      ]
      if (way === 'STARTTLS') names.splice(1, 1)
      const blocks = blocksUnder(await readExample('exim.md'), heading[way])
      expect(blocks).toHaveLength(names.length)
      const authority = '/etc/ssl/postern-ca.pem'
      const filled = filledIn(blocks.join('\0'), { ...values(way), caFile: authority }).split('\0')
      // Exim takes an address at which it listens for itself; here 127.0.0.1 stands for another machine.
      if (way === 'STARTTLS') filled[0] = filled[0]?.replace('127.0.0.1', '127.0.0.2') ?? ''
      const exim = await startExim({
        ...Object.fromEntries(names.map((name, index) => [`exim4/${name}`, filled[index] ?? ''])),
        'ssl/postern-ca.pem': await readFile(stage.caFile, 'utf8'),
      })
      try {
        const outcome = await exim.handIn(
          `To: ${recipient}\nSubject: Hello\n\nIt arrived.\n`,
          billing,
          recipient,
        )
        expect(outcome, await exim.log()).toEqual({ code: 0, output: '' })
        expect(await exim.log()).toMatch(/ => someone@example\.net .*A=(plain|login)/)
        expect(await arrives(way)).toContain('It arrived.')
      } finally {
        await exim.close()
      }
    })
  })
})
