import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/read-config.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { allPresets } from '../../src/providers/presets/presets.ts'
import { settingsToMake } from '../../src/providers/registration.ts'

const microsoftId = '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab'

/** As somebody fills the lines in. */
const filled = (line: string) =>
  line
    .replace('your-tenant-id-or-domain', 'example.com')
    .replace('your-tenant-id', microsoftId)
    .replace('your-client-id', microsoftId)
    .replace('your-client-secret', 'S~3cret.of-the-app')

function read(env: readonly string[], file = '') {
  const files = new Map([
    ['/srv/postern/.env', env.join('\n')],
    ['/srv/postern/providers.json', file],
    ['/srv/postern/client-secret', 'S~3cret.of-the-app'],
  ])
  return readConfig(
    {},
    {
      workingDirectory: '/srv/postern',
      doubtOf: () => undefined,
      read(path) {
        const text = files.get(path)
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
        return text
      },
    },
  )
}

const presets = allPresets(undefined)
  .filter(({ id }) => id !== 'google-service-account')
  .map((provider) => ({ id: provider.id, ...settingsToMake(provider) }))

describe('the lines to copy', () => {
  it.each(presets)('the lines register $id once they are filled in', async ({ id, lines, file }) => {
    const reading = await read(lines.map(filled), file && filled(file))
    if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
    expect(createCatalogue(reading.config).registered(id).registration.clientId).toBe(microsoftId)
  })

  it.each(presets.filter(({ file }) => file === undefined))(
    'the lines are refused as they stand, for $id',
    async ({ lines }) => {
      const reading = await read(lines)
      expect('mistakes' in reading && reading.mistakes.join('\n')).toContain('this one is the sample')
    },
  )
})
