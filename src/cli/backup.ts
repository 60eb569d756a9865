import { once } from 'node:events'
import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { localTimestamp } from '../base/local-time.ts'
import type { Config } from '../config/config.ts'
import type { Manifest, Restored } from '../store/backup.ts'
import type { RotationStep } from '../store/keyring.ts'
import type { Context } from './context.ts'
import { findRunning } from './reach-broker.ts'
import { createRemoteBroker } from './remote-broker.ts'
import { inMebibytes, progressOn, table } from './terminal.ts'

/** `postern backup` and `postern restore` */
export function addBackupVerbs(program: Command, context: Context): void {
  program
    .command('backup')
    .argument('<file>', 'a file that does not exist yet, or - for standard output')
    .description('write a copy of the store, sealed and without its key, also while postern runs')
    .addHelpText('after', backupHelp)
    .action(async (file: string, _options: object, command: Command) => {
      const { config } = await context.config()
      if (config.databaseUrl !== undefined) throw failure('backup.on-postgres')
      if (file === '-') {
        await writeAll(await octetsOf(config, program.version() ?? ''), context.terminal.stdout)
        return
      }
      const path = resolve(file)
      const progress = progressOn(context.terminal)
      const written = (octets: number) => progress.show(`written: ${inMebibytes(octets)}`)
      const checked = async (_piece: Buffer, done: number, all: number) =>
        progress.show(`checked: ${inMebibytes(done)} of ${inMebibytes(all)}`)
      const manifest = await writeNew(path, () => octetsOf(config, program.version() ?? ''), written)
        .then(async () => (await import('../store/backup.ts')).readBackup(path, checked))
        .finally(() => progress.end())
      const result = { file: path, ...manifest, keep: keepToo(config) }
      context.tell(command, result, describeBackup(result))
    })

  program
    .command('restore')
    .argument('<file>', 'what "postern backup" wrote')
    .option('--replace', 'move a store that is there aside')
    .description('put the store of a backup into the data directory, while no postern runs')
    .addHelpText('after', '\nExample:\n  postern restore postern-2027-03-01.tar')
    .action(async (file: string, { replace = false }: { replace?: boolean }, command: Command) => {
      const { config } = await context.config()
      if (config.databaseUrl !== undefined) throw failure('backup.on-postgres')
      const { lockDataDir } = await import('../store/data-dir-lock.ts')
      const { restoreBackup } = await import('../store/backup.ts')
      const { dataDir, key } = config
      const lock = await lockDataDir(dataDir)
      const progress = progressOn(context.terminal)
      try {
        const from = resolve(file)
        const restored = await restoreBackup({
          from,
          dataDir,
          ...(key && { key }),
          replace,
          told: (done, all) => progress.show(`read: ${inMebibytes(done)} of ${inMebibytes(all)}`),
          clock: systemClock,
        }).finally(() => progress.end())
        context.tell(command, { dataDir, ...restored }, describeRestored(restored, dataDir))
      } finally {
        await lock.release()
      }
    })
}

const backupHelp = `
The file is a tar archive of manifest.json and postern.sqlite, for its owner only. It holds no key: whoever has the
file alone can open nothing that is sealed in it, and neither can you. Keep the key apart.

Examples:
  postern backup postern-2027-03-01.tar
  postern backup - | ssh backup.example.com 'umask 077; cat > postern.tar'`

async function octetsOf(config: Config, version: string): Promise<AsyncIterable<Uint8Array>> {
  const { dataDir } = config
  const search = await findRunning(dataDir)
  if (search.state === 'found') return createRemoteBroker(search.address).backup()
  const { lockDataDir } = await import('../store/data-dir-lock.ts')
  const { requireStore } = await import('../store/data-dir.ts')
  const { makeBackup } = await import('../store/backup.ts')
  await requireStore(dataDir)
  const lock = await lockDataDir(dataDir)
  async function* whileLocked() {
    try {
      yield* (await makeBackup({ dataDir, version, clock: systemClock })).octets
    } finally {
      await lock.release()
    }
  }
  return whileLocked()
}

async function writeAll(octets: AsyncIterable<Uint8Array>, to: NodeJS.WritableStream): Promise<void> {
  for await (const piece of octets) if (!to.write(piece)) await once(to, 'drain')
}

/** A file that is whole, or not there. */
async function writeNew(
  path: string,
  octets: () => Promise<AsyncIterable<Uint8Array>>,
  told: (octets: number) => void,
): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') throw failure('backup.file-there', { path })
    throw failure('backup.file-unwritable', { path, reason: cause.code ?? 'unknown error', cause })
  })
  try {
    let written = 0
    for await (const piece of await octets()) {
      await file.writeFile(piece)
      written += piece.length
      told(written)
    }
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

/** What a backup does not hold, and a restored postern needs. */
function keepToo({ dataDir, key }: Config): string[] {
  return [
    key === undefined
      ? resolve(dataDir, 'postern.key')
      : 'line' in key
        ? 'what POSTERN_KEY_COMMAND prints'
        : 'the key that POSTERN_KEY names',
    'the settings (.env or the environment, settings.env of the data directory, the providers file)',
    'certificates and their keys',
  ]
}

function describeBackup({ file, madeAt, keyIds, keep }: Manifest & { file: string; keep: string[] }): string {
  return `Wrote ${file}: the store as it was at ${localTimestamp(madeAt)}, sealed.
It needs the key ${keyIds.join(', ')}, which is not in it. Keep apart from it, where it is safe:
${keep.map((one) => `  ${one}\n`).join('')}`
}

const mostNamed = 20

function describeRestored({ manifest, movedTo, mailboxes }: Restored, dataDir: string): string {
  const aside = movedTo === undefined ? '' : `The store that was there is now ${movedTo}.\n`
  const named = mailboxes.slice(0, mostNamed).map((one) => `  ${one}\n`)
  const more = mailboxes.length > mostNamed ? `  and ${mailboxes.length - mostNamed} more\n` : ''
  const consents =
    mailboxes.length === 0
      ? ''
      : `Their refresh tokens are of that time. Where the provider gives a new one at each use, the old one is used up,
and these mailboxes may need a new consent ("postern mailbox list" shows which do, once postern runs):
${named.join('')}${more}`
  return `Restored the store of ${localTimestamp(manifest.madeAt)} to ${dataDir}.
${aside}${consents}Start postern: postern serve
`
}

function keptWords(kid: string, place: Awaited<ReturnType<typeof keysAre>>): string {
  if (place === 'in the key file') return `The key ${kid} stays: something is still sealed with it.`
  const where =
    place === 'printed' ? 'what POSTERN_KEY_COMMAND prints (in the vault)' : 'POSTERN_KEY or its file'
  return `The key ${kid} is not needed for the store any more, unless "postern keyring list" shows values of it: take its line out of ${where}, keep it with the backups that were made before, and restart.`
}

/** `postern keyring list | rotate` */
export function addKeyringVerbs(program: Command, context: Context): void {
  const keyring = program.command('keyring').description('the keys that seal what the store keeps')

  keyring
    .command('list')
    .description('show which keys there are, and how much is sealed with each')
    .addHelpText('after', '\nExample:\n  postern keyring list')
    .action(async (_options: object, command: Command) => {
      const keys = await context.withBroker(async (broker) => (await broker.keyring()).list())
      const rows = keys.map(({ kid, writes, held, values }) => [
        kid,
        writes ? 'seals' : held ? 'opens' : 'missing',
        String(values),
      ])
      context.tell(command, { keys }, table(['KEY', 'STATE', 'VALUES'], rows, context.terminal.stdout))
    })

  keyring
    .command('rotate')
    .description('seal everything with a new key, also while postern runs')
    .addHelpText('after', rotateHelp)
    .action(async (_options: object, command: Command) => {
      const last = await context.withBroker(async (broker) => {
        let step: RotationStep | undefined
        const progress = progressOn(context.terminal)
        try {
          for await (step of (await broker.keyring()).rotate())
            progress.show(`sealed anew: ${step.sealed} of ${step.values} values`)
        } finally {
          progress.end()
        }
        return step
      })
      if (last) context.tell(command, last, describeRotation(last, await keysAre(context)))
      if (last && last.broken.length > 0) context.exitCode = 1
    })
}

const rotateHelp = `
The new key is the first line of the key file before anything is sealed with it; the old one leaves the file when
nothing is sealed with it any more. It may be stopped at any point: the next call or start goes on with it. Backups that
were made before need the old key: keep your copy of it with them, and copy the new key file to where you keep keys.

Example:
  postern keyring rotate`

/** Where whoever reads this changes them. */
async function keysAre(context: Context): Promise<'in the key file' | 'in the settings' | 'printed'> {
  const { key } = (await context.config()).config
  if (key === undefined) return 'in the key file'
  return 'line' in key ? 'printed' : 'in the settings'
}

function describeRotation(
  { kid, removed = [], kept = [], broken }: RotationStep,
  place: Awaited<ReturnType<typeof keysAre>>,
): string {
  const lines = [
    `Everything that opens is sealed with the key ${kid}.${place === 'in the key file' ? ' Copy the new key file to where you keep keys.' : ''}`,
    ...removed.map((one) => `The key ${one} has left the ring; backups that were made before need it.`),
    ...kept.map((one) => keptWords(one, place)),
    ...broken.map((one) => `What ${one} holds does not open: it was changed by something else than postern.`),
  ]
  return `${lines.join('\n')}\n`
}
