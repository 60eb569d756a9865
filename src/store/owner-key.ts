import { randomBytes } from 'node:crypto'
import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import { prepareDataDir, requirePrivateFiles } from './data-dir.ts'
import { ourOwners } from './file-trust.ts'
import { createPrivateFile, readPrivateFile } from './private-file.ts'
import type { Owners } from './private-group.ts'

/**
 * The owner key: whoever can read the data directory is the owner, and shows it by this key (256 bits). Made on first
 * start.
 * @throws Failure `configuration`
 */
export async function ensureOwnerKey(dataDir: string): Promise<Secret> {
  const { ownerKey } = await prepareDataDir(dataDir)
  await createPrivateFile(ownerKey, 'owner key', `${randomBytes(32).toString('base64url')}\n`)
  return readOwnerKey(dataDir)
}

/** @throws Failure `configuration` when there is none, when others can read it, or when it is no key */
export async function readOwnerKey(
  dataDir: string,
  owners: Owners | undefined = ourOwners(),
): Promise<Secret> {
  const { ownerKey } = await requirePrivateFiles(dataDir, owners)
  const text = await readPrivateFile(ownerKey, 'owner key')
  if (text === undefined) {
    throw new Failure('configuration', `There is no owner key in the data directory ${dataDir}`, {
      fix: 'Start postern once, or name its data directory in POSTERN_DATA_DIR.',
    })
  }
  const key = text.trim()
  if (!/^[\w-]{43}$/.test(key)) {
    throw new Failure('configuration', `The owner key ${ownerKey} is damaged`, {
      fix: 'Delete that file and restart postern: it makes a new one.',
    })
  }
  return new Secret(key)
}
