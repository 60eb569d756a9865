import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createNameResolver,
  lookupDirectly,
  type NameResolverDeps,
  type ResolvedAddress,
} from '../../src/net/name-resolver.ts'
import { createManualClock } from '../support/manual-clock.ts'

const patient = new AbortController().signal
const at = (address: string): ResolvedAddress[] => [{ address, family: address.includes(':') ? 6 : 4 }]
const silence = () => new Promise<never>(() => {})
const trouble = (code: string) => Object.assign(new Error(code), { code })

/** As libuv: who hangs holds a thread, and names have two of them. */
function systemWithTwoThreads(hanging: RegExp) {
  const asked: string[] = []
  let free = 2
  const system = async (name: string) => {
    asked.push(name)
    if (free === 0) return silence()
    if (!hanging.test(name)) return at('192.0.2.1')
    free -= 1
    return silence()
  }
  return { system, asked }
}

const noServers = async (): Promise<never> => {
  throw trouble('ECONNREFUSED')
}

function names(needs: NameResolverDeps, patience: NameResolverDeps['patience'] = {}) {
  return createNameResolver({
    direct: noServers,
    patience: { direct: 1, remembered: 5, all: 2000, ...patience },
    ...needs,
  })
}

describe('a name whose lookup hangs', () => {
  it('a name that hangs is looked up once at a time, and leaves a thread to others', async () => {
    const { system, asked } = systemWithTwoThreads(/hangs/)
    const { resolve: of } = names({ system })
    const giveUp = new AbortController()
    const waits = Array.from({ length: 20 }, () => of('hangs.example', giveUp.signal))
    expect(await of('good.example', patient)).toEqual(at('192.0.2.1'))
    expect(asked.filter((name) => name === 'hangs.example')).toHaveLength(1)
    giveUp.abort()
    for (const result of await Promise.allSettled(waits)) expect(result.status).toBe('rejected')
  })

  it('names that hang do not delay others, even when they are more than the threads: the name servers are asked without one', async () => {
    const { system } = systemWithTwoThreads(/hangs/)
    const direct = async (name: string) => (name.includes('hangs') ? silence() : at('192.0.2.7'))
    const { resolve: of } = names({ system, direct })
    for (const number of [1, 2, 3, 4, 5]) of(`hangs-${number}.example`, patient).catch(() => {})
    expect(await of('good.example', patient)).toEqual(at('192.0.2.7'))
  })

  describe('with a hundred others that wait for a thread', () => {
    /** Those before it hold both threads, and every place of the line. */
    function namesBehindFullLine(known: () => Promise<readonly ResolvedAddress[]>) {
      const { system, asked } = systemWithTwoThreads(/hangs/)
      const { resolve: of } = names({
        system,
        direct: (name) => (name.includes('hangs') ? silence() : known()),
      })
      for (let number = 0; number < 102; number++)
        of(`hangs-${number}.example`, new AbortController().signal).catch(() => {})
      return { of, asked }
    }

    it('a further name is left to the name servers, and fails at once when they do not know it', async () => {
      const { of, asked } = namesBehindFullLine(noServers)
      await expect(of('good.example', patient)).rejects.toMatchObject({ code: 'ETOOMANYNAMES' })
      expect(asked).toHaveLength(2)
    })

    it('a name that the name servers know is not delayed', async () => {
      const { of } = namesBehindFullLine(async () => at('192.0.2.8'))
      expect(await of('good.example', patient)).toEqual(at('192.0.2.8'))
    })
  })

  it('a name that hangs resolves to its last known addresses', async () => {
    let isSilent = false
    const { resolve: of } = names({
      system: async () => (isSilent ? silence() : at('192.0.2.3')),
      direct: silence,
    })
    await of('provider.example', patient)
    isSilent = true
    expect(await of('provider.example', patient)).toEqual(at('192.0.2.3'))
  })

  it('a lookup fails when it is not answered in time, and is made anew later', async () => {
    let answers = 0
    const direct = async () => {
      answers += 1
      return answers === 1 ? silence() : at('192.0.2.9')
    }
    const { resolve: of } = names({ system: silence, direct }, { all: 30 })
    await expect(of('slow.example', patient)).rejects.toMatchObject({ code: 'ETIMEOUT' })
    expect(await of('slow.example', patient)).toEqual(at('192.0.2.9'))
  })
})

describe('the last known addresses', () => {
  it.each(['EAI_AGAIN', 'ENOTFOUND'])(
    'the last known addresses are used for a day when a lookup fails (%s)',
    async (code) => {
      const clock = createManualClock()
      let fails = false
      const { resolve: of } = names({
        clock,
        async system() {
          if (fails) throw trouble(code)
          return at('192.0.2.5')
        },
      })
      await of('Provider.Example', patient)
      fails = true
      clock.advance(86_399)
      expect(await of('provider.example', patient)).toEqual(at('192.0.2.5'))
      clock.advance(1)
      await expect(of('provider.example', patient)).rejects.toMatchObject({ code })
    },
  )

  it('the last known addresses are replaced as soon as there are new ones', async () => {
    let now = '192.0.2.5'
    const { resolve: of } = names({ system: async () => at(now) })
    await of('provider.example', patient)
    now = '192.0.2.6'
    expect(await of('provider.example', patient)).toEqual(at('192.0.2.6'))
  })
})

it('an address resolves to itself without a lookup', async () => {
  const { resolve: of } = names({ system: silence })
  expect(await of('192.0.2.1', patient)).toEqual(at('192.0.2.1'))
  expect(await of('2001:db8::1', patient)).toEqual(at('2001:db8::1'))
})

describe('a direct lookup', () => {
  let close = async () => {}
  afterEach(() => close())

  /** A name server that answers for A, is silent for AAAA, and drops what hangs. */
  async function nameServer(onHanging = () => {}): Promise<string> {
    const socket = createSocket('udp4')
    socket.on('message', (query, { port, address }) => {
      const end = query.indexOf(0, 12) + 1
      if (query.toString('latin1').includes('hangs')) return onHanging()
      if (query.readUInt16BE(end) !== 1) return
      const header = Buffer.from(query.subarray(0, 12))
      const isUnknown = query.toString('latin1').includes('unknown')
      header.writeUInt16BE(isUnknown ? 0x8183 : 0x8180, 2)
      header.writeUInt16BE(isUnknown ? 0 : 1, 6)
      header.writeUInt16BE(0, 10)
      const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 44])
      const parts = [header, query.subarray(12, end + 4), ...(isUnknown ? [] : [record])]
      socket.send(Buffer.concat(parts), port, address)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    close = async () => void socket.close()
    return `127.0.0.1:${socket.address().port}`
  }

  it('a direct lookup asks a name server, and one family does not wait for the other', async () => {
    const servers = [await nameServer()]
    expect(await lookupDirectly('provider.example', patient, { servers })).toEqual(at('192.0.2.44'))
  })

  it('a direct lookup ends with the signal when a name server is silent', async () => {
    const giveUp = new AbortController()
    const servers = [await nameServer(() => giveUp.abort())]
    const asking = lookupDirectly('hangs.example', giveUp.signal, { servers })
    await expect(asking).rejects.toMatchObject({ code: 'ECANCELLED' })
  })

  it('a direct lookup reads the hosts file first', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-hosts-'))
    close = () => rm(folder, { recursive: true })
    const hostsFile = join(folder, 'hosts')
    await writeFile(
      hostsFile,
      '# 192.0.2.1 mail\n192.0.2.2\tMail.Example mail # ours\n2001:db8::2 mail.example\n',
    )
    const found = await lookupDirectly('mail.example', patient, { hostsFile })
    expect(found).toEqual([...at('192.0.2.2'), ...at('2001:db8::2')])
    expect(await lookupDirectly('localhost', patient, { hostsFile })).toEqual([
      ...at('127.0.0.1'),
      ...at('::1'),
    ])
  })
})
