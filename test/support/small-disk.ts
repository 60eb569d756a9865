import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of its own, with room for so many octets. */
export interface SmallDisk {
  path: string
  /** Takes all the room that is left. */
  fill(): Promise<void>
  /** Gives it back. */
  clear(): Promise<void>
  close(): void
}

/** Why this machine cannot have one; undefined where it can. Only root may mount, and not in every container. */
export const noSmallDisk: string | undefined = whyNot()

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'small disks are mounted by Linux only'
  try {
    mountSmallDisk(65_536).close()
    return undefined
  } catch {
    return 'nothing can be mounted here (that takes root outside of a container, or CAP_SYS_ADMIN)'
  }
}

export function mountSmallDisk(octets: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'postern-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${octets},mode=0700`, 'tmpfs', path], {
      stdio: 'ignore',
    })
  } catch (error) {
    rmSync(path, { recursive: true })
    throw error
  }
  const filler = join(path, 'filler')
  return {
    path,
    async fill() {
      const file = await open(filler, 'a')
      try {
        for (let room = true; room; )
          room = await file.write(Buffer.alloc(4096, 'x')).then(
            ({ bytesWritten }) => bytesWritten === 4096,
            () => false,
          )
      } finally {
        await file.close()
      }
    },
    clear: () => rm(filler),
    close() {
      execFileSync('umount', ['-l', path])
      rmSync(path, { recursive: true })
    },
  }
}
