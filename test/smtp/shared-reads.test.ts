import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { connectLineClient } from '../support/line-client.ts'
import { plain } from '../support/smtp-client.ts'
import { openSmtpServer, type StageSettings } from '../support/smtp-stage.ts'

const opening = `EHLO client\r\nAUTH ${plain('me@example.com', 'right')}\r\n`
const envelope = 'MAIL FROM:<me@example.com>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n'

async function openStage(settings: StageSettings = {}) {
  const stage = await openSmtpServer(settings)
  onTestFinished(() => stage.server.stop(0))
  stage.relay.offer.size = 100_000_000
  return stage
}

/** A message of which no two lines are alike, and none is in a message of another name. */
function longMessage(name: string, lines = 12_000): string {
  let text = ''
  for (let line = 0; line < lines; line++)
    text += `${line % 50 === 0 ? '..' : ''}${name} ${line} ${'x'.repeat(line % 90)}\r\n`
  return text
}

function connect(port: number): Socket {
  const socket = createConnection({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Writes it in pieces of such a size, and lets others write in between. */
async function writeInPieces(socket: Socket, text: string, size: number): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    if (!socket.write(text.slice(at, at + size), 'latin1')) await once(socket, 'drain')
    else if ((at / size) % 8 === 0) await nextTurn()
  }
}

describe('clients whose input is read into the same memory', () => {
  it('clients each send their own message, whatever the others send meanwhile', async () => {
    const { relay, endpoint } = await openStage()
    const texts = Array.from({ length: 8 }, (_, client) => longMessage(`client-${client}`))
    await Promise.all(
      texts.map(async (text, client) => {
        const socket = connect(endpoint.port)
        let heard = ''
        socket.setEncoding('latin1').on('data', (said) => {
          heard += said
        })
        const size = [1_000, 4_096, 30_000, 65_536, 100_003, 7_777, 16_384, 250_000][client] ?? 1
        await writeInPieces(socket, `${opening}${envelope}${text}.\r\nQUIT\r\n`, size)
        await once(socket, 'close')
        expect(heard).toMatch(/354 [^\r]*\r\n250 [^\r]*\r\n221 /)
      }),
    )
    const arrived = relay.messages.map((message) => message.toString('latin1'))
    expect(arrived.sort()).toEqual(texts.sort())
  })

  it('the commands behind a long message are obeyed, and the next message with them', async () => {
    const { relay, endpoint } = await openStage()
    const [first, second] = [longMessage('first'), longMessage('second')]
    const socket = connect(endpoint.port)
    socket.resume()
    socket.end(
      `${opening}${envelope}${first}.\r\n${envelope}${second}.\r\n${envelope}small\r\n.\r\nQUIT\r\n`,
      'latin1',
    )
    await once(socket, 'close')
    expect(relay.messages.map(String)).toEqual([first, second, 'small\r\n'])
  })

  it('a long message is cut where a bare LF is, and the connection closed', async () => {
    const { relay, endpoint } = await openStage()
    const client = connectLineClient(endpoint)
    client.send(`${opening}${envelope}${longMessage('one')}bare\n.\r\n${envelope}smuggled\r\n.\r\n`)
    const rest = await client.rest()
    expect(rest).toMatch(/\r\n550 5\.5\.2 [^\r]*\r\n$|\r\n550 5\.5\.2 [^\r]*\r\n421/)
    expect(relay.messages).toEqual([])
    expect(relay.asked.filter((one) => one.startsWith('MAIL'))).toHaveLength(1)
  })

  it('clients take nothing with them when they leave in the middle', async () => {
    const { relay, endpoint } = await openStage()
    const socket = connect(endpoint.port)
    socket.resume()
    await writeInPieces(socket, `${opening}${envelope}${longMessage('leaves')}`, 40_000)
    socket.destroy()
    await eventually('the message to be given up', () => relay.asked.includes('CUT'))
    expect(relay.messages).toEqual([])
  })

  it('clients are told when their long message is too large, and go on', async () => {
    const { relay, endpoint } = await openStage()
    relay.offer.size = 300_000
    const client = connectLineClient(endpoint)
    client.send(`${opening}${envelope}`)
    for (let reply = 0; reply < 6; reply++) await client.reply()
    client.send(`${longMessage('large', 6_000)}.\r\n`)
    expect(await client.reply()).toMatchObject({ code: 552 })
    client.send(`${envelope}`)
    for (let reply = 0; reply < 2; reply++) expect(await client.reply()).toMatchObject({ code: 250 })
    expect(await client.reply()).toMatchObject({ code: 354 })
    client.send('small\r\n.\r\n')
    expect(await client.reply()).toMatchObject({ code: 250 })
    client.close()
    expect(relay.messages.map(String)).toEqual(['small\r\n'])
  })

  it('clients are not waited for longer than their message may take', async () => {
    const { relay, endpoint } = await openStage({ limits: { messageSeconds: 1 } })
    const client = connectLineClient(endpoint)
    client.send(`${opening}${envelope}${longMessage('slow')}`)
    expect(await client.rest()).toMatch(/\r\n4\d\d [^\r]*\r\n$/)
    expect(relay.messages).toEqual([])
  })

  it('clients are let go by the server that counts them', async () => {
    const { server, endpoint } = await openStage()
    const sockets = Array.from({ length: 5 }, () => connect(endpoint.port).resume())
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    for (const socket of sockets.slice(2)) socket.destroy()
    await server.stop(0)
    await expect(once(connect(endpoint.port), 'connect')).rejects.toThrow('ECONNREFUSED')
  })
})
