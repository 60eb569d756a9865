import { readFile, rm } from 'node:fs/promises'
import { Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { Secret } from '../base/secret.ts'
import { replacePrivateFile } from './data-dir.ts'
import type { GrantStore, KeptRotation } from './ports.ts'
import type { Sealer } from './sealer.ts'

/*
 * Rotated refresh tokens that the store did not take when postern ended. They are kept, sealed, in the runtime directory, which is not on
 * the disk of the data directory, and the next start stores them before anything is asked of a provider.
 */

interface Line {
  id: string
  version: number
  sealed: string
}

/** @throws Failure */
export async function keepRotations(
  path: string,
  sealer: Sealer,
  rotations: readonly KeptRotation[],
): Promise<void> {
  const lines = rotations.map(async ({ id, version, mailbox, renewed }): Promise<string> => {
    const { refreshToken, ...rest } = renewed
    const plain = new Secret(JSON.stringify({ mailbox, ...rest, refreshToken: refreshToken?.reveal() }))
    return JSON.stringify({ id, version, sealed: await sealer.seal(placeOf({ id, version }), plain) })
  })
  await replacePrivateFile(path, 'file.any', `${(await Promise.all(lines)).join('\n')}\n`)
}

/**
 * Stores what an earlier process kept; what has moved on since is dropped by its version. Where the store takes nothing, the file stays.
 * @throws Failure `store-unavailable`: whoever started now would spend refresh tokens that are spent already
 */
export async function takeUpRotations(
  path: string,
  { sealer, grants, log }: { sealer: Sealer; grants: Pick<GrantStore, 'renewed'>; log: Log },
): Promise<void> {
  const mailboxes: unknown[] = []
  for (const line of (await readFile(path, 'utf8')).split('\n').filter((text) => text !== '')) {
    const opened = await open(line, sealer)
    if (!opened) {
      log.warn(
        { event: 'grant.kept-rotation-foreign', path },
        'A kept rotation is not of this store, or was changed: it is not used',
      )
      continue
    }
    const { id, version, mailbox, renewed } = opened
    if (await grants.renewed(id, version, renewed)) mailboxes.push(mailbox)
  }
  if (mailboxes.length > 0)
    log.info(
      { event: 'grant.rotation-taken-up', mailboxes },
      'Rotated refresh tokens that could not be stored before are stored now',
    )
  try {
    await rm(path)
  } catch (error) {
    throw failure('data.unusable', {
      what: 'file',
      path,
      reason: String((error as NodeJS.ErrnoException).code),
      cause: error,
    })
  }
}

async function open(line: string, sealer: Sealer): Promise<KeptRotation | undefined> {
  try {
    const { id, version, sealed } = JSON.parse(line) as Line
    const plain = JSON.parse((await sealer.open(placeOf({ id, version }), sealed)).reveal())
    const { mailbox, refreshToken, ...rest } = plain
    return {
      id,
      version,
      mailbox,
      renewed: { ...rest, ...(refreshToken && { refreshToken: new Secret(refreshToken) }) },
    }
  } catch (error) {
    if (error instanceof Failure || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** It opens as this step of this grant alone. */
function placeOf({ id, version }: Pick<Line, 'id' | 'version'>) {
  return { table: 'kept rotations', column: 'rotation', row: `${id} ${version}` }
}
