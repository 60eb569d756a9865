import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServiceManager, type ServiceManager } from '../../src/service/service-manager.ts'
import { eventually } from '../support/eventually.ts'
import { type NotifySocket, openNotifySocket } from '../support/notify-socket.ts'
import { peer, searchPath } from '../support/peer.ts'
import { createRecordingLog } from '../support/recording-log.ts'

let folder: string
let systemd: NotifySocket
let manager: ServiceManager | undefined

function tells(more: Record<string, string> = {}) {
  const log = createRecordingLog()
  const environment = { PATH: searchPath, NOTIFY_SOCKET: systemd.path, ...more }
  manager = createServiceManager({ environment, pid: process.pid, log })
  return { manager, log }
}

describe.runIf(peer('python3', 'systemd'))('what systemd is told', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-systemd-'))
    systemd = await openNotifySocket(folder)
  })
  afterEach(async () => {
    await manager?.close()
    await systemd.close()
    await rm(folder, { recursive: true })
  })

  it('arrives whole and in its order, and close waits for it', async () => {
    const { manager } = tells()
    const before = process.hrtime.bigint() / 1000n
    manager.ready('Ready: one; two = "three"')
    manager.reloading()
    manager.ready('again')
    manager.stopping('until the last message')
    await manager.close()
    const [first, reload, ...others] = systemd.datagrams()
    expect(first).toEqual(['READY=1', 'STATUS=Ready: one; two = "three"'])
    expect(reload?.[0]).toBe('RELOADING=1')
    const microseconds = BigInt(reload?.[1]?.replace('MONOTONIC_USEC=', '') ?? '0')
    expect(microseconds >= before && microseconds <= process.hrtime.bigint() / 1000n).toBe(true)
    expect(others).toEqual([
      ['READY=1', 'STATUS=again'],
      ['STOPPING=1', 'STATUS=until the last message'],
    ])
  })

  it('the watchdog is told as long as looks end, whatever they find, and no longer', async () => {
    const { manager, log } = tells({ WATCHDOG_USEC: '100000' })
    let looks = 0
    let hangs = false
    let isHanging = false
    let end = () => {}
    const hang = new Promise<void>((resolve) => {
      end = resolve
    })
    manager.watch(async () => {
      looks += 1
      if (hangs) {
        isHanging = true
        await hang
      }
      throw new Error('the disk is full')
    })
    await eventually('told twice', () => systemd.datagrams().length >= 2)
    hangs = true
    await eventually('said', () => isHanging && log.lines.length > 0)
    // Each look before this one was followed by a word, and this one was not.
    await eventually('all arrived', () => systemd.datagrams().length === looks - 1)
    expect(log.lines).toMatchObject([{ level: 'error', fields: { event: 'service.watchdog-silent' } }])
    end()
    await eventually('told again', () => systemd.datagrams().length >= looks)
    expect(systemd.datagrams().every(([one]) => one === 'WATCHDOG=1')).toBe(true)
  })

  it('the watchdog of another process is not ours', async () => {
    const { manager } = tells({ WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' })
    let looks = 0
    manager.watch(async () => {
      looks += 1
    })
    manager.ready('one')
    await manager.close()
    expect(looks).toBe(0)
  })

  it('without systemd-notify it is said once, with what to do, and nothing else fails', async () => {
    const { manager, log } = tells({ PATH: folder })
    manager.ready('one')
    manager.stopping('two')
    await manager.close()
    expect(log.lines).toMatchObject([
      {
        level: 'warn',
        fields: { event: 'service.not-told', fix: expect.stringContaining('systemd-notify') },
      },
    ])
  })

  it('where no systemd asks, nothing is told', async () => {
    const { manager, log } = tells({ NOTIFY_SOCKET: '' })
    manager.ready('one')
    manager.watch(() => Promise.reject(new Error('nobody looks')))
    await manager.close()
    expect([systemd.datagrams(), log.lines]).toEqual([[], []])
  })
})
