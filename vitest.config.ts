import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // The serial binding calls libuv's default loop: it works in processes, not in worker threads.
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
