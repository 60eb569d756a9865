import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linux } from '../../src/system/linux.ts'
import type { Place } from '../../src/system/service-steps.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-unit-'))
})
afterEach(() => rm(folder, { recursive: true }))

function unitOf(...command: Place['command']): string {
  const written = linux.install({ command, environment: {}, user: 0 }).find((step) => step.do === 'write')
  return written?.text ?? ''
}

describe('the service', () => {
  it('a unit is written, and begun now and with the machine', () => {
    const steps = linux.install({ command: ['/usr/local/bin/postern'], environment: {}, user: 0 })
    expect(
      steps.map((step) => ('words' in step ? step.words.join(' ') : 'path' in step && step.path)),
    ).toEqual([
      '/etc/systemd/system/postern.service',
      'systemctl daemon-reload',
      'systemctl enable --now postern.service',
    ])
    expect(unitOf('/usr/local/bin/postern')).toContain('\nExecStart=/usr/local/bin/postern serve\n')
  })

  it('words that systemd would read otherwise are quoted', () => {
    expect(unitOf('/opt/a b/50%/$x"/postern')).toContain('\nExecStart="/opt/a b/50%%/$$x\\"/postern" serve\n')
  })

  it('homes and temporary folders are closed to it', () => {
    const hidden = [
      '/root/postern',
      '/home/anna/bin/postern',
      '/tmp/postern/dist/main.js',
      '/var/tmp/postern',
    ]
    const seen = ['/usr/local/bin/postern', '/opt/home/x', '/srv/tmp/postern']
    expect([...hidden, ...seen].filter((path) => linux.isHidden?.(path))).toEqual(hidden)
  })

  it('it is begun again for as long as it takes, and can be told to read its settings again', () => {
    const unit = unitOf('/usr/local/bin/postern')
    const [, seconds = '0'] = /^RestartSec=(\d+)$/m.exec(unit) ?? []
    // systemd gives up where a service was begun five times within ten seconds.
    expect(Number(seconds) * 4).toBeGreaterThan(10)
    expect(unit).toContain('\nExecReload=/bin/kill -HUP $MAINPID\n')
  })

  describe.runIf(peer('systemd'))('as systemd sees it', () => {
    it('the unit has no mistake, and leaves the service little', async () => {
      const unit = join(folder, 'postern.service')
      await writeFile(unit, unitOf('/bin/true'))
      const verified = await runProgram('systemd-analyze', ['verify', '--man=no', unit])
      expect(verified.output).toBe('')
      const { output } = await runProgram('systemd-analyze', ['security', '--offline=true', unit])
      const [, exposure] = /Overall exposure level[^:]*: ([\d.]+)/.exec(output) ?? []
      expect(Number(exposure)).toBeLessThan(2)
    })
  })
})
