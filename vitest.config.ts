import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/counting-reporter.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The process tests start real servers; more workers than cores only make them slow.
    maxWorkers: 2,
  },
})
