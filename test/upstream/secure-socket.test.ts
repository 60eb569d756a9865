import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSecureSocket } from '../../src/upstream/dial.ts'
import { createAuthority } from '../support/certificates.ts'

const authority = await createAuthority()
const certificate = await authority.issue()

async function listen(options: TlsOptions = {}) {
  const server = createServer({ ...certificate, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.write('220 ready\r\n')
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

async function plainTo(port: number) {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  return socket
}

const patient = new AbortController().signal

describe('TLS to a provider', () => {
  it('TLS resumes the last session of the host', async () => {
    const { server, port } = await listen()
    const secure = createSecureSocket(authority.ca)
    const first: TLSSocket = await secure(await plainTo(port), 'localhost', patient)
    first.resume()
    await once(first, 'session')
    first.destroy()
    const second = await secure(await plainTo(port), 'localhost', patient)
    expect(first.isSessionReused()).not.toBe(true)
    expect(second.isSessionReused()).toBe(true)
    second.destroy()
    server.close()
  })

  it('TLS takes several authorities in one file', async () => {
    const { server, port } = await listen()
    const other = await createAuthority('another one')
    const secure = createSecureSocket(`${other.ca}\n${authority.ca}`)
    const socket = await secure(await plainTo(port), 'localhost', patient)
    expect(socket.authorized).toBe(true)
    socket.destroy()
    server.close()
  })

  it('TLS is verified whatever the environment tells Node', async () => {
    const { server, port } = await listen()
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => void delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    const plain = await plainTo(port)
    await expect(createSecureSocket()(plain, 'localhost', patient)).rejects.toMatchObject({
      code: 'provider-setup',
    })
    expect(plain.destroyed).toBe(true)
    server.close()
  })

  it('TLS is never older than 1.2', async () => {
    const { server, port } = await listen({
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    const plain = await plainTo(port)
    const secure = createSecureSocket(authority.ca)
    await expect(secure(plain, 'localhost', patient)).rejects.toMatchObject({ code: 'provider-setup' })
    expect(plain.destroyed).toBe(true)
    server.close()
  })

  it('TLS that is cut off in the handshake is passing trouble', async () => {
    const { server, port } = await listen()
    server.removeAllListeners('connection')
    server.on('connection', (socket) => socket.destroy())
    const secure = createSecureSocket(authority.ca)
    await expect(secure(await plainTo(port), 'localhost', patient)).rejects.toMatchObject({
      code: 'provider-unavailable',
    })
    server.close()
  })
})
