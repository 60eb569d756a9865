// Opens a store of an earlier schema: says when it begins, and when it is done. Killed in between.
// Arguments: the built program's folder, the data directory.
const [built, dataDir] = process.argv.slice(2)
const { openStore } = await import(`${built}/store/store.js`)
const { Secret } = await import(`${built}/base/secret.js`)
const { systemClock } = await import(`${built}/base/clock.js`)
const { silentLog } = await import(`${built}/base/log.js`)

const key = new Secret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8')
process.stdout.write('begun\n')
const { store } = await openStore({ dataDir, key, clock: systemClock, log: silentLog })
process.stdout.write('done\n')
await store.close()
