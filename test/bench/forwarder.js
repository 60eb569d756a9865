// A forwarder that reads nothing: takes plain connections and carries them to the provider under TLS. Whoever comes has to know a
// token itself. It is what any proxy costs at least that opens a connection for each of its clients'. Job: `open`.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect, createSecureContext } from 'node:tls'
import { answerJobs } from './jobs.js'

answerJobs({
  async open({ port, ca, listenAt = 0 }) {
    const secureContext = createSecureContext({ ca })
    const server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext })
      far.setNoDelay(true)
      near.pipe(far).pipe(near)
      near.on('error', () => {}).once('close', () => far.destroy())
      far.on('error', () => {}).once('close', () => near.destroy())
    })
    server.listen(listenAt, '127.0.0.1')
    await once(server, 'listening')
    return { port: /** @type {import('node:net').AddressInfo} */ (server.address()).port }
  },
})
