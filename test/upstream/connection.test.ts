import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createProviderConnection } from '../../src/upstream/connection.ts'
import { defaultLimits } from '../support/default-limits.ts'

const open: Socket[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

/** Both ends of a connection. `arrives` sends text to the near end and waits until it is there. */
async function pair() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [far]: Socket[] = await once(server, 'connection')
  if (!far) throw new Error('nobody connected')
  server.close()
  open.push(socket, far)
  far.on('error', () => {})
  const connection = createProviderConnection(socket, defaultLimits)
  const arrives = async (text: string) => {
    const arrived = once(socket, 'data')
    far.write(text)
    await arrived
  }
  return { connection, far, socket, arrives }
}

const lost = (reason: string) => ({ name: 'ConnectionLost', reason })

describe('a connection', () => {
  it('a connection gives each asker its own reply, in the order of asking', async () => {
    const { connection, arrives } = await pair()
    const first = connection.command('A\r\n', 5)
    const [second, third] = connection.ask(Buffer.from('B\r\nC\r\n'), 5, 2)
    await arrives('250 a\r\n550-b\r\n')
    await arrives('550 b\r\n250 c\r\n')
    expect(await Promise.all([first, second, third])).toEqual([
      { code: 250, lines: ['a'] },
      { code: 550, lines: ['b', 'b'] },
      { code: 250, lines: ['c'] },
    ])
    expect(connection.alive).toBe(true)
  })

  it('a connection ends at a reply that nobody asked for, and remembers it', async () => {
    const { connection, socket, arrives } = await pair()
    let told = 0
    connection.onLost(() => {
      told += 1
    })
    await arrives('550 5.7.1 Out of the blue\r\n')
    expect(connection.alive).toBe(false)
    expect(connection.unasked).toEqual({ code: 550, lines: ['5.7.1 Out of the blue'] })
    expect(socket.destroyed).toBe(true)
    await expect(connection.command('A\r\n', 5)).rejects.toMatchObject(lost('protocol'))
    connection.destroy()
    connection.destroy()
    expect(told).toBe(1)
  })

  it('a connection ends at the first octet of a reply that nobody asked for, and writes nothing', async () => {
    const { connection, far, arrives } = await pair()
    let heard = ''
    far.on('data', (octets) => {
      heard += octets
    })
    await arrives('2')
    expect(connection.alive).toBe(false)
    await expect(connection.command('MAIL FROM:<>\r\n', 5)).rejects.toMatchObject(lost('protocol'))
    await once(far, 'close')
    expect(heard).toBe('')
  })

  it.each([
    ['a yes', '250 a\r\n250 b\r\n'],
    ['junk', '250 a\r\njunk\r\n'],
  ])('a connection does not deliver a yes that is followed by more: %s', async (_, text) => {
    const { connection, arrives } = await pair()
    const reply = expect(connection.command('A\r\n', 5)).rejects.toMatchObject(lost('protocol'))
    await arrives(text)
    await reply
  })

  it.each([
    ['a yes', '250 a\r\n25'],
    ['a no', '500 a\r\n\x00'],
  ])('a connection delivers %s that is followed by the beginning of something, and ends', async (_, text) => {
    const { connection, arrives } = await pair()
    const reply = connection.command('A\r\n', 5)
    await arrives(text)
    expect(await reply).toMatchObject({ lines: ['a'] })
    expect(connection.alive).toBe(false)
  })

  it('a connection reads a no in pieces between writes that are not answered, and no half of one behind them', async () => {
    const { connection, arrives } = await pair()
    await connection.write(Buffer.from('message'), 5)
    await arrives('552-a\r\n55')
    await connection.write(Buffer.from('message'), 5)
    expect(connection.alive).toBe(true)
    await arrives('2 b\r\n')
    expect(connection.unasked).toEqual({ code: 552, lines: ['a', 'b'] })

    const other = await pair()
    await other.connection.write(Buffer.from('message'), 5)
    await other.arrives('552-a\r\n55')
    await expect(other.connection.command('.\r\n', 5)).rejects.toMatchObject(lost('protocol'))
  })

  it('a connection delivers a no that is followed by more, and ends', async () => {
    const { connection, arrives } = await pair()
    const reply = connection.command('A\r\n', 5)
    await arrives('500 a\r\n500 b\r\n')
    expect(await reply).toMatchObject({ code: 500 })
    expect(connection.alive).toBe(false)
  })

  it('a connection is not alive after a 421, and delivers it to whoever asked', async () => {
    const { connection, arrives } = await pair()
    const reply = connection.command('A\r\n', 5)
    await arrives('421 4.3.2 Going\r\n')
    expect(await reply).toMatchObject({ code: 421 })
    expect(connection.alive).toBe(false)
    await expect(connection.command('B\r\n', 5)).rejects.toMatchObject(lost('closed'))
  })

  it('a connection gives each reply its own time', async () => {
    const { connection, far } = await pair()
    const [first, second] = connection.ask(Buffer.from('A\r\nB\r\n'), 1, 2)
    setTimeout(() => far.write('250 a\r\n'), 600)
    expect(await first).toMatchObject({ code: 250 })
    setTimeout(() => far.write('250 b\r\n'), 600)
    expect(await second).toMatchObject({ code: 250 })
    await expect(connection.command('C\r\n', 0.1)).rejects.toMatchObject(lost('timed-out'))
  })

  it('a connection rejects all that is owed when the other side closes', async () => {
    const { connection, far } = await pair()
    const owed = connection.ask(Buffer.from('A\r\nB\r\n'), 5, 2)
    far.end('250 a\r\n')
    expect(await Promise.allSettled(owed)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: lost('closed') },
    ])
  })

  it('a connection survives a reset', async () => {
    const { connection, far } = await pair()
    const reply = expect(connection.command('A\r\n', 5)).rejects.toMatchObject(lost('closed'))
    far.resetAndDestroy()
    await reply
    await expect(connection.greeting(5)).rejects.toMatchObject(lost('closed'))
  })
})
