// Replaces the key again and again, and says so at each step, until it is killed.
// Arguments: the built program's folder, the data directory.
const [built, dataDir] = process.argv.slice(2)
const { openStore } = await import(`${built}/store/store.js`)
const { systemClock } = await import(`${built}/base/clock.js`)
const { silentLog } = await import(`${built}/base/log.js`)

const opened = await openStore({ dataDir, clock: systemClock, log: silentLog })
const keyring = await opened.keyring(silentLog)
for (;;) for await (const { sealed } of keyring.rotate()) process.stdout.write(`${sealed}\n`)
