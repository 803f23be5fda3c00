import { defineConfig } from 'vitest/config';

// As in the extraction children: each running DuckDB query holds a thread of libuv's pool.
process.env.UV_THREADPOOL_SIZE = '32';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-before-tests.ts'],
    // Far above what a test needs: these machines are shared, and a test says nothing about speed.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // A shared machine can starve a child for a while; a test that fails twice is broken. The reporter names what was tried again.
    retry: process.env.CI ? 1 : 0,
    pool: 'forks',
    // Twice the cores of the smallest machine: while one file waits for a child or a clock, another computes.
    maxWorkers: 4,
    reporters: ['default', './test/plain-summary.ts'],
  },
});
