import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { diskFiles } from '../../src/config/files.ts'
import { readConfig } from '../../src/config/read-config.ts'

/**
 * The settings of a postern in a folder of its own, on ports that the system chooses.
 * @param providers what stands in its POSTERN_PROVIDERS_FILE
 * @param ca PEM of the authority that it trusts
 * @param more further settings
 */
export async function configOfStage(
  folder: string,
  providers: readonly object[],
  ca: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Config> {
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  await writeFile(join(folder, 'providers.json'), JSON.stringify({ providers }), { mode: 0o600 })
  await writeFile(join(folder, 'ca.pem'), ca)
  const environment = {
    POSTERN_DATA_DIR: dataDir,
    POSTERN_SMTP_LISTEN: '127.0.0.1:0',
    POSTERN_WEB_LISTEN: '127.0.0.1:0',
    POSTERN_PROVIDERS_FILE: join(folder, 'providers.json'),
    POSTERN_EXTRA_CA_FILE: join(folder, 'ca.pem'),
    ...more,
  }
  const reading = await readConfig(environment, diskFiles(folder))
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  return reading.config
}
