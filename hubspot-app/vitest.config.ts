import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/app/**/*.test.{ts,tsx}', 'preview/**/*.test.{ts,tsx}', 'tools/**/*.test.mjs'],
    environment: 'node',
    restoreMocks: true,
    setupFiles: ['./patience.ts'],
    // Some start compilers and browsers, on machines that have other work.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
