// 2,000 connections from one address that never sign in, and come back whenever they are closed: do good clients, from
// another address and from that one, still sign in and send?
import { closeSession, openSession, sendOne } from './conversation.js'
import { median, milliseconds, pause } from './figures.js'
import { makeMessage } from './message.js'

const floodAddress = '127.0.2.1'
const otherAddress = '127.0.2.2'
const mostMilliseconds = 1000
// A client that is turned away comes back, as mail programs do, until its time is up.
const retryMilliseconds = 50
const giveUpMilliseconds = 2000
const { wire } = makeMessage(5120)
const usualSizes = { connections: 2000, floodSeconds: 3, messages: 20 }

export async function flood({ setStage, sizes = usualSizes }) {
  const { connections, floodSeconds, messages } = sizes
  const stage = await setStage()
  try {
    await good(stage, otherAddress, messages)
    const alone = await good(stage, otherAddress, messages)
    const crowd = stage.worker('flood-crowd.js')
    await crowd.ask({ do: 'begin', connections, port: stage.through.port, localAddress: floodAddress })
    await pause(floodSeconds)
    const another = await good(stage, otherAddress, messages)
    const same = await good(stage, floodAddress, messages)
    const crowdFigures = await crowd.ask({ do: 'count' })
    const met = [another, same].every(
      ({ sent, worst }) => sent === messages && worst !== undefined && worst < mostMilliseconds,
    )
    return { node: process.version, connections, messages, crowd: crowdFigures, alone, another, same, met }
  } finally {
    await stage.clear()
  }
}

/** Messages one after the other, each from its connection to its 250, in milliseconds. */
async function good({ through }, localAddress, messages) {
  const each = []
  let tries = 0
  for (let message = 0; message < messages; message++) {
    const began = performance.now()
    let sent = false
    while (!sent && performance.now() - began < giveUpMilliseconds) {
      tries++
      sent = await sendFrom({ ...through, localAddress })
      if (!sent) await pause(retryMilliseconds / 1000)
    }
    if (sent) each.push(performance.now() - began)
  }
  const figures = each.length === 0 ? {} : { median: median(each), worst: Math.max(...each) }
  return { sent: each.length, tries, ...figures }
}

async function sendFrom(target) {
  try {
    const session = await openSession(target)
    session.socket.setTimeout(giveUpMilliseconds)
    await sendOne(session, target, wire)
    await closeSession(session)
    return true
  } catch {
    return false
  }
}

export function describeFlood({ connections, messages, crowd, alone, another, same, met }) {
  const row = (name, { sent, tries, median: middle, worst }) =>
    [
      name.padEnd(34),
      `${sent}/${messages}`.padStart(7),
      String(tries).padStart(6),
      (middle === undefined ? '-' : milliseconds(middle)).padStart(10),
      (worst === undefined ? '-' : milliseconds(worst)).padStart(10),
    ].join('')
  return [
    `${connections} clients from one address that never sign in; ${crowd.opened} connections in ${crowd.seconds.toFixed(1)} s, ${crowd.open} open at the end, Node ${process.version}`,
    '',
    [
      'sign in and send'.padEnd(34),
      'sent'.padStart(7),
      'tries'.padStart(6),
      'median'.padStart(10),
      'worst'.padStart(10),
    ].join(''),
    row('without them', alone),
    row('beside them, from another address', another),
    row('beside them, from the same address', same),
    '',
    `${met ? 'All' : 'NOT all'} within ${mostMilliseconds} ms`,
  ]
}
