import { expect, it } from 'vitest'
import { encodeBase64 } from '../../src/sasl/mechanisms.ts'
import { createDroppedParameters } from '../../src/smtp/refusal-log.ts'
import { connectLineClient } from '../support/line-client.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openSmtpServer } from '../support/smtp-stage.ts'

function parametersIn({ lines }: ReturnType<typeof createRecordingLog>): unknown[] {
  return lines.flatMap(({ level, fields }) =>
    level === 'debug' && 'parameter' in fields ? [fields.parameter] : [],
  )
}

it('each dropped parameter is logged once, by its keyword alone, and only when the command was accepted', async () => {
  const log = createRecordingLog()
  const { server, endpoint, relay } = await openSmtpServer({ log })
  const client = connectLineClient(endpoint)
  const before = 'EHLO a\r\nMAIL FROM:<me@example.com> X-STRANGER=1\r\n'
  const signIn = `AUTH PLAIN ${encodeBase64('\0me@example.com\0right')}\r\n`
  const transaction =
    'MAIL FROM:<me@example.com> X-A=secret XVERP\r\nRCPT TO:<a@example.net> X-B=1 x-a=2\r\nRSET\r\n'
  const refused = 'MAIL FROM:<boss@example.com> X-REFUSED=1\r\n'
  client.send(`${before}${signIn}${transaction}${transaction}${refused}`)
  client.endInput()
  await client.rest()
  await server.stop(0)
  expect(relay.asked).toContain('MAIL me@example.com <me@example.com>')
  expect(parametersIn(log)).toEqual(['X-A', 'XVERP', 'X-B'])
  expect(JSON.stringify(log.lines)).not.toContain('X-A=secret')
})

it('a flood of dropped parameters is logged no further', () => {
  const log = createRecordingLog()
  const { note } = createDroppedParameters(log)
  for (let number = 0; number < 1000; number++) note('192.0.2.1', [`X${number}`, `Y${'Z'.repeat(4000)}`])
  const told = parametersIn(log)
  expect(told).toHaveLength(100)
  expect(told[1]).toBe(`Y${'Z'.repeat(39)}`)
})
