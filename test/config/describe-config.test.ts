import { expect, it } from 'vitest'
import { describeConfig } from '../../src/config/describe-config.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { settingList } from '../../src/config/settings.ts'
import { memoryFiles } from './memory-files.ts'

it('shows every setting with its value and where it came from, and no secret', async () => {
  const files = memoryFiles({
    '.env': 'POSTERN_LOG_LEVEL=warn\nPOSTERN_MICROSOFT_CLIENT_ID=mine',
    secret: 's3cr3t\n',
  })
  const reading = await readConfig(
    { POSTERN_IDLE_SECONDS: '60', POSTERN_MICROSOFT_CLIENT_SECRET_FILE: 'secret' },
    files,
  )
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  const shown = describeConfig(reading)
  expect(shown.map(({ name }) => name)).toEqual(settingList.map(([, { name }]) => name))
  expect(shown).toEqual(
    expect.arrayContaining([
      { name: 'POSTERN_DATA_DIR', value: '/srv/postern/data', source: 'default' },
      { name: 'POSTERN_WEB_LISTEN', value: '127.0.0.1:8587,[::1]:8587', source: 'default' },
      { name: 'POSTERN_PUBLIC_URL', value: 'http://localhost:8587', source: 'default' },
      { name: 'POSTERN_LOG_LEVEL', value: 'warn', source: '.env' },
      { name: 'POSTERN_IDLE_SECONDS', value: 60, source: 'environment' },
      { name: 'POSTERN_MICROSOFT_CLIENT_SECRET', value: '[secret]', source: 'file /srv/postern/secret' },
      { name: 'POSTERN_GOOGLE_CLIENT_SECRET', value: null, source: 'default' },
    ]),
  )
  expect(JSON.stringify(shown)).not.toContain('s3cr3t')
})
