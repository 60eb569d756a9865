import { configDefaults, defineConfig } from 'vitest/config'
import { postgresPrograms } from './test/support/postgres.js'

/** What is kept and asked of the store is the same whichever database is behind it; these tests show it on both. */
const onBothDatabases = [
  'test/{store,grants,governor,consent,credentials,approvals}/**/*.test.ts',
  'test/web/guessing.test.ts',
  'test/journeys/{approvals,killed-together,workers}.test.ts',
  'test/upstream/shared-connections.test.ts',
  'test/**/shared-*.test.ts',
]
/** They keep nothing. */
const withoutStore = [
  'test/approvals/message-head.test.ts',
  'test/governor/{breaker,budget-division,connect-breaker,connection-cap,count-writer,looks,sliding-window}.test.ts',
  'test/consent/{same-account-at-google,user-info,wrong-person}.test.ts',
  'test/credentials/{chosen-password,expiry,failure-counts,scopes,secrets,user-name}.test.ts',
  'test/credentials/{login-throttle,password-policy,quick-looks,well-known}*.test.ts',
]
/** Years, or hundreds of stores, one after the other: what they are about is the same on both. */
const atLength = ['test/grants/{keep-alive,known-errors,secret-rotation}.test.ts']
/** About the SQLite file, its folder and its keys. */
const aboutFiles = [
  'test/store/{at-rest,backup,data-dir-lock,first-start,killed,migrations,own-files,sealer,start-refusals}.test.ts',
  'test/store/{key-command,sound-database,store-failures,unfinished-migration}.test.ts',
]

const postgres = {
  extends: true as const,
  test: {
    name: 'postgresql',
    include: onBothDatabases,
    exclude: [...configDefaults.exclude, ...aboutFiles, ...withoutStore, ...atLength],
    globalSetup: './test/support/postgres-setup.ts',
  },
}

export default defineConfig({
  test: {
    // Times are shown in the zone of the process.
    env: { TZ: 'UTC' },
    setupFiles: './test/support/documented-fetch.ts',
    reporters: ['default', './test/support/counting-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for comes within milliseconds, and on a machine that has other work, in its time.
    expect: { poll: { interval: 10, timeout: 60_000 } },
    // As many as CI has cores: with a third, what tests wait for came late more often.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'sqlite', include: ['test/**/*.test.ts'] } },
      ...(hasPostgres() ? [postgres] : []),
    ],
  },
})

/** @throws under CI=true, where nothing may be skipped */
function hasPostgres(): boolean {
  if (postgresPrograms() !== undefined) return true
  const reason = 'there is no PostgreSQL server here (as root: apt-get install postgresql)'
  if (process.env.CI === 'true') throw new Error(reason)
  console.log(`skipped: the tests of the store on PostgreSQL: ${reason}`)
  return false
}
