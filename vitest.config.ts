import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/counting-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The process tests start real servers; more workers than cores only make them slow.
    maxWorkers: 2,
  },
})
