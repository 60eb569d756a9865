// npm run screenshots: takes the pictures of the documents (docs/getting-started.md, docs/pages.md, README.md) anew.
import { resolve } from 'node:path'
import { startVitest } from 'vitest/node'

process.env.POSTERN_SCREENSHOTS = resolve(import.meta.dirname, '../../docs/screenshots')
const run = await startVitest('test', ['test/journeys/pictures.test.ts'], { watch: false })
await run.close()
