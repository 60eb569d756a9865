import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { macos, requireFree } from '../../src/system/macos.ts'
import type { Place } from '../../src/system/service-steps.ts'
import { peer } from '../support/peer.ts'
import { runProgram } from '../support/run-program.ts'

const person: Place = { command: ['/usr/local/bin/postern'], environment: { HOME: '/Users/anna' }, user: 501 }
const bySudo: Place = {
  command: ['/opt/node', '/opt/a & b/main.js'],
  environment: { HOME: '/var/root', SUDO_USER: 'anna', POSTERN_ENV_FILE: '/Users/anna/postern.env' },
  user: 0,
}

function commandsOf(place: Place): string[] {
  return macos
    .install(place)
    .map((step) => ('words' in step ? step.words.join(' ') : 'path' in step ? step.path : ''))
}

describe('the service', () => {
  it('of a person it begins with the login, by sudo with the machine', () => {
    expect(commandsOf(person)).toEqual([
      '/Users/anna/Library/LaunchAgents',
      '/Users/anna/Library/LaunchAgents/postern.plist',
      'launchctl bootout gui/501/postern',
      'launchctl bootstrap gui/501 /Users/anna/Library/LaunchAgents/postern.plist',
    ])
    expect(commandsOf(bySudo)).toEqual([
      '/Library/LaunchDaemons/postern.plist',
      'launchctl bootout system/postern',
      'launchctl bootstrap system /Library/LaunchDaemons/postern.plist',
    ])
    expect([person, bySudo].map((place) => macos.dataDir(place))).toEqual([
      '/Users/anna/Library/Application Support/postern',
      '/Users/anna/Library/Application Support/postern',
    ])
  })

  it.runIf(peer('python3'))('the property list is one', async () => {
    const written = macos.install(bySudo).find((step) => step.do === 'write')
    const read = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'
    const { output } = await runProgram('python3', ['-c', read], { input: written?.text ?? '' })
    expect(JSON.parse(output)).toMatchObject({
      Label: 'postern',
      ProgramArguments: ['/opt/node', '/opt/a & b/main.js', 'serve'],
      EnvironmentVariables: {
        POSTERN_DATA_DIR: '/Users/anna/Library/Application Support/postern',
        POSTERN_ENV_FILE: '/Users/anna/postern.env',
      },
      UserName: 'anna',
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      Umask: 0o77,
    })
  })
})

it('an address at which another program answers is taken; one at which nobody does is free', async () => {
  const other = createServer().listen({ host: '127.0.0.1', port: 0 })
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(requireFree('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  other.close()
  await once(other, 'close')
  await requireFree('127.0.0.1', port)
})
