import { resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { silentLog } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Config } from '../config/config.ts'
import { databaseUrl } from '../config/setting.ts'
import type { CopiedStore, CopyPlace } from '../store/copy-store.ts'
import type { Context } from './context.ts'
import { progressOn } from './terminal.ts'

/** `postern store copy` */
export function addStoreVerbs(program: Command, context: Context): void {
  const store = program.command('store').description('the store as a whole')

  store
    .command('copy')
    .description('copy everything into an empty PostgreSQL database or data directory, while no postern runs')
    .requiredOption('--to <place>', 'a database (postgres://user@host/name), or a data directory')
    .option('--from <place>', 'likewise; without it the store that the settings name')
    .option('--again', 'empty what an earlier copy left unfinished there')
    .addHelpText('after', copyHelp)
    .action(async (options: CopyOptions, command: Command) => {
      const { config } = await context.config()
      const { copyStore } = await import('../store/copy-store.ts')
      const { becomeOwnerOf } = await import('../store/data-dir.ts')
      const from = options.from === undefined ? configured(config) : placeOf(options.from, config)
      const to = placeOf(options.to, config)
      const endAsOwner = await becomeOwnerOf(config.dataDir)
      const progress = progressOn(context.terminal)
      try {
        const copied = await copyStore({
          from,
          to,
          again: options.again ?? false,
          told: ({ doing, rows, total }) => progress.show(`${doing}: ${rows} of ${total} rows`),
          clock: systemClock,
          log: silentLog,
        })
        progress.end()
        const result = { from: from.name, to: to.name, ...copied }
        context.tell(command, result, describeCopy(result, to))
        if (copied.journal.faults.length > 0) context.exitCode = 1
      } finally {
        progress.end()
        endAsOwner()
      }
    })
}

interface CopyOptions {
  to: string
  from?: string
  again?: boolean
}

const copyHelp = `
Rows stay sealed and marked as they are; the key is the same on both sides. Each row is compared afterwards. The source
is only read. A copy that was cut off is refused by every start: run it again with --again. A password in an address
can be read by every user of this machine: leave it out there, and set PGPASSWORD.

Examples:
  postern store copy --to postgres://postern@db.example.com/postern
  postern store copy --to /var/lib/postern-again`

function configured({ databaseUrl: url, ...config }: Config): CopyPlace {
  return url === undefined ? inDirectory(config.dataDir, config) : inDatabase(url, config)
}

/** @throws Failure `invalid` */
function placeOf(place: string, config: Config): CopyPlace {
  if (!/^postgres(?:ql)?:/i.test(place)) return inDirectory(resolve(place), config)
  const read = databaseUrl(place, '')
  if ('must' in read) throw failure('command.bad-usage', { what: `the place must ${read.must}` })
  return inDatabase(read.value, config)
}

function inDirectory(dataDir: string, { key }: Pick<Config, 'key'>): CopyPlace {
  return { dataDir, name: dataDir, ...(key && { key }) }
}

function inDatabase(url: Secret, { dataDir, key, extraCa }: Omit<Config, 'databaseUrl'>): CopyPlace {
  const { host, pathname } = new URL(url.reveal())
  return {
    dataDir,
    name: `postgres://${host}${pathname}`,
    ...(key && { key }),
    postgres: { url, ...(extraCa !== undefined && { extraCa }) },
  }
}

function describeCopy(
  { from, to, rows, distrusted, journal, keyFile }: CopiedStore & { from: string; to: string },
  { postgres }: CopyPlace,
): string {
  const count = Object.values(rows).reduce((sum, one) => sum + one, 0)
  const setting = postgres ? 'POSTERN_DATABASE_URL' : 'POSTERN_DATA_DIR (and no POSTERN_DATABASE_URL)'
  const lines = [
    `Copied ${count} rows from ${from} to ${to}, and compared each of them.`,
    journal.faults.length === 0
      ? `The chain of the journal holds: ${journal.entries} entries.`
      : 'The chain of the journal does not hold, as before: "postern journal verify" says where.',
    ...(distrusted > 0
      ? [
          `${distrusted} rows were written or changed by something else than postern: they do not count, as before.`,
        ]
      : []),
    ...(keyFile === undefined ? [] : [`The key is beside the copy: ${keyFile}`]),
    `To use the copy, set ${setting} to it and start postern. The store in ${from} is as it was: never run a`,
    'postern on both. Where a provider gives a new refresh token at each use, one would use up those of the other.',
  ]
  return `${lines.join('\n')}\n`
}
