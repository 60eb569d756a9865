// A crowd from one address that says hello and nothing more, and comes back when it is closed. Jobs: `begin`, `count`.
import { connect } from 'node:net'
import { answerJobs } from './jobs.js'

let began = 0
let opened = 0
let open = 0

/** Resolves when as many connections were made as there are clients. */
/** @param {{ connections: number, port: number, localAddress: string }} job */
function begin({ connections, ...where }) {
  began = performance.now()
  for (let count = 0; count < connections; count++) come(where)
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (opened < connections) return
      clearInterval(timer)
      resolve({})
    }, 20)
  })
}

/** @param {{ port: number, localAddress: string }} where */
function come({ port, localAddress }) {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.once('connect', () => {
    opened++
    open++
    socket.write('EHLO flood\r\n')
    socket.once('close', () => open--)
  })
  socket.on('error', () => {}).resume()
  socket.once('close', () => setImmediate(come, { port, localAddress }))
}

answerJobs({
  begin,
  count: () => ({ opened, open, seconds: (performance.now() - began) / 1000 }),
})
