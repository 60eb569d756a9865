// Renews a grant as fast as it can and says so after each commit, until it is killed.
// Arguments: the built program's folder, the data directory.
const [built, dataDir] = process.argv.slice(2)
const { openStore } = await import(`${built}/store/store.js`)
const { Secret } = await import(`${built}/base/secret.js`)
const { systemClock } = await import(`${built}/base/clock.js`)
const { silentLog } = await import(`${built}/base/log.js`)

const { store } = await openStore({ dataDir, clock: systemClock, log: silentLog })
let grant = await store.grants.ofMailbox('printer@example.com')
for (;;) {
  grant = await store.grants.renewed(grant.id, grant.version, {
    renewedAt: 0,
    refreshToken: new Secret(`token-${grant.version + 1}`),
  })
  process.stdout.write(`${grant.version}\n`)
}
