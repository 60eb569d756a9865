// Sends the notices that are due and says each title, until it is killed.
// Arguments: the built program's folder, the data directory, the address of the database, its key.
const [built, dataDir, url, key] = process.argv.slice(2)
const { openStore } = await import(`${built}/store/store.js`)
const { Secret } = await import(`${built}/base/secret.js`)
const { systemClock: clock } = await import(`${built}/base/clock.js`)
const { silentLog: log } = await import(`${built}/base/log.js`)
const { createNotices } = await import(`${built}/notices/create-notices.js`)
const { createCatalogue } = await import(`${built}/providers/catalogue.js`)

const place = { dataDir, key: new Secret(key), postgres: { url: new Secret(url) } }
const { store, passing, others } = await openStore({ ...place, clock, log })
const notices = createNotices({
  notify: { webhook: { url: new URL('https://hooks.example/x'), secret: new Secret('a'.repeat(32)) } },
  store,
  catalogue: createCatalogue({ registrations: {}, customProviders: [], providerOverrides: new Map() }),
  tokens: { pauses: () => [], unstored: () => [], tryAgain: async () => {} },
  relay: {},
  consent: { createLink: async () => ({ url: 'https://x.example', expiresAt: 'soon' }) },
  async fetch(_url, { body }) {
    process.stdout.write(`${JSON.parse(String(body)).data.title}\n`)
    return new Response()
  },
  reminderSeconds: 86_400,
  shared: { chores: others.chores, passing },
  clock,
  log,
})
notices.lookNow()
setInterval(() => {}, 1000)
