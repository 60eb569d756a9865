import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Times are shown in the zone of the process.
    env: { TZ: 'UTC' },
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/counting-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The process tests start real servers; more workers than cores only make them slow.
    maxWorkers: 2,
  },
})
