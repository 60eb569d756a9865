import { describe, expect, it } from 'vitest'
import { governorStage, mailbox, ok } from './governor-stage.ts'

const boss = 'boss@example.com'
const notAllowed = '550 5.7.60 SMTP; Client does not have permissions to send as this sender'
const sendAsDenied = `554 5.2.252 SendAsDenied; ${mailbox} not allowed to send as ${boss}; STOREDRV.Submission`
const fastmail = '551 5.7.1 Not authorised to send from this header address'

/** The same message from the mailbox itself. */
async function afterThree(message: string) {
  const stage = await governorStage()
  for (let number = 0; number < 3; number += 1)
    stage.transact({ recipients: [ok], message }, 'printer', mailbox, '192.0.2.1')
  const send = (more: readonly string[], login = 'printer', source = '192.0.2.1') =>
    stage.transact({ recipients: [ok], message: ok, more }, login, mailbox, source)
  return { ...stage, send }
}

describe.each([notAllowed, fastmail, sendAsDenied])(
  'a message that names the mailbox alone, refused three times by "%s"',
  (message) => {
    it('the message waits itself, and nothing else from the mailbox’s own address does', async () => {
      const { clock, governor, send } = await afterThree(message)
      expect(() => send([])).toThrow(expect.objectContaining({ code: 'provider-setup' }))
      send(['Subject: another'])
      send([], 'cron')
      send([], 'printer', '192.0.2.2')
      expect(governor.state().pauses).toMatchObject([
        { about: 'program', login: 'printer', source: '192.0.2.1' },
      ])
      clock.advance(600)
      expect(governor.state().pauses).toEqual([])
      send([])
      send([])
    })

    it('the message waits ever longer when it is refused again', async () => {
      const { clock, send, transact } = await afterThree(message)
      clock.advance(600)
      transact({ recipients: [ok], message }, 'printer', mailbox, '192.0.2.1')
      clock.advance(1199)
      expect(() => send([])).toThrow()
      clock.advance(1)
      send([])
    })
  },
)

describe('a mailbox that may not send as itself', () => {
  async function refused(messages: number) {
    const stage = await governorStage()
    const send = (number: number, reply: string) =>
      stage.transact(
        { recipients: [ok], message: reply, more: [`Subject: number ${number}`] },
        'printer',
        mailbox,
        '192.0.2.1',
      )
    for (let number = 0; number < messages; number += 1) send(number, notAllowed)
    return { ...stage, send }
  }

  it('nothing waits, however many different messages are refused, and all leave once the mailbox may', async () => {
    const { governor, send } = await refused(50)
    expect(governor.state().pauses).toEqual([])
    for (let number = 0; number < 50; number += 1) send(number, ok)
  })

  it('the log tells of it once for each program, with advice, and again after a success', async () => {
    const { log, send } = await refused(50)
    const told = () =>
      log.lines.filter(({ fields }) => 'event' in fields && fields.event === 'sending.own-refused')
    expect(told()).toMatchObject([
      {
        level: 'warn',
        fields: {
          about: 'program',
          login: 'printer',
          source: '192.0.2.1',
          reason: expect.stringContaining('550 5.7.60'),
          fix: expect.stringContaining('Send As'),
        },
      },
    ])
    send(0, ok)
    for (let number = 1; number < 4; number += 1) send(number, notAllowed)
    expect(told()).toHaveLength(2)
  })

  it('a program has one pause to show, however many of its messages wait', async () => {
    const { governor, send } = await refused(5)
    for (let number = 0; number < 10; number += 1) send(number % 5, notAllowed)
    for (let number = 0; number < 5; number += 1) expect(() => send(number, ok)).toThrow()
    expect(governor.state().pauses).toHaveLength(1)
    governor.reset()
    for (let number = 0; number < 5; number += 1) send(number, ok)
  })

  it('no right is advised that the mailbox has, where the reply names another address', async () => {
    const { governor } = await afterThree(sendAsDenied)
    expect(governor.state().pauses[0]?.fix).toContain(`leave ${boss} out of the header`)
  })

  it('that right is advised where the reply names the person who signs in as well', async () => {
    const { governor } = await afterThree(
      `554 5.2.252 SendAsDenied; till@example.com not allowed to send as ${mailbox}; STOREDRV.Submission`,
    )
    const [pause] = governor.state().pauses
    expect(pause?.fix).toContain('Send As')
    expect(pause?.reason).not.toContain('till@example.com')
  })
})
