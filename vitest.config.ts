import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // As every program does first; the portable code is tried where a test says so.
    setupFiles: ['test/support/native.ts'],
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Real processes and networks on a machine that CI may share; the report names what needed a second run.
    retry: process.env.CI === 'true' ? 1 : 0,
    teardownTimeout: 10_000,
    restoreMocks: true,
    // Hundreds of commands are started, each of hundreds of files.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile') },
    unstubEnvs: true,
  },
})
