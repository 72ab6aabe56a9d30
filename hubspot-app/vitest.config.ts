import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/app/**/*.test.{ts,tsx}', 'preview/**/*.test.{ts,tsx}', 'tools/**/*.test.mjs'],
    environment: 'node',
    restoreMocks: true,
  },
});
